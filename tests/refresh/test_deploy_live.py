"""A deploy that retypes a column which views show: stopped, killed, and beside readers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event

import pytest

from sandbox.zero_etl.session import service
from tests.refresh.edited import EditedProject
from tests.refresh.project import ROOT, Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_kills import held, wait_for_waiter

RUNS, VIEW, COLUMN = "fct_pipeline_runs", "pipeline_health", "queue_wait_seconds"
ADDED, FILLED, ALTERED, COMMITTED = "added", "filled", "altered", "committed"
# Where the deploy reads a table that only this test has, and so can be held up.
RELOCKED = "{%- do adapter.commit() -%}\n    {{- _lock_subject(facts.subject) -}}\n"
STOPS = {
    ADDED: ("engine/deploy_columns.sql", RELOCKED),
    FILLED: ("engine/deploy_columns.sql", RELOCKED.replace("\n    ", "\n            ")),
    ALTERED: ("refreshable.sql", "{% do _alter_table(target, plan) %}\n"),
    COMMITTED: ("refreshable.sql", "{% do adapter.commit() %}\n\n"),
}


class LiveProject(EditedProject):
    """A project whose deploy can be stopped."""

    def stoppable(self) -> None:
        macros = self.root / "macros"
        macros.unlink()
        shutil.copytree(ROOT / "macros", macros)
        for name, (file, place) in STOPS.items():
            path = macros / "refresh" / file
            text = path.read_text()
            assert text.count(place) == 1, f"{name} stands {text.count(place)} times in {file}"
            stop = f"{{% do run_query('select 1 from ' ~ ops_schema() ~ '.stop_{name}') %}}\n"
            path.write_text(text.replace(place, place + stop))
            self.rows(f"create table {self.schema('ops')}.stop_{name} (nothing integer)")

    def widen(self, size: int) -> None:
        """Make the column a text of this size, in the fact and in the view."""
        path = self.file(f"{RUNS}.sql")
        *lines, last = path.read_text().split(f" as {COLUMN},\n\n")
        head = "".join(lines).rsplit("        ", 1)[0]
        path.write_text(f"{head}        cast({COLUMN} as varchar({size})) as {COLUMN},\n\n{last}")
        for relation in (RUNS, VIEW):
            self.retype(relation, COLUMN, f"varchar({size})")

    @contextmanager
    def stopped(self, stop: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A deploy in a process of its own that has come to a stop."""
        with held(self, f"{self.schema('ops')}.stop_{stop}", "access exclusive"):
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dbt.cli.main", "run", "--select", RUNS, VIEW),
                    *("--vars", json.dumps({"environment": self.environment})),
                    *("--project-dir", str(self.root), "--profiles-dir", str(self.folder)),
                    *("--target-path", str(self.folder / "killed")),
                    *("--log-path", str(self.folder / "logs"), "--quiet"),
                ],
                env=os.environ | self.warehouse.environment("deployer"),
                stdout=subprocess.DEVNULL,
            )
            try:
                wait_for_waiter(self)
                yield process
            finally:
                process.kill()
                process.wait()

    def kill_backends(self) -> None:
        with service(self.warehouse.home) as cursor:
            cursor.execute("select pg_terminate_backend(pid) from pg_locks where not granted")

    def read(self) -> int:
        """How many rows a reader finds in the view; waits for nothing longer than a minute."""
        statement = f"select count({COLUMN}) from {self.schema('bi_reports')}.{VIEW}"
        with ThreadPoolExecutor(1) as reader:
            return int(reader.submit(self.value, statement, "quick").result(timeout=60))


@pytest.fixture(scope="module")
def live(project: Project, tmp_path_factory: pytest.TempPathFactory) -> LiveProject:
    built = LiveProject.beside(project, tmp_path_factory.mktemp("live"), "live")
    path = built.file(f"{RUNS}.sql")
    text = path.read_text().replace(
        f"        {COLUMN},\n\n", f"        cast({COLUMN} as bigint) as {COLUMN},\n\n"
    )
    path.write_text(text)
    outcome = built.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.success, outcome.messages
    members = "{members: {refresher: [scheduler], bi_reader: [quick]}}"
    assert built.dbt("run-operation", "grant_roles", "--args", members).success
    built.replicas.put(
        log_item(category="live", metadata={"M": {"enqueued_at": {"S": "2026-03-01T01:59:30Z"}}})
    )
    built.refresh()
    built.stoppable()
    return built


SIZES = count(20)


@pytest.mark.parametrize(
    ("stop", "victim"),
    [
        (ADDED, "dbt"),
        (FILLED, "dbt"),
        (ALTERED, "dbt"),
        (ALTERED, "backend"),
        *(
            pytest.param(stop, victim, marks=pytest.mark.nightly)
            for stop, victim in ((COMMITTED, "dbt"), (ADDED, "backend"), (FILLED, "backend"))
        ),
    ],
)
def test_a_deploy_killed_anywhere_is_made_up_by_the_next(
    live: LiveProject, stop: str, victim: str
) -> None:
    size = next(SIZES)
    before = live.columns(RUNS)[COLUMN]
    live.widen(size)
    with live.stopped(stop) as process:
        if stop != ALTERED:
            assert live.read() == 1, "a reader does not wait"
        if victim == "backend":
            live.kill_backends()
            assert process.wait(timeout=60) != 0

    kept = before if stop != COMMITTED else f"character varying({size})"
    assert live.columns(RUNS)[COLUMN] == live.columns(VIEW)[COLUMN] == kept
    live.replicas.put(log_item(category="live", stage="clean", run_date=f"202602{size - 10}"))
    assert live.refresh()["outcome"] == "done", "table and procedure match"
    assert live.read() == 1

    outcome = live.dbt("run", "--select", RUNS, VIEW)

    assert outcome.success, outcome.messages
    for relation in (RUNS, VIEW):
        assert live.columns(relation)[COLUMN] == f"character varying({size})"
    assert not [name for name in live.columns(RUNS) if "__" in name]
    assert live.read() == 1
    assert live.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_readers_beside_a_deploy_and_refreshes_see_no_error(live: LiveProject) -> None:
    size = next(SIZES)
    live.widen(size)
    done = Event()
    marts = live.schema("bi_reports")
    statements = (
        f"select count({COLUMN}) from {marts}.{VIEW}",
        f"select count(*) from (select * from {marts}.{RUNS}) as runs where run_on is not null",
        f"select count(*) from {marts}.pipeline_live",
    )

    def read(statement: str) -> list[int]:
        connection = live.warehouse.connect("quick")
        connection.autocommit = True
        cursor = connection.cursor()
        seen: list[int] = []
        while not done.is_set():
            cursor.execute(statement)
            seen += [int(row[0]) for row in cursor.fetchall()]
        connection.close()
        return seen

    def refreshes() -> None:
        for day in range(1, 6):
            live.replicas.put(log_item(category="beside", run_date=f"202601{day:02}"))
            live.refresh()

    with ThreadPoolExecutor(4) as others:
        readers = [others.submit(read, statement) for statement in statements]
        writer = others.submit(refreshes)
        try:
            outcome = live.dbt("run", "--select", RUNS, VIEW)
            writer.result()
        finally:
            done.set()
        seen = [reader.result() for reader in readers]

    assert outcome.success, outcome.messages
    assert set(seen[0]) == {1}, "never without its values"
    assert all(len(counts) > 10 for counts in seen)
    assert live.columns(VIEW)[COLUMN] == f"character varying({size})"
    live.refresh()
    assert live.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_a_view_that_nobody_can_make_again_is_refused(live: LiveProject) -> None:
    size = next(SIZES)
    marts = live.schema("bi_reports")
    kept = live.columns(RUNS)
    live.widen(size)
    live.rows(f"create view {marts}.by_hand as select {COLUMN} from {marts}.{RUNS}")

    outcome = live.dbt("run", "--select", RUNS, VIEW)

    assert not outcome.success
    assert f"{marts}.by_hand shows a column that changes" in outcome.messages
    assert live.columns(RUNS) == kept
    live.rows(f"drop view {marts}.by_hand")
    assert live.dbt("run", "--select", RUNS, VIEW).success
    assert live.columns(RUNS)[COLUMN] == f"character varying({size})"

"""Many callers at once: one winner, no change lost, no row twice, no error, no endless wait."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from redshift_connector.error import Error

from sandbox import lifecycle
from scheduler.outcomes import is_transient
from tests.refresh import subjects
from tests.refresh.callers import Callers
from tests.refresh.project import UNIQUE_KEYS, VERSIONS, Project
from tests.refresh.subjects import DAYS, SUMS, TwoSubjects
from tests.refresh.telemetry import log_item
from tests.refresh.test_kills import held, wait_for_waiter
from tests.refresh.test_scheduler import run as scheduler_run
from tests.refresh.test_scheduler import scheduler

CALLERS = 8
ALONE = "cast(null as bigint), 'incremental', cast(null as timestamp), null, null, 0, 0"


@pytest.fixture(scope="module", params=["snapshot", "serializable"])
def level(request: pytest.FixtureRequest, project: Project) -> Iterator[str]:
    """The isolation level of every session of a test."""
    home = project.warehouse.home
    lifecycle.up(home, isolation=request.param)
    yield request.param
    lifecycle.up(home, isolation="snapshot")


@pytest.fixture(scope="module")
def beside(project: Project, tmp_path_factory: pytest.TempPathFactory) -> TwoSubjects:
    """Another environment on the same replicas, of two subjects and feeds that are soon trimmed."""
    folder = tmp_path_factory.mktemp("beside")
    return TwoSubjects.deployed(project, folder, "beside", feed_refreshes_kept=1)


def refresh(
    project: Project, slot: str, mode: str = "incremental", subject: str = "pipeline_health"
) -> str:
    ops = project.schema("ops")
    return f"call {ops}.refresh_{subject}(cast('{slot}' as timestamp), '{mode}')"


def deploy(project: Project, model: str) -> list[str]:
    """What `dbt run` of one model does to its rows, in a transaction that takes the lock first."""
    ops = project.schema("ops")
    lock = f"lock table {ops}.state_pipeline_health"
    return ["begin", lock, f"call {ops}.{model}__refresh({ALONE})", "commit"]


class Race:
    """Rounds of callers, each after one more change of one item."""

    def __init__(self, project: Project, beside: TwoSubjects, callers: Callers, name: str) -> None:
        self.projects = (project, beside)
        self.beside = beside
        self.callers = callers
        self.name = name
        self.random = Random(name)
        self.written = 0

    def change(self) -> None:
        self.written += 1
        item = log_item(category=self.name, records_processed={"N": str(self.written)})
        self.projects[0].replicas.put(item)

    def one_slot(self) -> None:
        project = self.projects[0]
        calls = [refresh(project, project.next_slot())] * CALLERS
        outcomes = self.callers.outcomes(calls)
        assert sorted(outcomes) == ["done"] + ["slot_done"] * (CALLERS - 1)

    def different_slots(self) -> None:
        project = self.projects[0]
        slots = [project.next_slot() for _ in range(CALLERS)]
        newest = slots[-1]
        self.random.shuffle(slots)
        outcomes = self.callers.outcomes([refresh(project, slot) for slot in slots])
        assert outcomes.count("done") == 1
        assert set(outcomes) <= {"done", "nothing_new", "superseded"}
        assert outcomes[slots.index(newest)] != "superseded"

    def reconcile_against_incremental(self) -> None:
        project = self.projects[0]
        slot, half = project.next_slot(), CALLERS // 2
        modes = ["reconcile", "incremental"] * half
        found = self.callers.outcomes([refresh(project, slot, mode) for mode in modes])
        assert found.count("done") == 1
        for start in (0, 1):
            winners = [outcome for outcome in found[start::2] if outcome != "slot_done"]
            assert len(winners) == 1, found

    def deploys_against_refreshes(self) -> None:
        project = self.projects[0]
        slot = project.next_slot()
        models = self.random.sample(list(UNIQUE_KEYS), CALLERS // 2)
        calls = [[refresh(project, slot)] for _ in models]
        self.callers.together([*calls, *(deploy(project, model) for model in models)])

    def environments(self) -> None:
        half = CALLERS // 2
        self.run_anew()
        calls = [refresh(project, project.next_slot()) for project in self.projects] * half
        found = self.callers.outcomes(calls)
        for start in (0, 1):
            assert sorted(found[start::2]) == ["done"] + ["slot_done"] * (half - 1)

    def run_anew(self) -> None:
        """A stage of some run, which it may add to the run or change."""
        item = log_item(
            "subjects",
            self.random.choice(("extract", "clean")),
            f"2026030{self.random.randint(1, 5)}",
            category=self.name,
            status=self.random.choice(("SUCCEEDED", "FAILED")),
        )
        self.projects[0].replicas.put(item)

    def subjects(self) -> None:
        """One reads what the other writes and trims, for one slot after the other."""
        both, half = self.beside, CALLERS // 2
        mode = self.random.choice(("incremental", "reconcile"))
        slots = [both.next_slot() for _ in range(2)]
        calls = [
            [refresh(both, slot, mode), refresh(both, slot, subject="operations")] * half
            for slot in slots
        ]
        calls[1][0] = (
            f"call {both.schema('ops')}.retain_pipeline_health("
            f"cast('{slots[1]}' as timestamp), 'feeds')"
        )
        self.run_anew()
        with ThreadPoolExecutor(1) as other:
            running = other.submit(self.run_anew)
            found = self.callers.outcomes(*calls)
            running.result()
        for mine in (found[2::2], found[1::2]):
            winners = [outcome for outcome in mine if outcome != "slot_done"]
            assert len(winners) == 1, found
            assert set(winners) <= {"done", "nothing_new"}
        both.check_together()
        for project in self.projects:
            project.refresh()
        both.refresh_operations()
        both.check()

    def check(self) -> None:
        """The change of this round is there, once."""
        stored = self.projects[0].rows(
            f"select records_processed from {self.projects[0].schema('bi_reports')}.fct_stage_runs"
            f" where pipeline_id = 'orders#{self.name}'"
        )
        assert stored == [(self.written,)]

    def run(self, rounds: int) -> None:
        kinds: list[Callable[[], None]] = [
            self.one_slot,
            self.different_slots,
            self.reconcile_against_incremental,
            self.deploys_against_refreshes,
            self.environments,
            self.subjects,
        ]
        for number in range(rounds):
            self.change()
            kinds[number % len(kinds)]()
            self.check()


def duplicates(project: Project, unique_keys: dict[str, str]) -> dict[str, int]:
    """Keys that a table holds twice."""
    found = {}
    for table, key in unique_keys.items():
        schema = project.schema("staging" if table.startswith("stg_") else "bi_reports")
        found[table] = project.value(
            f"select count(*) from (select {key} from {schema}.{table}"
            f" group by {key} having count(*) > 1) as repeated"
        )
    return found


def slots_won_twice(project: Project) -> list[tuple[object, ...]]:
    """Slots of a subject that more than one refresh did; a reprocess uses none up."""
    return project.rows(
        f"select subject, mode, slot_at, count(*) from {project.schema('ops')}.runs"
        " where mode in ('incremental', 'reconcile') and step = 'refresh'"
        " and outcome in ('done', 'nothing_new')"
        " group by subject, mode, slot_at having count(*) > 1"
    )


@pytest.mark.parametrize(
    "rounds", [pytest.param(50, id="50"), pytest.param(1000, id="1000", marks=pytest.mark.nightly)]
)
def test_races(level: str, project: Project, beside: TwoSubjects, rounds: int) -> None:
    name = f"{level}{rounds}"
    for each in (project, beside):
        each.refresh()
    beside.refresh_operations()

    with Callers(project, *(["scheduler"] * 4 + ["deployer"] * 4)) as callers:
        Race(project, beside, callers, name).run(rounds)

    versions = project.rows(
        f"select records_processed from {project.schema('staging')}.{VERSIONS}"
        f" where log_key like 'orders#{name}#%' order by refresh_id"
    )
    assert versions == [(number,) for number in range(1, rounds + 1)]
    for each in (project, beside):
        each.refresh()
        before = each.marts()
        assert each.refresh(mode="reconcile")["outcome"] == "nothing_new"
        assert each.marts() == before
        assert not any(duplicates(each, UNIQUE_KEYS).values())
        assert not slots_won_twice(each)
    beside.refresh_operations()
    before = {name: beside.table(name) for name in (DAYS, SUMS)}
    assert beside.refresh_operations("reconcile")["outcome"] == "nothing_new"
    assert {name: beside.table(name) for name in (DAYS, SUMS)} == before
    assert not any(duplicates(beside, subjects.UNIQUE_KEYS).values())


def test_the_scheduler_against_dbt_run(level: str, project: Project) -> None:
    outcome = project.dbt("parse")
    assert outcome.success, outcome.messages
    manifest = str(project.folder / "target" / "manifest.json")
    scheduler(project, "quick", "apply", "--manifest", manifest)
    days = [f"202603{day:02}" for day in range(1, 4)]

    def schedule() -> list[str]:
        found = []
        for day in days:
            project.replicas.put(log_item(category=f"scheduled_{level}", run_date=day))
            found.append(str(scheduler_run(project, project.next_slot())["outcome"]))
        return found

    with ThreadPoolExecutor(1) as other:
        running = other.submit(schedule)
        outcome = project.dbt("run")
        assert set(running.result()) <= {"done", "nothing_new"}

    assert outcome.success, outcome.messages
    project.refresh()
    keys = project.rows(
        f"select log_key, count(*) from {project.schema('bi_reports')}.fct_stage_runs"
        f" where pipeline_id = 'orders#scheduled_{level}' group by log_key"
    )
    assert sorted(keys) == [(f"orders#scheduled_{level}#extract#{day}", 1) for day in days]
    assert project.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_one_outcome_of_many_recorded_at_once_is_kept(level: str, project: Project) -> None:
    """Beside the retention of the ledger, which reads it and then writes to it as well."""
    ops = project.schema("ops")
    with Callers(project, *["scheduler"] * CALLERS) as callers:
        for number in range(20):
            name = f"{level}-r{number}"
            record = (
                f"call {ops}.record_outcome('pipeline_health', 'incremental',"
                f" cast('2026-03-31 12:00' as timestamp), 'ingestion', '{name}', 'COMPLETED', '')"
            )
            retain = (
                f"call {ops}.retain_pipeline_health("
                f"cast('{project.next_slot()}' as timestamp), 'ledger')"
            )
            callers.together([[record]] * (CALLERS - 1) + [[retain]])
            kept = f"select count(*) from {ops}.runs where name = '{name}'"
            assert project.value(kept) == 1


def test_only_under_serializable_the_ledger_stops_who_reads_another(
    level: str, beside: TwoSubjects
) -> None:
    """Who reads the ledger after a refresh of the upstream closes the cycle. Nothing is lost."""
    ops = beside.schema("ops")
    category = f"ledger_{level}"
    outcome = (
        "record_outcome('pipeline_health', 'incremental', cast('2026-03-31 12:00' as timestamp),"
        f" 'ingestion', '{category}', 'COMPLETED', '')"
    )
    beside.refresh()
    beside.refresh_operations()
    beside.log(category, "20260301")
    with ThreadPoolExecutor(1) as other:
        with held(beside, f"{beside.schema('bi_reports')}.{DAYS}", "share"):
            running = other.submit(beside.refresh_operations)
            wait_for_waiter(beside)
            beside.log(category, "20260302")
            beside.retain("ledger")
            for call in (outcome, "read_runs('pipeline_health', 10)", "check_pipeline_health()"):
                beside.rows(f"call {ops}.{call}", user="scheduler")
        error = running.exception()

    if level == "snapshot":
        assert error is None
    else:
        assert isinstance(error, Error)
        assert is_transient(f"ERROR: {error.args[0]['M']}"), "the scheduler calls it again"
    beside.refresh_operations()
    beside.check()

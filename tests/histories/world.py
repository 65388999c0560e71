"""A warehouse to tell many histories in, each from the same beginning."""

import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redshift_connector.core import Connection
from redshift_connector.error import Error

from sandbox.deadline import Deadline
from sandbox.zero_etl.load import load
from sandbox.zero_etl.session import service
from tests.conftest import Warehouse
from tests.refresh.project import MARTS, ROOT, VERSIONS, Project
from tests.refresh.telemetry import Replicas

STAGED = {
    "pipeline-logs": "stg_pipeline_logger__pipeline_logs",
    "failed-jobs": "stg_pipeline_logger__failed_jobs",
}
LOGS, REPORTS = STAGED.values()
MODELS = (LOGS, VERSIONS, REPORTS, *MARTS)
SEEDS = ("contract_rules", "pipeline_registry", "stage_catalog", "status_vocabulary")
BOOKKEEPING = {"first_seen_at", "changed_at", "refresh_id"}

Row = tuple[Any, ...]


class World:
    """Two environments of one warehouse: `told`, where histories happen, and `rebuilt`."""

    def __init__(self, warehouse: Warehouse, folder: Path, detection: str) -> None:
        shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
        self._warehouse = warehouse
        self._folder = folder
        self._closing = ExitStack()
        self._slots: Iterator[int] = itertools.count(1)
        self._connection: Connection | None = None
        self._saved_as: dict[str, str] = {}
        replicas = Replicas(warehouse.home, folder)
        if detection == "history":
            self._keep_history()
        variables = {
            "change_detection": dict.fromkeys(STAGED, detection),
            # So that retention has something to trim.
            "feed_refreshes_kept": 3,
        }
        for environment, policy in (("told", "always"), ("rebuilt", "never")):
            project = Project(warehouse, replicas, folder, environment=environment)
            outcome = project.dbt(
                *("build", "--exclude-resource-type", "test", "unit_test"),
                variables=variables | {"refresh_on_run": policy},
            )
            assert outcome.success, outcome.messages
        self._service = self._closing.enter_context(service(warehouse.home))
        self._columns: dict[str, list[str]] = defaultdict(list)
        for table, column in self.privileged(
            "select format('%I.%I', table_schema, table_name), column_name"
            " from information_schema.columns where table_schema like 'told_%'"
            " order by ordinal_position"
        ):
            self._columns[table].append(column)
        self._beginnings = {
            place: _at_once(self._saved(place)) for place in ("told", "rebuilt", "zero_etl")
        }

    def _keep_history(self) -> None:
        connection = self._warehouse.connect("admin")
        connection.autocommit = True
        for table in STAGED:
            connection.cursor().execute(
                f"alter database zero_etl_{table.replace('-', '_')} integration"
                f' set history_mode = true for table public."{table}"'
            )
        connection.close()

    def close(self) -> None:
        """End the sessions."""
        self._disconnect()
        self._closing.close()

    def _saved(self, place: str) -> Iterator[str]:
        """Keep every table of these schemas as it is now; the statements that bring all back."""
        tables = self.privileged(
            "select format('%I.%I', nspname, relname) from pg_class"
            " join pg_namespace on pg_namespace.oid = relnamespace"
            f" where relkind = 'r' and nspname like '{place}_%'"
        )
        yield "truncate " + ", ".join(name for (name,) in tables)
        self.privileged(f"create schema saved_{place}")
        for number, (name,) in enumerate(tables):
            if self.privileged(f"select 1 from {name} limit 1"):
                copy = self._saved_as[name] = f"saved_{place}.t{number}"
                self.privileged(f"create table {copy} as select * from {name}")
                yield f"insert into {name} select * from {copy}"

    def begin(self) -> None:
        """Back to the day of the first deploy: no item, no row, no slot."""
        self._slots = itertools.count(1)
        for statements in self._beginnings.values():
            self.privileged(statements)

    def privileged(self, statement: str) -> list[Row]:
        """The rows of a statement that no user of the project may run."""
        self._service.execute(statement)
        described = self._service.description
        return [tuple(row) for row in self._service.fetchall()] if described else []

    def rows(self, statement: str) -> list[Row]:
        """The rows of one statement of the deploying user, in a session that stays open."""
        cursor = self._session().cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def _session(self) -> Connection:
        if self._connection is None:
            self._connection = self._warehouse.connect("deployer")
            self._connection.autocommit = True
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (Error, OSError):
                return

    def load(self, table: str, records: Sequence[dict[str, Any]]) -> None:
        """Replicate an incremental export of these records."""
        file = self._folder / "export.json"
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
        load(self._warehouse.home, table, [file])

    def next_slot(self) -> str:
        """A slot later than every one before."""
        start = datetime(2026, 4, 1, tzinfo=UTC)
        return f"{start + timedelta(minutes=15 * next(self._slots)):%Y-%m-%d %H:%M:%S}"

    def call(self, verb: str, *arguments: str, environment: str = "told") -> dict[str, Any]:
        """CALL refresh_pipeline_health, reprocess_ or retain_; its result."""
        given = ", ".join(f"'{argument}'" for argument in arguments)
        call = f"call {environment}_ops.{verb}_pipeline_health({given})"
        return dict(json.loads(self.rows(call)[0][0]))

    def call_killed(self, table: str, verb: str, *arguments: str) -> dict[str, Any] | None:
        """The same, but the session dies where the call first writes to `table`, if it does.

        Returns None where it was killed, else the result.
        """
        (pid,) = self.rows("select pg_backend_pid()")[0]
        with self._held(table), ThreadPoolExecutor(1) as caller:
            called = caller.submit(self.call, verb, *arguments)
            waits = f"select 1 from pg_locks where pid = {pid} and not granted"
            came = Deadline.after(60).wait(lambda: called.done() or bool(self.privileged(waits)))
            assert came, f"the call neither ended nor came to {table}"
            if called.done():
                return called.result()
            self.privileged(f"select pg_terminate_backend({pid}, 10000)")
            assert isinstance(called.exception(), (Error, OSError)), "the call outlived its backend"
        self._disconnect()
        return None

    @contextmanager
    def _held(self, table: str) -> Iterator[None]:
        """Readers pass, writers wait."""
        with service(self._warehouse.home) as cursor:
            cursor.execute("begin")
            cursor.execute(f"lock table {table} in share mode")
            yield
            cursor.execute("rollback")

    def refresh_model(self, model: str, environment: str = "told") -> None:
        """What `dbt run --select` of one model does to its rows."""
        self.rows(
            f"call {environment}_ops.{model}__refresh("
            "cast(null as bigint), 'incremental', cast(null as timestamp),"
            " cast(null as date), cast(null as date), 0, 0)"
        )

    def trim(self, model: str) -> None:
        """Take away the whole feed of a model, also what nobody has read."""
        feed = f"told_ops.{model}__changes"
        ((newest,),) = self.rows(f"select max(feed_refresh_id) from {feed}")
        if newest is not None:
            self.rows(f"delete from {feed}")
            self.rows(f"insert into {feed} (feed_refresh_id, image) select {newest}, 'trim'")

    def forget(self, model: str, upstream: str = "%") -> None:
        """What a deploy of a changed text does: the model has consumed nothing."""
        self.rows(
            "update told_ops.state_pipeline_health set counter = null"
            f" where entry like 'consumed {model} from {upstream}'"
        )

    def change_seed(self, seed: str, column: str, word: str) -> None:
        """Take the row of a word out of a seed or put it back, and deploy the seed's readers."""
        table = f"told_staging.{seed}"
        rows = f"{self._saved_as[table]} where {column} = '{word}'"
        self.privileged(
            f"with gone as (delete from {table} where {column} = '{word}' returning 1)"
            f" insert into {table} select * from {rows} and not exists (select 1 from gone)"
        )
        self.forget("%", seed)

    def change_rule(self, name: str, is_blocking: bool) -> None:
        """Say whether a rule of the contract blocks, and deploy its readers."""
        self.privileged(
            f"update told_staging.contract_rules set is_blocking = {is_blocking}"
            f" where rule = '{name}'"
        )
        self.forget("%", "contract_rules")

    @staticmethod
    def table(model: str, environment: str = "told") -> str:
        """The name of a model's table."""
        return f"{environment}_{'bi_reports' if model in MARTS else 'staging'}.{model}"

    def differing(self, model: str, columns: Sequence[str], where: str = "true") -> list[Row]:
        """Rows of `told` that `rebuilt` has not, and the other way round."""
        names = ", ".join(columns)
        one, other = (
            f"select {names} from {self.table(model, environment)} where {where}"
            for environment in ("told", "rebuilt")
        )
        return self.privileged(
            f"select 'only in told', * from ({one} except all {other}) as a"
            f" union all select 'only in rebuilt', * from ({other} except all {one}) as b"
        )

    def columns(self, model: str) -> list[str]:
        """The columns of a model's table."""
        return self._columns[self.table(model)]

    def reload(self) -> None:
        """In `rebuilt`, a first load of staging from nothing but the replicas."""
        self._start_again(SEEDS)
        for model in (LOGS, REPORTS):
            self.refresh_model(model, "rebuilt")

    def rebuild(self) -> dict[str, Any]:
        """In `rebuilt`, a first refresh over staging rows and versions of `told`; its result."""
        self._start_again((*SEEDS, LOGS, REPORTS, VERSIONS))
        return self.call("refresh", self.next_slot(), "reconcile", environment="rebuilt")

    def _start_again(self, copied: Sequence[str]) -> None:
        self.privileged(self._beginnings["rebuilt"])
        for model in copied:
            names, target = ", ".join(self.columns(model)), self.table(model, "rebuilt")
            self.privileged(f"truncate {target}")
            self.privileged(
                f"insert into {target} ({names}) select {names} from {self.table(model)}"
            )


def _at_once(statements: Iterable[str]) -> str:
    return f"do $$ begin {' '.join(f'{statement};' for statement in statements)} end $$"

"""The dbt project as its users run it, on the warehouse of the test session."""

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from redshift_connector.core import Connection
from redshift_connector.error import Error

from sandbox.zero_etl.session import service
from tests.conftest import Warehouse
from tests.refresh.telemetry import Replicas

ROOT = Path(__file__).resolve().parents[2]
MARTS = (
    "fct_stage_runs",
    "fct_pipeline_runs",
    "fct_pipeline_failures",
    "agg_run_days",
    "dim_run_days",
    "agg_pipeline_daily",
)
VERSIONS = "stg_pipeline_logger__pipeline_log_versions"
# Of each table of the subject.
UNIQUE_KEYS = {
    "stg_pipeline_logger__pipeline_logs": "log_key",
    VERSIONS: "log_key, refresh_id",
    "stg_pipeline_logger__failed_jobs": "job_key, failed_at",
    "fct_stage_runs": "log_key",
    "fct_pipeline_runs": "pipeline_id, run_on",
    "fct_pipeline_failures": "log_key, attempt",
    "agg_run_days": "run_on",
    "dim_run_days": "run_on",
    "agg_pipeline_daily": "pipeline_id, run_on",
}


@dataclass(frozen=True)
class Outcome:
    """How a dbt command ended: whether it succeeded, what it said of each node that did not.

    `told` has what macros tell whoever runs them, `log(.., info=true)`, and what `show` shows.
    """

    success: bool
    messages: str
    told: str = ""


@dataclass
class Project:
    """dbt and the procedures of one environment."""

    warehouse: Warehouse
    replicas: Replicas
    folder: Path
    environment: str = "sandbox"
    root: Path = ROOT
    subject: str = "pipeline_health"
    user: str = "deployer"
    _slots: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def dbt(self, *arguments: str, variables: dict[str, Any] | None = None) -> Outcome:
        """Run a dbt command in this process, in the environment of this project."""
        given = {"environment": self.environment} | (variables or {})
        command = [
            *arguments,
            "--vars",
            json.dumps(given),
            "--target-path",
            str(self.folder / "target"),
            "--log-path",
            str(self.folder / "logs"),
            "--project-dir",
            str(self.root),
            "--profiles-dir",
            str(self.folder),
            "--quiet",
        ]
        said: list[str] = []
        told: list[str] = []

        def listen(event: Any) -> None:
            if event.info.level == "error":
                said.append(event.info.msg)
            if event.info.name in ("JinjaLogInfo", "ShowNode"):
                told.append(event.info.msg)

        with _environment(self.warehouse.environment(self.user)):
            result = dbtRunner(callbacks=[listen]).invoke(command)
        said += [str(result.exception)] if result.exception else []
        said += [
            f"{_name(node)}: {node.status}: {node.message}"
            for node in getattr(result.result, "results", None) or []
            if hasattr(node, "node")
            and str(node.status) not in ("success", "pass", "no-op", "skipped")
        ]
        return Outcome(bool(result.success), "\n".join(said), "\n".join(told))

    def next_slot(self) -> str:
        """A slot later than every one before."""
        start = datetime(2026, 4, 1, tzinfo=UTC)
        return f"{start + timedelta(minutes=15 * next(self._slots)):%Y-%m-%d %H:%M:%S}"

    def refresh(self, slot: str | None = None, mode: str = "incremental") -> dict[str, Any]:
        """CALL refresh_<subject> as the scheduler's user; its result."""
        return self._call("refresh", slot, mode)

    def retain(self, part: str, slot: str | None = None) -> dict[str, Any]:
        """CALL retain_<subject> as the scheduler's user; its result."""
        return self._call("retain", slot, part)

    def reprocess(self, first: str, last: str, slot: str | None = None) -> dict[str, Any]:
        """CALL reprocess_<subject> as the scheduler's user; its result."""
        return self._call("reprocess", slot, first, last)

    def call(self, verb: str, slot: str | None, *arguments: str) -> str:
        """The text of a CALL of <verb>_<subject>; without a slot, for the next one."""
        given = ", ".join(f"'{argument}'" for argument in arguments)
        return (
            f"call {self.schema('ops')}.{verb}_{self.subject}("
            f"cast('{slot or self.next_slot()}' as timestamp), {given})"
        )

    def _call(self, verb: str, slot: str | None, *arguments: str) -> dict[str, Any]:
        call = self.call(verb, slot, *arguments)
        return dict(json.loads(self.rows(call, user="scheduler")[0][0]))

    def schema(self, name: str) -> str:
        """The schema of this environment."""
        return f"{self.environment}_{name}"

    def rows(self, statement: str, user: str = "deployer") -> list[tuple[Any, ...]]:
        """The rows of one statement, run by itself."""
        connection = self.warehouse.connect(user)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def inspected(self, query: str) -> list[tuple[Any, ...]]:
        """What PostgreSQL's catalog says, to a user who sees all of it."""
        with service(self.warehouse.home) as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    def value(self, statement: str, user: str = "deployer") -> Any:
        """The single value of one statement."""
        return self.rows(statement, user)[0][0]

    def table(self, name: str, schema: str = "bi_reports") -> set[tuple[Any, ...]]:
        """Every row of a table, as a set (each table here has a unique key)."""
        return set(self.rows(f"select * from {self.schema(schema)}.{name}"))

    def marts(self) -> dict[str, set[tuple[Any, ...]]]:
        """The rows of every mart table, and what the dataset's view shows but for its moment."""
        columns = [
            name
            for (name,) in self.rows(
                "select column_name from information_schema.columns where table_name ="
                f" 'pipeline_health' and table_schema = '{self.schema('bi_reports')}'"
                " order by ordinal_position"
            )
            if name != "data_as_of"
        ]
        view = f"select {', '.join(columns)} from {self.schema('bi_reports')}.pipeline_health"
        return {name: self.table(name) for name in MARTS} | {
            "pipeline_health": set(self.rows(view))
        }


def _name(result: Any) -> str:
    """Of a node, or of an operation, which is none."""
    return str(result.node.name if hasattr(result, "node") else result.unique_id)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def refused(connection: Connection, statement: str) -> str:
    """The error of a statement that must fail, in the database's words."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    except Error as error:
        connection.rollback()
        return str(error.args[0]["M"])
    raise AssertionError(f"not refused: {statement}")

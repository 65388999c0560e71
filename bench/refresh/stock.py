"""dbt as it comes, on the same data: incremental models by max(), views over SUPER."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.place import ROOT, Place
from bench.refresh.session import MARTS, STAGING, Session
from sandbox.home import Home
from sandbox.zero_etl.session import service

SCHEMA = "sandbox_stock"
_MODELS = "models/staging/pipeline_logger"
_LOGS = "stg_pipeline_logger__pipeline_logs"
# Ours and the stock one, with the columns that name a row.
COMPARED = {
    "stg_pipeline_logs": (f"{STAGING}.{_LOGS}", "log_key"),
    "fct_stage_runs": (f"{MARTS}.fct_stage_runs", "log_key"),
    "fct_pipeline_runs": (f"{MARTS}.fct_pipeline_runs", "pipeline_id, run_on"),
}
_BOOKKEEPING = ("first_seen_at", "changed_at", "is_deleted", "deleted_reason", "refresh_id")


@dataclass(frozen=True)
class Faults:
    """Rows of a stock table against ours: not there, there with other values, there though gone."""

    missing: int
    wrong: int
    left_over: int


class Stock:
    """A dbt project in a folder of its own: models of the bench, and borrowed text."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.folder = place.folder / "stock"
        shutil.copytree(ROOT / "bench" / "stock", self.folder)
        shutil.copytree(ROOT / "macros" / "dynamodb", self.folder / "borrowed_macros")
        models = self.folder / "borrowed"
        self._borrow(_MODELS, _LOGS, models / "typed" / "typed_pipeline_logs.sql")
        for name in ("fct_stage_runs", "fct_pipeline_runs"):
            source = "models/marts/pipeline_health"
            self._borrow(source, name, models / "incremental" / f"{name}.sql")
        sources = "_pipeline_logger__sources.yml"
        shutil.copy(ROOT / _MODELS / sources, models / sources)
        # What the stock models read but do not make: the project's own tables.
        for name, schema in (
            ("contract_rules", STAGING),
            ("status_vocabulary", STAGING),
            ("stage_catalog", STAGING),
            ("fct_pipeline_failures", MARTS),
        ):
            (models / "views").mkdir(exist_ok=True)
            (models / "views" / f"{name}.sql").write_text(f"select * from {schema}.{name}\n")

    def run(self, *options: str) -> float:
        """`dbt run`; seconds that its sessions were at work in the database."""
        before = self._active_seconds()
        target = ["--target-path", str(self.folder / "target")]
        self.place.output(
            "dbt", "--quiet", "--no-use-colors", "run", *target, *options, folder=self.folder
        )
        return self._active_seconds() - before

    def faults(self, session: Session) -> dict[str, Faults]:
        """What each stock table misses or has wrong, once ours is reconciled."""
        return {name: _faults(session, name) for name in COMPARED}

    def _borrow(self, folder: str, name: str, copy: Path) -> None:
        text = (ROOT / folder / f"{name}.sql").read_text()
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text.replace(_LOGS, "stg_pipeline_logs"))

    def _active_seconds(self) -> float:
        with service(Home(self.place.home)) as cursor:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(
                "select active_time from pg_stat_database where datname = current_database()"
            )
            return float(cursor.fetchone()[0]) / 1000


def _faults(session: Session, name: str) -> Faults:
    ours, key = COMPARED[name]
    columns = ", ".join(
        column
        for (column,) in session.rows(
            "select column_name from information_schema.columns"
            f" where table_schema = '{ours.split('.')[0]}' and table_name = '{ours.split('.')[1]}'"
        )
        if column not in _BOOKKEEPING
    )
    live = " where not is_deleted" if name.startswith("stg_") else ""
    here = f"select {columns} from {ours}{live}"
    there = f"select {columns} from {SCHEMA}.{name}"
    keys_here, keys_there = (f"select {key} from ({rows}) as r" for rows in (here, there))

    def count(query: str) -> int:
        return int(session.rows(f"select count(*) from ({query}) as counted")[0][0])

    missing = count(f"{keys_here} except {keys_there}")
    left_over = count(f"{keys_there} except {keys_here}")
    differing = count(f"{there} except {here}")
    return Faults(missing, differing - left_over, left_over)

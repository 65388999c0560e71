"""Measures refreshes at one size: the whole course, in a sandbox of its own."""

from __future__ import annotations

import json
import logging
import re
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

import click

from bench.place import Place
from bench.refresh import scans
from bench.refresh.results import PLACES, Changed, Mode, Size, unwarranted
from bench.refresh.session import MARTS, OPS, Session
from bench.refresh.stock import SCHEMA, Stock
from bench.refresh.telemetry import END, Telemetry, Where
from sandbox.home import Home
from sandbox.zero_etl.session import service

logger = logging.getLogger(__name__)

T = TypeVar("T")

CHANGES = 1000
ENOUGH = 10
STAGING_MODELS = {"stg_pipeline_logger__pipeline_logs", "stg_pipeline_logger__failed_jobs"}
MODES = ("full", "watermark", "history")
_WEEK = f"run_on > '{END - timedelta(days=7)}'"
# Per mart: what is asked, of our table, and of the view.
QUERIES = {
    "agg_pipeline_daily": (
        "select pipeline_id, sum(runs_failed), sum(busy_seconds) from {relation} group by 1",
        f"{MARTS}.agg_pipeline_daily",
        f"{SCHEMA}.super_daily",
    ),
    "fct_pipeline_runs": (
        "select pipeline_id, run_on, stages_failed, busy_seconds from {relation}",
        f"{MARTS}.fct_pipeline_runs",
        f"{SCHEMA}.super_runs",
    ),
}


class BrokenPromise(click.ClickException):
    """Something that must hold on any engine did not."""


class Course:
    """One size: telemetry, our project and the stock one, brought through the same history."""

    def __init__(self, place: Place, items: int, *, times: int, changes: int = CHANGES) -> None:
        self.place = place
        self.times = times
        self.changes = changes
        self.telemetry = Telemetry(place, items)
        place.up()
        self.telemetry.load()
        self.place.output("dbt", "--quiet", "--no-use-colors", "seed", "--target", "sandbox")
        self.first_build = self.deploy()
        self.session = Session(place.environment)
        self.settle()
        self.stored = int(
            self.session.rows(f"select count(*) from {scans.REPLICAS['pipeline-logs']}")[0][0]
        )

    def deploy(self, mode: str = "full") -> float:
        """`dbt run` with that change detection for both sources; seconds in the database."""
        before = active_seconds(self.place)
        given = {"change_detection": dict.fromkeys(scans.REPLICAS, mode)}
        options = ["--target", "sandbox", "--vars", json.dumps(given)]
        self.place.output("dbt", "--quiet", "--no-use-colors", "run", *options)
        return active_seconds(self.place) - before

    def keep_history(self) -> None:
        """Put both replicas into history mode: what they hold is the first state of each item."""
        for table in scans.REPLICAS:
            database = f"zero_etl_{table.replace('-', '_')}"
            wanted = f"alter database {database} integration set history_mode = true"
            self.place.output("sandbox", "sql", "--user", "admin", wanted)

    def settle(self) -> None:
        """What the background does sooner or later: sort, remove dead rows, gather statistics."""
        self.session.rows("vacuum")
        with service(Home(self.place.home)) as cursor:
            cursor.execute("analyze")

    def mode(self, name: str, after: Callable[[Where], None] = lambda where: None) -> Mode:
        """Refreshes in the mode that is deployed; `after` is called when a change is refreshed."""
        # History mode looks back from the newest state it read: one that is not the first load's.
        self.telemetry.change("newest", 10)
        self.session.refresh()
        floor = scans.floor(self.session, name)
        explained = scans.explained(self.session, floor)
        scan = self._median(lambda: sum(map(self.session.seconds, floor)))
        no_op = self._median(self._no_op)
        changed: dict[str, Changed] = {}
        for where in PLACES:
            self.telemetry.change(where, self.changes)
            changed[where] = self._changed()
            self.session.refresh()
            after(where)
        self.settle()
        return Mode(scan, no_op, changed, explained)

    def plain_scan(self) -> float:
        """Seconds to pass over the items of both replicas."""
        return self._median(lambda: sum(map(self.session.seconds, scans.plain())))

    def reconcile(self) -> float:
        """Seconds of a refresh that compares everything."""
        return self.session.try_refresh("reconcile").seconds

    def _no_op(self) -> float:
        done = self.session.try_refresh()
        wrong = unwarranted(done.tables, STAGING_MODELS | set(scans.REPLICAS))
        if done.outcome != "nothing_new" or set(done.models) - STAGING_MODELS or wrong:
            raise BrokenPromise(f"a refresh without news was {done.outcome}: {done.models} {wrong}")
        return done.seconds

    def _changed(self) -> Changed:
        whole = self._repeated(self.session.try_refresh)
        last = whole[-1]
        for (schema, name), counts in last.tables.items():
            if name in scans.REPLICAS and counts.scans > 1:
                raise BrokenPromise(f"the replica {name} was read {counts.scans} times")
            wrote = (counts.deleted, counts.inserted)
            said = last.models.get(name, (0, 0))
            if not schema.endswith("_ops") and said != wrote:
                raise BrokenPromise(f"{name} wrote {counts}, the refresh says {said}")
        apart = self._repeated(lambda: self.session.try_models(list(last.models)))
        marts = [name for name in last.models if not name.startswith("stg_")]
        return Changed(
            seconds=median(done.seconds for done in whole),
            marts=median(sum(done[name][0] for name in marts) for done in apart),
            written={name: written for name, (_, written) in last.models.items()},
            read={
                name: sum(
                    counts.rows_read
                    for (schema, _), counts in apart[-1][name][1].items()
                    if not schema.endswith("_ops")
                )
                for name in marts
            },
            found=last.models["stg_pipeline_logger__pipeline_logs"][1],
        )

    def queries(self) -> dict[str, tuple[float, float]]:
        """Seconds of the same question to a mart's table and to a view over SUPER."""
        return {
            name: (self._asked(query, table), self._asked(query, view))
            for name, (query, table, view) in QUERIES.items()
        }

    def _asked(self, query: str, relation: str) -> float:
        return self._median(
            lambda: self.session.seconds(query.format(relation=f"{relation} where {_WEEK}"))
        )

    def _median(self, measured: Callable[[], float]) -> float:
        return median(self._repeated(measured))

    def _repeated(self, measured: Callable[[], T]) -> list[T]:
        """What takes long varies little, so it is not done again once `ENOUGH` seconds are gone."""
        begins = time.monotonic()
        found = [measured()]
        while len(found) < self.times and time.monotonic() - begins < ENOUGH:
            found.append(measured())
        return found

    def statements(self) -> int:
        """SQL statements in the text of the procedures that a refresh of everything calls."""
        with service(Home(self.place.home)) as cursor:
            cursor.execute(
                f"select prosrc from pg_proc where pronamespace = '{OPS}'::regnamespace"
                " and (proname = 'refresh_pipeline_health' or proname like '%\\_\\_refresh')"
            )
            return sum(map(count_statements, (text for (text,) in cursor.fetchall())))


_STATEMENT = re.compile(
    r"(?:;|\bthen\b|\belse\b|\bbegin\b|\bloop\b)\s*"
    r"(?:select|insert|update|delete|create|drop|lock|call|with)\b",
    re.IGNORECASE,
)


def count_statements(body: str) -> int:
    """SQL statements in the text of a PL/pgSQL body, whichever of its branches is taken."""
    return len(_STATEMENT.findall(body))


def active_seconds(place: Place) -> float:
    """How long sessions have been at work in the database so far."""
    with service(Home(place.home)) as cursor:
        cursor.execute("select active_time from pg_stat_database where datname = 'dev'")
        return float(cursor.fetchone()[0]) / 1000


def measure(items: int, times: int = 3, modes: tuple[str, ...] = MODES) -> Size:
    """All figures of one size. Raises BrokenPromise where a refresh does more than it may."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Place(Path(folder)) as place:
        logger.info("%s items: load and first build", items)
        course = Course(place, items, times=times)
        stock = Stock(place)
        stock_build = stock.run("--full-refresh")
        stock_seconds: dict[str, float] = {}

        def beside(where: str) -> None:
            stock_seconds[where] = stock.run("--select", "incremental")

        measured = {}
        for name in modes:
            logger.info("%s items: %s", items, name)
            if name == "history":
                course.keep_history()
            if name != "full":
                course.deploy(name)
                course.settle()
            measured[name] = course.mode(name, beside if name == "full" else lambda where: None)
            if name == "full":
                course.telemetry.late_moved_deleted(100)
                course.session.refresh()
                beside("late, moved, deleted")
                faults = stock.faults(course.session)
                queries = course.queries()
                reconcile = course.reconcile()
        size = Size(
            items=items,
            stored=course.stored,
            plain_scan=course.plain_scan(),
            first_build=course.first_build,
            reconcile=reconcile,
            modes=measured,
            statements=course.statements(),
            stock_build=stock_build,
            stock=stock_seconds,
            faults=faults,
            queries=queries,
        )
        course.session.close()
        return size

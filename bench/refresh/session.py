"""One session that refreshes, measures and takes it back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import redshift_connector

SUBJECT = "pipeline_health"
OPS = "sandbox_ops"
MARTS = "sandbox_bi_reports"
STAGING = "sandbox_staging"
FIRST_SLOT = datetime(2026, 4, 2, tzinfo=UTC)

# What this transaction has done so far, by table; the rows of temporary tables are not of interest.
_COUNTERS = """
    select schemaname, relname, seq_scan, seq_tup_read, coalesce(idx_tup_fetch, 0),
        n_tup_ins, n_tup_upd, n_tup_del
    from pg_stat_xact_user_tables
    where schemaname not like 'pg_temp%'
"""


@dataclass(frozen=True)
class Counts:
    """What was done to one table: how often it was read whole, rows read, rows written."""

    scans: int = 0
    rows_read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Refresh:
    """A refresh: seconds in the database, and what it said and did.

    `models` has, in the order of the calls, rows removed and written. `tables` is keyed by
    schema and name; a table that was not touched is not in it.
    """

    seconds: float
    outcome: str
    models: dict[str, tuple[int, int]]
    tables: dict[tuple[str, str], Counts] = field(default_factory=dict)


class Session:
    """A connection of the deploying user."""

    def __init__(self, given: Mapping[str, str], first_slot: datetime = FIRST_SLOT) -> None:
        """`given`: what `sandbox env` prints. Slots begin after `first_slot`."""
        self._connection = redshift_connector.connect(
            host=given["REDSHIFT_HOST"],
            port=int(given["REDSHIFT_PORT"]),
            database=given["REDSHIFT_DATABASE"],
            user=given["REDSHIFT_USER"],
            password=given["REDSHIFT_PASSWORD"],
            ssl=False,
        )
        self._connection.autocommit = True
        self._slot = first_slot

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a statement; none where it has no result."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def seconds(self, statement: str) -> float:
        """How long a statement takes, its rows fetched."""
        start = time.perf_counter()
        self.rows(statement)
        return time.perf_counter() - start

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """A transaction that ends as if it had never been."""
        self.rows("begin")
        try:
            yield
        finally:
            self.rows("rollback")

    def slot(self) -> str:
        """A slot later than every one before it."""
        self._slot += timedelta(minutes=15)
        return f"cast('{self._slot:%Y-%m-%d %H:%M}' as timestamp)"

    def refresh(self, mode: str = "incremental") -> Refresh:
        """CALL the subject's procedure and keep what it did."""
        return self._called(mode)

    def try_refresh(self, mode: str = "incremental") -> Refresh:
        """The same, counted and taken back."""
        with self.taken_back():
            before = self._counts()
            done = self._called(mode)
            after = self._counts()
        return Refresh(done.seconds, done.outcome, done.models, _difference(before, after))

    def try_models(
        self, names: list[str]
    ) -> dict[str, tuple[float, dict[tuple[str, str], Counts]]]:
        """Call the procedures of these models one by one, as a refresh would: seconds, counts."""
        measured = {}
        with self.taken_back():
            self.rows(f"lock table {OPS}.state_{SUBJECT}")
            (refresh_id,) = self.rows(
                f"select counter + 1 from {OPS}.state_{SUBJECT} where entry = 'refresh_id'"
            )[0]
            slot = self.slot()
            before = self._counts()
            for name in names:
                call = f"call {OPS}.{name}__refresh({refresh_id}, 'incremental', {slot}"
                call += ", cast(null as date), cast(null as date), 0, 0)"
                seconds = self.seconds(call)
                after = self._counts()
                measured[name] = (seconds, _difference(before, after))
                before = after
        return measured

    def _called(self, mode: str) -> Refresh:
        call = f"call {OPS}.refresh_{SUBJECT}({self.slot()}, '{mode}')"
        start = time.perf_counter()
        ((said,),) = self.rows(call)
        seconds = time.perf_counter() - start
        result = json.loads(said)
        models = {
            name: (model["removed"], model["written"]) for name, model in result["models"].items()
        }
        return Refresh(seconds, result["outcome"], models)

    def _counts(self) -> dict[tuple[str, str], Counts]:
        return {
            (schema, table): Counts(scans, read + fetched, inserted, updated, deleted)
            for schema, table, scans, read, fetched, inserted, updated, deleted in self.rows(
                _COUNTERS
            )
        }


def _difference(
    before: dict[tuple[str, str], Counts], after: dict[tuple[str, str], Counts]
) -> dict[tuple[str, str], Counts]:
    """What happened in between, of the tables to which anything did."""
    found = {}
    for name, counts in after.items():
        first = before.get(name, Counts())
        change = Counts(
            *(
                getattr(counts, value) - getattr(first, value)
                for value in ("scans", "rows_read", "inserted", "updated", "deleted")
            )
        )
        if change != Counts():
            found[name] = change
    return found

"""Statements as kept in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.store import Row, Store

RUNNING = ("SUBMITTED", "PICKED", "STARTED")
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations
KEPT_SECONDS = 24 * 3600
TOKEN_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Statement:
    """One statement: `request` as the caller sent it, times in seconds since the epoch.

    `result_rows` and `result_size` (bytes) are -1 until known, as the API shows them.
    """

    n: int
    id: str
    access_key: str
    db_user: str
    endpoint: str
    request: Mapping[str, Any]
    status: str
    error: str | None
    pid: int | None
    has_result: bool
    result_rows: int
    result_size: int
    columns: Sequence[Mapping[str, Any]]
    created: float
    updated: float

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status in RUNNING

    @property
    def parameters(self) -> dict[str, str]:
        """Its parameters by name."""
        return {one["name"]: one["value"] for one in self.request.get("Parameters", ())}


@dataclass(frozen=True)
class Outcome:
    """How a statement ended. `pages` are JSON texts of records, None without a result set."""

    status: str
    error: str | None = None
    columns: Sequence[Mapping[str, Any]] = ()
    pages: Sequence[str] | None = None
    rows: int = -1


@dataclass(frozen=True)
class Filter:
    """Which statements a list shows; None leaves a field open."""

    access_key: str
    since: float
    prefix: str = ""
    status: str | None = None
    endpoint: str | None = None
    database: str | None = None


class Statements:
    """The statements in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, statement: Statement, limit: int) -> Statement:
        """Keep a new one, unless `limit` statements run already (then it is returned with n = -1).

        When its caller used the same ClientToken within TOKEN_SECONDS, the earlier statement is
        returned instead.
        """
        token = statement.request.get("ClientToken")
        with self._store.change() as change:
            change.execute(
                "delete from statements where created < ?", (statement.created - KEPT_SECONDS,)
            )
            earlier = self._store.row(
                "select * from statements"
                " where access_key = ? and client_token = ? and created > ?",
                statement.access_key, token, statement.created - TOKEN_SECONDS,
            )  # fmt: skip
            if earlier:
                return _statement(earlier)
            active = self._store.row(
                f"select count(*) as n from statements where status in {RUNNING}"
            )
            if active and active["n"] >= limit:
                return statement
            change.execute(
                "insert into statements (id, access_key, db_user, endpoint, name, request,"
                " client_token, status, created, updated) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    statement.id, statement.access_key, statement.db_user, statement.endpoint,
                    statement.request.get("StatementName"), json.dumps(statement.request), token,
                    statement.status, statement.created, statement.updated,
                ),
            )  # fmt: skip
        return self.get(statement.id) or statement

    def get(self, id_: str) -> Statement | None:
        """The statement of an id, whoever owns it."""
        found = self._store.row("select * from statements where id = ?", id_)
        return _statement(found) if found else None

    def page(self, id_: str, number: int) -> str | None:
        """One page of a result as JSON text; pages count from 0."""
        found = self._store.row(
            "select records from result_pages where statement_id = ? and page = ?", id_, number
        )
        return found["records"] if found else None

    def running(self) -> list[Statement]:
        """All that have not ended."""
        return [
            _statement(row)
            for row in self._store.rows(f"select * from statements where status in {RUNNING}")
        ]

    def find(self, wanted: Filter, before: int, count: int) -> list[Statement]:
        """The newest first, at most `count`, of those numbered below `before`."""
        found = self._store.rows(
            "select * from statements where access_key = ? and created > ? and n < ?"
            " and substr(coalesce(name, ''), 1, ?) = ? and status = coalesce(?, status)"
            " and endpoint = coalesce(?, endpoint)"
            " and (? is null or json_extract(request, '$.Database') = ?) order by n desc limit ?",
            wanted.access_key, wanted.since, before, len(wanted.prefix), wanted.prefix,
            wanted.status, wanted.endpoint, wanted.database, wanted.database, count,
        )  # fmt: skip
        return [_statement(row) for row in found]

    def mark(self, id_: str, status: str, now: float, pid: int | None = None) -> None:
        """A step on the way of one that runs."""
        with self._store.change() as change:
            change.execute(
                "update statements set status = ?, updated = ?, pid = ? where id = ?",
                (status, now, pid, id_),
            )

    def finish(self, id_: str, outcome: Outcome, now: float) -> None:
        """The end of one, with its result, all or nothing."""
        pages = outcome.pages
        size = (
            -1 if outcome.status != "FINISHED" else sum(len(page.encode()) for page in pages or ())
        )
        with self._store.change() as change:
            change.executemany(
                "insert into result_pages (statement_id, page, records) values (?, ?, ?)",
                [(id_, number, page) for number, page in enumerate(pages or ())],
            )
            change.execute(
                "update statements set status = ?, error = ?, has_result = ?, result_rows = ?,"
                " result_size = ?, columns = ?, updated = ? where id = ?",
                (
                    outcome.status, outcome.error, pages is not None, outcome.rows, size,
                    json.dumps(outcome.columns), now, id_,
                ),
            )  # fmt: skip


def _statement(row: Row) -> Statement:
    return Statement(
        n=row["n"],
        id=row["id"],
        access_key=row["access_key"],
        db_user=row["db_user"],
        endpoint=row["endpoint"],
        request=json.loads(row["request"]),
        status=row["status"],
        error=row["error"],
        pid=row["pid"],
        has_result=bool(row["has_result"]),
        result_rows=row["result_rows"],
        result_size=row["result_size"],
        columns=json.loads(row["columns"] or "[]"),
        created=row["created"],
        updated=row["updated"],
    )

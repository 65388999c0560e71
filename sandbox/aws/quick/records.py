"""Data sources, data sets and ingestions as kept in the store."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.quick.convert import Cell
from sandbox.aws.store import Row, Store

WAITING = ("INITIALIZED", "QUEUED")
ACTIVE = (*WAITING, "RUNNING")
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_CreateIngestion.html
QUOTA = 32
QUOTA_SECONDS = 24 * 3600


@dataclass(frozen=True)
class DataSourceRecord:
    """A data source; times in seconds since the epoch, `error` an ErrorInfo of the API."""

    id: str
    definition: Mapping[str, Any]
    credentials: Mapping[str, Any]
    status: str
    error: Mapping[str, str] | None
    created: float
    updated: float


@dataclass(frozen=True)
class DataSetRecord:
    """A data set; `visible` is the number of the ingestion whose rows it shows."""

    id: str
    definition: Mapping[str, Any]
    permissions: Sequence[Mapping[str, Any]]
    visible: int | None
    created: float
    updated: float

    @property
    def in_spice(self) -> bool:
        """Whether its rows live in SPICE."""
        return bool(self.definition["ImportMode"] == "SPICE")


@dataclass(frozen=True)
class Ingestion:
    """An ingestion; `n` counts all of them, sizes are bytes, times seconds since the epoch."""

    n: int
    data_set_id: str
    id: str
    status: str
    request_source: str
    request_type: str
    error_type: str | None
    error: str | None
    rows_ingested: int | None
    rows_dropped: int | None
    size: int | None
    created: float
    started: float | None
    updated: float

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE


class QuickRecords:
    """What Quick knows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def data_source(self, id_: str) -> DataSourceRecord | None:
        """One data source."""
        found = self._store.row("select * from data_sources where id = ?", id_)
        return _data_source(found) if found else None

    def data_sources(self, after: str = "", count: int = -1) -> list[DataSourceRecord]:
        """Data sources in the order of their ids."""
        rows = self._store.rows(
            "select * from data_sources where id > ? order by id limit ?", after, count
        )
        return [_data_source(row) for row in rows]

    def add_data_source(self, new: DataSourceRecord, permissions: Sequence[Any]) -> bool:
        """Keep a new one; False when its id is taken."""
        with self._store.change() as change:
            return _inserted(
                change,
                "insert into data_sources"
                " (id, definition, credentials, permissions, status, created, updated)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                new.id, json.dumps(new.definition), json.dumps(new.credentials),
                json.dumps(permissions), new.status, new.created, new.updated,
            )  # fmt: skip

    def change_data_source(self, changed: DataSourceRecord) -> None:
        """Replace what is known of it."""
        with self._store.change() as change:
            change.execute(
                "update data_sources set definition = ?, credentials = ?, status = ?, error = ?,"
                " updated = ? where id = ?",
                (
                    json.dumps(changed.definition), json.dumps(changed.credentials), changed.status,
                    json.dumps(changed.error) if changed.error else None,
                    changed.updated, changed.id,
                ),
            )  # fmt: skip

    def data_set(self, id_: str) -> DataSetRecord | None:
        """One data set."""
        found = self._store.row("select * from data_sets where id = ?", id_)
        return _data_set(found) if found else None

    def data_sets(self, after: str = "", count: int = -1) -> list[DataSetRecord]:
        """Data sets in the order of their ids."""
        rows = self._store.rows(
            "select * from data_sets where id > ? order by id limit ?", after, count
        )
        return [_data_set(row) for row in rows]

    def add_data_set(self, new: DataSetRecord, first_ingestion: str | None) -> bool:
        """Keep a new one, with its first ingestion; False when its id is taken."""
        with self._store.change() as change:
            added = _inserted(
                change,
                "insert into data_sets (id, definition, permissions, created, updated)"
                " values (?, ?, ?, ?, ?)",
                new.id, json.dumps(new.definition), json.dumps(new.permissions),
                new.created, new.updated,
            )  # fmt: skip
            if added and first_ingestion:
                _add_ingestion(
                    change, new.id, first_ingestion, "INITIAL_INGESTION", "INITIALIZED", new.created
                )
            return added

    def ingestion(self, data_set_id: str, id_: str) -> Ingestion | None:
        """One ingestion."""
        found = self._store.row(
            "select * from ingestions where data_set_id = ? and id = ?", data_set_id, id_
        )
        return Ingestion(**found) if found else None

    def ingestions(
        self, data_set_id: str, count: int, before: int = sys.maxsize
    ) -> list[Ingestion]:
        """A data set's ingestions numbered below `before`, newest first."""
        rows = self._store.rows(
            "select * from ingestions where data_set_id = ? and n < ? order by n desc limit ?",
            data_set_id,
            before,
            count,
        )
        return [Ingestion(**row) for row in rows]

    def by_number(self, n: int | None) -> Ingestion | None:
        """The ingestion of a number."""
        found = self._store.row("select * from ingestions where n = ?", n)
        return Ingestion(**found) if found else None

    def active(self, data_set_id: str | None = None) -> list[Ingestion]:
        """Those that have not ended, oldest first, of one data set or of all."""
        rows = self._store.rows(
            f"select * from ingestions where status in {ACTIVE}"
            " and data_set_id = coalesce(?, data_set_id) order by n",
            data_set_id,
        )
        return [Ingestion(**row) for row in rows]

    def request_ingestion(self, data_set_id: str, id_: str, request_type: str, now: float) -> str:
        """Keep a new one. Its status, or 'exists' for a taken id, or 'quota'."""
        with self._store.change() as change:
            if self.ingestion(data_set_id, id_):
                return "exists"
            used = self._store.row(
                "select count(*) as n from ingestions where data_set_id = ? and created > ?"
                " and request_type in ('FULL_REFRESH', 'INCREMENTAL_REFRESH')",
                data_set_id, now - QUOTA_SECONDS,
            )  # fmt: skip
            if used and used["n"] >= QUOTA:
                return "quota"
            status = "QUEUED" if self.active(data_set_id) else "INITIALIZED"
            _add_ingestion(change, data_set_id, id_, request_type, status, now)
            return status

    def start(self, n: int, now: float) -> bool:
        """Set it running; False when it was cancelled meanwhile."""
        with self._store.change() as change:
            started = change.execute(
                "update ingestions set status = 'RUNNING', started = ?, updated = ?"
                f" where n = ? and status in {ACTIVE}",
                (now, now, n),
            )
            return started.rowcount == 1

    def end(
        self,
        n: int,
        status: str,
        error_type: str,
        words: str,
        now: float,
        only: Iterable[str] = ACTIVE,
    ) -> bool:
        """End it as FAILED or CANCELLED; False when its status is none of `only`."""
        with self._store.change() as change:
            ended = change.execute(
                "update ingestions set status = ?, error_type = ?, error = ?, updated = ?"
                f" where n = ? and status in {tuple(only)}",
                (status, error_type, words, now, n),
            )
            return ended.rowcount == 1

    def complete(self, n: int, rows: Sequence[Sequence[Cell]], dropped: int, now: float) -> None:
        """End it well: its rows replace the data set's earlier ones, all or nothing."""
        cells = [json.dumps(row, separators=(",", ":")) for row in rows]
        size = sum(len(text.encode()) for text in cells)
        with self._store.change() as change:
            change.execute(
                "delete from spice_rows where ingestion in"
                " (select n from ingestions where data_set_id ="
                " (select data_set_id from ingestions where n = ?))",
                (n,),
            )
            change.executemany(
                "insert into spice_rows (ingestion, row_number, cells) values (?, ?, ?)",
                [(n, number, text) for number, text in enumerate(cells)],
            )
            change.execute(
                "update ingestions set status = 'COMPLETED', rows_ingested = ?, rows_dropped = ?,"
                " size = ?, updated = ? where n = ?",
                (len(rows), dropped, size, now, n),
            )
            change.execute(
                "update data_sets set visible = ?"
                " where id = (select data_set_id from ingestions where n = ?)",
                (n, n),
            )

    def spice_rows(self, data_set: DataSetRecord, count: int) -> list[list[Cell]]:
        """The rows a data set shows, at most `count` (-1: all)."""
        rows = self._store.rows(
            "select cells from spice_rows where ingestion = ? order by row_number limit ?",
            data_set.visible,
            count,
        )
        return [json.loads(row["cells"]) for row in rows]


def _add_ingestion(
    change: sqlite3.Connection,
    data_set_id: str,
    id_: str,
    request_type: str,
    status: str,
    now: float,
) -> None:
    change.execute(
        "insert into ingestions"
        " (data_set_id, id, status, request_source, request_type, created, updated)"
        " values (?, ?, ?, 'MANUAL', ?, ?, ?)",
        (data_set_id, id_, status, request_type, now, now),
    )


def _inserted(change: sqlite3.Connection, sql: str, *values: Any) -> bool:
    return change.execute(f"{sql} on conflict do nothing", values).rowcount == 1


def _data_source(row: Row) -> DataSourceRecord:
    return DataSourceRecord(
        id=row["id"],
        definition=json.loads(row["definition"]),
        credentials=json.loads(row["credentials"]),
        status=row["status"],
        error=json.loads(row["error"]) if row["error"] else None,
        created=row["created"],
        updated=row["updated"],
    )


def _data_set(row: Row) -> DataSetRecord:
    return DataSetRecord(
        id=row["id"],
        definition=json.loads(row["definition"]),
        permissions=json.loads(row["permissions"]),
        visible=row["visible"],
        created=row["created"],
        updated=row["updated"],
    )

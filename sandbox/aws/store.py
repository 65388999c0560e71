"""What is known, in one SQLite file `<home>/aws.sqlite` that outlives the process."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.errors import HomeBroken

FILE_NAME = "aws.sqlite"
VERSION = 1

_SCHEMA = """
create table statements (
    n integer primary key autoincrement,
    id text not null unique,
    access_key text not null,
    db_user text not null,
    endpoint text not null,
    name text,
    request text not null,
    client_token text,
    status text not null,
    error text,
    pid integer,
    has_result integer not null default 0,
    result_rows integer not null default -1,
    result_size integer not null default -1,
    columns text,
    created real not null,
    updated real not null
);
create index statements_token on statements (access_key, client_token);
create table result_pages (
    statement_id text not null references statements (id) on delete cascade,
    page integer not null,
    records text not null,
    primary key (statement_id, page)
);
create table data_sources (
    id text primary key,
    definition text not null,
    credentials text not null,
    permissions text not null,
    status text not null,
    error text,
    created real not null,
    updated real not null
);
create table data_sets (
    id text primary key,
    definition text not null,
    permissions text not null,
    visible integer references ingestions (n),
    created real not null,
    updated real not null
);
create table ingestions (
    n integer primary key autoincrement,
    data_set_id text not null references data_sets (id),
    id text not null,
    status text not null,
    request_source text not null,
    request_type text not null,
    error_type text,
    error text,
    rows_ingested integer,
    rows_dropped integer,
    size integer,
    created real not null,
    started real,
    updated real not null,
    unique (data_set_id, id)
);
create table spice_rows (
    ingestion integer not null references ingestions (n),
    row_number integer not null,
    cells text not null,
    primary key (ingestion, row_number)
) without rowid;
"""

Row = Mapping[str, Any]


class Store:
    """One connection for all threads, one change at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, for its owner only; raises HomeBroken for another version."""
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute("pragma foreign_keys = on")
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version == 0:
            self._connection.executescript(
                f"begin; {_SCHEMA} pragma user_version = {VERSION}; commit;"
            )
        elif version != VERSION:
            raise HomeBroken(
                f"{path} was made by another version of the sandbox: "
                f"delete {path.parent} and run `sandbox up`"
            )

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end, rolled back by any exception."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

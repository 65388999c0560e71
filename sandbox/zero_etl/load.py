"""Apply DynamoDB exports to a replica, each file whole or not at all."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from sandbox.home import Home
from sandbox.zero_etl import catalogue, replicas
from sandbox.zero_etl.catalogue import KEY_TYPES, Table
from sandbox.zero_etl.errors import BadExport, ZeroEtlError
from sandbox.zero_etl.exports import DataFile, find_files, read_batches
from sandbox.zero_etl.lines import Change
from sandbox.zero_etl.replicas import quoted, replica, writes
from sandbox.zero_etl.session import service

LOCK_TIMEOUT = "30s"


@dataclass(frozen=True)
class LoadReport:
    """What became of the items read. `unchanged`: older than, or equal to, what the replica had."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def items(self) -> int:
        """How many items the files held."""
        return self.inserted + self.updated + self.deleted + self.unchanged

    def __add__(self, other: "LoadReport") -> "LoadReport":
        return LoadReport(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.deleted + other.deleted,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True)
class Progress:
    """Called while files are read: once with the bytes of all, then with those of each batch."""

    total: Callable[[int], None] = lambda size: None
    advance: Callable[[int], None] = lambda size: None


def load(
    home: Home,
    name: str,
    paths: Sequence[Path],
    progress: Progress = Progress(),
    project: Path = catalogue.PROJECT,
) -> LoadReport:
    """Load data files, or folders of exports, into the replica of the DynamoDB table `name`.

    Files are applied in order, one transaction each; the newest write of an item wins whatever the
    order, so a repeated or older file changes nothing. A full export adds and updates items; what
    it lacks stays. Raises UnknownTable, BadExport, SandboxDown, ZeroEtlError; files before the bad
    one stay loaded.
    """
    table = catalogue.find(name, project)
    files = find_files(paths, table, tuple(catalogue.read(project)))
    progress.total(sum(file.path.stat().st_size for file in files))
    report = LoadReport()
    with service(home) as cursor:
        replicas.create(cursor, [table])
        for number, file in enumerate(files):
            try:
                report += _apply(cursor, table, file, progress.advance)
            except BadExport as error:
                raise ZeroEtlError(f"{error}. {_loaded(number, len(files))}") from error
    return report


def _loaded(number: int, total: int) -> str:
    if total == 1:
        return "Nothing of it was loaded"
    return (
        f"Nothing of it was loaded; {number} of {total} files before it were, and may be repeated"
    )


def _apply(cursor: Any, table: Table, file: DataFile, advance: Callable[[int], None]) -> LoadReport:
    statements = _Statements(table)
    # Whatever fails before the commit closes the session, and so undoes all of the file.
    cursor.execute("begin isolation level read committed")
    for statement in statements.prepare:
        cursor.execute(statement)
    _take(cursor, statements.take, read_batches(file, table, advance))
    cursor.execute(statements.apply)
    report = LoadReport(*cursor.fetchone())
    cursor.execute("commit")
    return report


def _take(cursor: Any, statement: str, batches: Iterable[Sequence[Change]]) -> None:
    """Send the batches; while the server takes one, the next is read."""
    with ThreadPoolExecutor(1) as sender:
        sent: Future[Any] = sender.submit(lambda: None)
        for batch in batches:
            rows = "\n".join(map(_row, batch))
            sent.result()
            sent = sender.submit(cursor.execute, statement, (rows,))
        sent.result()


def _row(change: Change) -> str:
    """One line of JSON: the key values as text, the time, the record."""
    return f"[{','.join(map(encode_basestring, change.key))},{change.micros},{change.record}]"


class _Statements:
    """The SQL of one load; PostgreSQL's own, as the service's sessions are not translated."""

    def __init__(self, table: Table) -> None:
        names = [quoted(name) for name, _ in table.keys]
        keys = ", ".join(names)
        types = ", ".join(f"{quoted(name)} {KEY_TYPES[kind]} not null" for name, kind in table.keys)
        values = ", ".join(
            f"(line ->> {at})::{KEY_TYPES[kind]}" for at, (_, kind) in enumerate(table.keys)
        )
        same = " and ".join(f"old.{name} = new.{name}" for name in names)
        width = len(names)
        fields = ", ".join(f"new.{name}" for name in names)

        self.prepare = [
            f"set local lock_timeout = '{LOCK_TIMEOUT}'",
            # Temporary tables have no statistics; a wrong guess must not cost a loop in a loop.
            "set local enable_nestloop = off",
            # First of all: loads of one table wait for each other, readers do not wait.
            f"lock table {writes(table)} in exclusive mode",
            f"""create temp table incoming (
                    place bigint generated always as identity, {types}, micros bigint, value super
                ) on commit drop""",
        ]
        # Materialized, or PostgreSQL would parse a line once per expression.
        self.take = f"""
            with lines as materialized (
                select line::jsonb from string_to_table(%s::text, chr(10)) as line
            )
            insert into incoming ({keys}, micros, value)
            select {values}, (line ->> {width})::bigint,
                coalesce(line -> {width + 1} -> 'Item', line -> {width + 1} -> 'NewImage')::super
            from lines"""
        self.apply = f"""
            with newest as (
                select distinct on ({keys}) * from incoming
                order by {keys}, micros desc, place desc
            ),
            newer as materialized (
                select new.* from newest as new left join {writes(table)} as old on {same}
                where old.micros is null or old.micros < new.micros
            ),
            times as (
                merge into {writes(table)} as old using newer as new on {same}
                when matched then update set micros = new.micros
                when not matched then insert ({keys}, micros) values ({fields}, new.micros)
            ),
            items as (
                merge into {replica(table)} as old using newer as new on {same}
                when matched and new.value is null then delete
                when matched and old.value::jsonb = new.value::jsonb then do nothing
                when matched then update set value = new.value
                when not matched and new.value is not null
                    then insert ({keys}, value) values ({fields}, new.value)
                returning merge_action() as action
            )
            select
                count(*) filter (where action = 'INSERT'),
                count(*) filter (where action = 'UPDATE'),
                count(*) filter (where action = 'DELETE'),
                (select count(*) from incoming) - count(*)
            from items"""

"""Apply DynamoDB exports to a replica, each file whole or not at all."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from sandbox.home import Home
from sandbox.zero_etl import SYNCED, UNSYNCED, catalogue, integrations, replicas
from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.errors import BadExport, ZeroEtlError
from sandbox.zero_etl.exports import DataFile, find_files, read_batches
from sandbox.zero_etl.integrations import Integration
from sandbox.zero_etl.lines import Change
from sandbox.zero_etl.session import service
from sandbox.zero_etl.statements import Statements


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
    it lacks stays. A replica that is not Synced takes only a full export, whole, which replaces
    what it holds. Raises UnknownTable, BadExport, SandboxDown, ZeroEtlError; files before the bad
    one stay loaded.
    """
    table = catalogue.find(name, project)
    files = find_files(paths, table, tuple(catalogue.read(project)))
    progress.total(sum(file.path.stat().st_size for file in files))
    with service(home) as cursor:
        replicas.create(cursor, [table])
        integration = _begin(cursor, table)
        if integration.state != SYNCED:
            return _resynchronise(cursor, table, integration, files, progress.advance)
        cursor.execute("rollback")
        report = LoadReport()
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


def _begin(cursor: Any, table: Table) -> Integration:
    """Open a load's transaction and give the integration as it is and, by the lock, stays.

    Whatever fails before the commit closes the session, and so undoes all of the transaction.
    """
    cursor.execute("begin isolation level read committed")
    for statement in Statements(table).prepare:
        cursor.execute(statement)
    (integration,) = integrations.read(cursor, table.database)
    return integration


def _apply(cursor: Any, table: Table, file: DataFile, advance: Callable[[int], None]) -> LoadReport:
    integration = _begin(cursor, table)
    if integration.state != SYNCED:
        raise ZeroEtlError(f"{table.name} became {integration.state} in between: load again")
    _take(cursor, Statements(table).take, read_batches(file, table, advance))
    cursor.execute(Statements(table).apply(integration.is_history_mode))
    report = LoadReport(*cursor.fetchone())
    integrations.note_load(cursor, table.database)
    cursor.execute("commit")
    return report


def _resynchronise(
    cursor: Any,
    table: Table,
    integration: Integration,
    files: Sequence[DataFile],
    advance: Callable[[int], None],
) -> LoadReport:
    """Replace what the replica holds by a full export; all of its files or none.

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
    """
    if integration.state not in UNSYNCED:
        raise ZeroEtlError(
            f"{table.name} is {integration.state}: nothing is replicated any more; "
            f"`sandbox replica state {table.name} {SYNCED}` undoes it"
        )
    statements = Statements(table)
    for file in files:
        batches = read_batches(file, table, advance)
        _take(cursor, statements.take, (_full(file, integration, batch) for batch in batches))
    cursor.execute(statements.forget)
    cursor.execute(statements.apply(integration.is_history_mode))
    report = LoadReport(*cursor.fetchone())
    cursor.execute(statements.leave_only_taken(integration.is_history_mode))
    report += LoadReport(deleted=cursor.rowcount)
    integrations.set_state(cursor, table.database, SYNCED, None)
    integrations.note_load(cursor, table.database)
    cursor.execute("commit")
    return report


def _full(file: DataFile, integration: Integration, batch: Sequence[Change]) -> Sequence[Change]:
    if not all(change.is_of_full_export for change in batch):
        raise BadExport(
            file.path,
            f"is no full export, and the replica is {integration.state}",
            "load a full export, which replaces all that the replica holds",
        )
    return batch


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

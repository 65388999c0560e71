"""Sessions that act at the same moment, and sessions that read without a pause."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from redshift_connector.core import Connection
from redshift_connector.error import Error

from sandbox.deadline import Deadline
from tests.refresh.project import Project

# Whoever waits longer waits for ever.
PATIENCE_SECONDS = 60


def connect(project: Project, user: str, patience_seconds: int = PATIENCE_SECONDS) -> Connection:
    """A session whose statements fail when they wait for too long."""
    connection = project.warehouse.connect(user)
    connection.autocommit = True
    connection.cursor().execute(f"set statement_timeout to {1000 * patience_seconds}")
    return connection


def run(connection: Connection, statements: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of the last one that has any."""
    rows: list[tuple[Any, ...]] = []
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
        if cursor.description:
            rows = [tuple(row) for row in cursor.fetchall()]
    return rows


class Callers:
    """Sessions that begin together, each with statements of its own; none may fail."""

    def __init__(self, project: Project, *users: str) -> None:
        self._sessions = [connect(project, user) for user in users]
        self._pool = ThreadPoolExecutor(len(users))
        self._start = threading.Barrier(len(users))

    def together(self, work: Sequence[Sequence[str]]) -> list[list[tuple[Any, ...]]]:
        """What each session's statements gave, in the order of the sessions."""

        def one(connection: Connection, statements: Sequence[str]) -> list[tuple[Any, ...]]:
            self._start.wait(PATIENCE_SECONDS)
            return run(connection, statements)

        return list(self._pool.map(one, self._sessions, work, timeout=2 * PATIENCE_SECONDS))

    def outcomes(self, *calls: Sequence[str]) -> list[str]:
        """How the refresh of each caller ended, the last one where each calls several in turn."""
        answers = self.together(list(zip(*calls, strict=True)))
        return [str(json.loads(answer[0][0])["outcome"]) for answer in answers]

    def __enter__(self) -> "Callers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for session in self._sessions:
            session.close()


class Reader:
    """Runs the same statements again and again until told to stop; keeps the last one's rows."""

    def __init__(self, connection: Connection, statements: Sequence[str]) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self.error: Error | None = None
        self._connection = connection
        self._statements = statements
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._is_stopped.is_set():
            try:
                rows = []
                for statement in self._statements:
                    rows += run(self._connection, [statement])
            except Error as error:
                self.error = error
                return
            self.seen.append(tuple(value for row in rows for value in row))

    def wait_for_reads(self, number: int) -> None:
        """Until so many more reads have begun and ended, or one has failed."""
        wanted = len(self.seen) + number + 1
        patience = Deadline.after(PATIENCE_SECONDS)
        assert patience.wait(lambda: len(self.seen) >= wanted or self.error is not None)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_stopped.set()
        self._thread.join(PATIENCE_SECONDS)

"""Several users at work beside each other, and what tells when one of them waits."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from redshift_connector.core import Connection

from sandbox.deadline import Deadline
from sandbox.home import Home

Connect = Callable[..., Connection]


class Talk:
    """A session of one user, whose statements may be left waiting."""

    def __init__(self, connection: Connection) -> None:
        connection.autocommit = True
        self.connection = connection
        self.pool = ThreadPoolExecutor(1)
        self.pid = self.run("select pg_backend_pid()")[0][0]

    def run(self, *statements: str) -> list[list[Any]]:
        """The rows of the last statement."""
        rows: list[list[Any]] = []
        for sql in statements:
            cursor = self.connection.cursor()
            cursor.execute(sql)
            rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
        return rows

    def start(self, sql: str) -> "Future[list[list[Any]]]":
        """Begin a statement that may have to wait."""
        return self.pool.submit(self.run, sql)


class Stage:
    """Users, and the warehouse as its own service sees it."""

    def __init__(self, home: Home, connect: Connect, cursor: Any) -> None:
        self.connect = connect
        self.cursor = cursor
        self.home = home

    def enter(self, user: str = "deployer") -> Talk:
        return Talk(self.connect(user))

    def until(self, sql: str, *values: object) -> None:
        """Wait until the service's own statement gives true."""

        def seen() -> bool:
            self.cursor.execute(sql, values)
            return bool(self.cursor.fetchone()[0])

        assert Deadline.after(20).wait(seen), sql

    def until_waits(self, *talks: Talk) -> None:
        """Wait until each of these waits for a lock."""
        for talk in talks:
            self.until("select count(*) > 0 from pg_locks where not granted and pid = %s", talk.pid)


def procedure(schema: str, name: str, body: str, arguments: str = "n out integer") -> str:
    return (
        f"create procedure {schema}.{name}({arguments}) as $$ {body} $$"
        " language plpgsql security definer"
    )


@contextmanager
def holding(stage: Stage, table: str) -> Iterator[Talk]:
    """Another transaction that has locked the table; the test ends it."""
    holder = stage.enter()
    holder.run("begin", f"lock {table}")
    yield holder

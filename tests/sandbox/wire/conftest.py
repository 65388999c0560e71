"""Clients: one that sends the protocol's messages one by one, and several beside each other."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from redshift_connector.core import Connection

from sandbox.isolation import LEVELS, SNAPSHOT, set_level
from sandbox.wire import messages
from sandbox.wire.messages import message, string
from sandbox.zero_etl.session import service
from tests.conftest import Warehouse
from tests.sandbox.wire.stage import Connect, Stage


@dataclass(frozen=True)
class RawClient:
    """Messages over a connection that redshift_connector has opened."""

    socket: socket.socket
    splitter: messages.Splitter

    def send(self, *sent: bytes) -> None:
        self.socket.sendall(b"".join(sent))

    def until_ready(self, times: int = 1) -> list[tuple[bytes, bytes]]:
        """All answers up to the n-th that says the server is ready."""
        answers: list[tuple[bytes, bytes]] = []
        while times:
            chunk = self.socket.recv(65536)
            assert chunk, f"the server hung up after {answers}"
            for part in self.splitter.feed(chunk):
                answers.append(part)
                times -= part[0] == b"Z"
        return answers

    def query(self, sql: str) -> list[tuple[bytes, bytes]]:
        self.send(message(b"Q", string(sql)))
        return self.until_ready()


@pytest.fixture
def raw(connect: Callable[..., Connection]) -> Callable[..., RawClient]:
    def open_one(user: str = "deployer") -> RawClient:
        opened = connect(user)._usock
        opened.settimeout(20)
        return RawClient(opened, messages.Splitter())

    return open_one


@pytest.fixture(params=LEVELS, scope="module")
def level(request: pytest.FixtureRequest, warehouse: Warehouse) -> Iterator[str]:
    set_level(warehouse.home, request.param)
    yield request.param
    set_level(warehouse.home, SNAPSHOT)


@pytest.fixture
def stage(warehouse: Warehouse, connect: Connect) -> Iterator[Stage]:
    with service(warehouse.home) as cursor:
        yield Stage(warehouse.home, connect, cursor)


@pytest.fixture
def schema(stage: Stage) -> Iterator[str]:
    """A schema with tables `a` and `b` of one row, 1, each, and a `gate`; dropped at the end."""
    name = f"isolation_{uuid4().hex[:12]}"
    owner = stage.enter()
    owner.run(
        f"create schema {name}",
        *(f"create table {name}.{table} (n integer)" for table in ("a", "b", "gate")),
        *(f"insert into {name}.{table} values (1)" for table in ("a", "b")),
        f"grant usage on schema {name} to scheduler, quick",
    )
    yield name
    # What a failed test left open goes with its session.
    stage.cursor.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename <> 'rdsdb'"
        " and query like %s and pid <> pg_backend_pid()",
        (f"%{name}%",),
    )
    stage.cursor.execute(f"drop schema {name} cascade")

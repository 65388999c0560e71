"""What ends early: clients, statements, the listener itself; and what is large."""

import json
import os
import signal
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

from bench.machine import most_megabytes
from sandbox import lifecycle
from sandbox.deadline import Deadline
from sandbox.home import HOST, Home, ServerState
from sandbox.wire import messages
from tests.conftest import Warehouse

# Long enough that only an early end explains an answer; recursive, so Redshift has it too.
ENDLESS = """
with recursive steps(n) as (select 1 union all select n + 1 from steps where n < 100000000)
select count(*) from steps
"""
MANY = """
with recursive steps(n) as (select 1 union all select n + 1 from steps where n < {rows})
select n, json_parse('{{"key": [1, 2], "text": "{filler}"}}') as value from steps
"""


def _value(connection: Connection, sql: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()[0][0]


def _wire(warehouse: Warehouse) -> ServerState:
    state = warehouse.state.wire
    assert state is not None
    return state


def _lives(service: Connection, pid: int) -> bool:
    sql = f"select count(*) from pg_stat_activity where pid = {pid} and state = 'active'"
    return bool(_value(service, sql))


@pytest.fixture
def service(warehouse: Warehouse) -> Any:
    """The service user's session, which sees every other."""
    connection = warehouse.connect("rdsdb", warehouse.state.service_password)
    connection.autocommit = True
    yield connection
    connection.close()


def test_a_cancel_request_ends_the_statement_in_redshifts_words(
    warehouse: Warehouse, connect: Callable[..., Connection], service: Connection
) -> None:
    busy = connect("deployer")
    pid = _value(busy, "select pg_backend_pid()")
    key = struct.unpack("!2i", busy._backend_key_data or b"")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_value, busy, ENDLESS)
        assert Deadline.after(10).wait(lambda: _lives(service, pid))
        with socket.create_connection((HOST, _wire(warehouse).port)) as other:
            other.sendall(struct.pack("!4i", 16, messages.CANCEL_REQUEST, *key))
        with pytest.raises(ProgrammingError, match="Query cancelled on user's request"):
            running.result(timeout=10)
    busy.rollback()
    assert _value(busy, "select 1") == 1


def test_a_client_that_dies_ends_its_statement(
    connect: Callable[..., Connection], service: Connection
) -> None:
    busy = connect("deployer")
    pid = _value(busy, "select pg_backend_pid()")
    busy._usock.sendall(messages.message(b"Q", messages.string(ENDLESS)))
    assert Deadline.after(10).wait(lambda: _lives(service, pid))
    busy._usock.shutdown(socket.SHUT_RDWR)
    assert Deadline.after(10).wait(lambda: not _lives(service, pid))


def test_nonsense_on_the_port_is_answered_and_ends(warehouse: Warehouse) -> None:
    with socket.create_connection((HOST, _wire(warehouse).port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = client.recv(4096)
        rest = client.recv(4096)
    assert messages.fields(answer[5:])["C"] == "08P01"
    assert rest == b""


def test_twenty_sessions_with_large_results_stay_small(
    warehouse: Warehouse, raw: Callable[..., Any]
) -> None:
    clients = [raw() for _ in range(20)]
    query = MANY.format(rows=10_000, filler="x" * 2000)
    for client in clients:
        client.send(messages.message(b"Q", messages.string(query)))
    # The others have as much under way, unread, as this one takes.
    assert len(clients[-1].until_ready()) == 10_003
    assert most_megabytes(_wire(warehouse).pid or 0) < 300


def test_a_listener_that_is_killed_or_ended_leaves_nothing_behind(
    new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_WIRE_LOG", "1")
    state = lifecycle.up(new_home, {"wire": 0, "aws": 0})
    assert state.wire is not None
    warehouse = Warehouse(new_home)
    locking = warehouse.connect()
    for sql in ("create schema kept", "create table kept.kept (n integer)", "commit"):
        locking.cursor().execute(sql)
    locking.cursor().execute("lock table kept.kept")
    os.kill(int(state.wire.pid or 0), signal.SIGKILL)
    assert Deadline.after(10).wait(lambda: not new_home.alive("wire"))
    lifecycle.up(new_home)
    again = warehouse.connect()
    again.cursor().execute("set statement_timeout to 10000")
    assert _value(again, "select count(*) from kept.kept") == 0
    os.kill(_wire(warehouse).pid or 0, signal.SIGTERM)
    again._usock.settimeout(10)
    assert messages.fields(again._usock.recv(4096)[5:])["C"] == "57P01"
    assert "Traceback" not in (new_home.log_dir / "wire.log").read_text()
    journal = (new_home.log_dir / "statements.jsonl").read_text().splitlines()
    assert "lock" in [json.loads(line)["kind"] for line in journal]

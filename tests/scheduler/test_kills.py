"""A run that is killed anywhere is finished by the next one."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from redshift_connector.error import Error as DriverError

from sandbox import lifecycle
from sandbox.home import Home
from tests.conftest import Warehouse
from tests.scheduler.conftest import Blocked, Order, until
from tests.scheduler.stand_in import StandIn

# One slot, whatever the time.
RUN = ("run", "health", "--slot", "2026-03-31T12:00Z")


def test_killed_before_it_knew_its_statement(with_quick: StandIn, order_fault: Order) -> None:
    subject = with_quick
    subject.arrive(2)
    order_fault(operation="DescribeStatement", delay=5)
    process = subject.start(*RUN, "--no-quick")
    until(lambda: bool(subject.refreshes()))
    process.kill()
    process.communicate()
    finished(subject)


def test_killed_while_it_waited(with_quick: StandIn, blocked: Blocked) -> None:
    subject = with_quick
    subject.arrive(2)
    with blocked(subject):
        process = subject.start(*RUN)
        until(lambda: [status for _, status in subject.refreshes()] == ["STARTED"])
        process.kill()
        process.communicate()
    finished(subject)


def test_killed_between_refresh_and_ingestion(with_quick: StandIn, order_fault: Order) -> None:
    subject = with_quick
    subject.arrive(2)
    where = {"Sql": f"call {subject.ops}.check_health()"}
    order_fault(operation="Statement", where=where, delay=5)
    process = subject.start(*RUN)
    check = f"{subject.environment}/health/check/"
    until(lambda: bool(subject.cycle(0).statements.list(check)))
    process.kill()
    process.communicate()
    assert subject.own_ingestions() == []
    finished(subject)


def test_killed_after_it_started_the_ingestion(with_quick: StandIn, order_fault: Order) -> None:
    subject = with_quick
    subject.arrive(2)
    order_fault(operation="Ingestion", delay=2)
    process = subject.start(*RUN)
    until(lambda: subject.ingestion_states()[0] == "RUNNING")
    process.kill()
    process.communicate()
    finished(subject)


def test_services_killed_under_it(new_home: Home, tmp_path: Path) -> None:
    """Database, wire and API server, each killed while a refresh runs, and started again."""
    lifecycle.up(new_home, {"wire": 0, "aws": 0})
    warehouse = Warehouse(new_home)
    variables = warehouse.environment()
    connection = warehouse.connect("deployer")
    subject = StandIn("k", tmp_path, connection, variables)
    subject.build()
    subject.arrive(2)
    for name in ("engine", "wire", "aws"):
        holder = warehouse.connect("deployer")
        holder.cursor().execute(f"lock table {subject.ops}.state_health")
        process = subject.start(*RUN, "--no-quick")
        until(lambda: "STARTED" in [status for _, status in subject.refreshes()])
        pid = new_home.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=60)
        lifecycle.up(new_home)
        with contextlib.suppress(DriverError, OSError):
            holder.rollback()
    code, out, err = subject.run(*RUN, "--no-quick")
    assert (code, err) == (0, ""), out
    again = StandIn("k", tmp_path, warehouse.connect("deployer"), variables)
    assert again.sql(f"select count(*) from {subject.marts}.health") == [[2]]
    assert again.refreshes()[-1][1] == "FINISHED"


def finished(subject: StandIn) -> None:
    """The next run goes on: one statement, one ingestion, all rows in SPICE."""
    code, out, err = subject.run(*RUN)
    assert (code, err) == (0, ""), out
    assert [status for _, status in subject.refreshes()] == ["FINISHED"]
    assert subject.own_ingestions() == ["r1"]
    newest = subject.ingestions()[0]
    assert newest["RowInfo"]["TotalRowsInDataset"] == 2

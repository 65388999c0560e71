"""A run that is killed anywhere is finished by the next one."""

from __future__ import annotations

from tests.scheduler.conftest import Blocked, Order, until
from tests.scheduler.stand_in import StandIn


def test_killed_before_it_knew_its_statement(with_quick: StandIn, order_fault: Order) -> None:
    subject = with_quick
    subject.arrive(2)
    order_fault(operation="DescribeStatement", delay=5)
    process = subject.start("run", "health", "--no-quick")
    until(lambda: bool(subject.refreshes()))
    process.kill()
    process.communicate()
    finished(subject)


def test_killed_while_it_waited(with_quick: StandIn, blocked: Blocked) -> None:
    subject = with_quick
    subject.arrive(2)
    with blocked(subject):
        process = subject.start("run", "health")
        until(lambda: [status for _, status in subject.refreshes()] == ["STARTED"])
        process.kill()
        process.communicate()
    finished(subject)


def test_killed_between_refresh_and_ingestion(with_quick: StandIn, order_fault: Order) -> None:
    subject = with_quick
    subject.arrive(2)
    where = {"Sql": f"call {subject.ops}.check_health()"}
    order_fault(operation="Statement", where=where, delay=5)
    process = subject.start("run", "health")
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
    process = subject.start("run", "health")
    until(lambda: subject.ingestion_states()[0] == "RUNNING")
    process.kill()
    process.communicate()
    finished(subject)


def finished(subject: StandIn) -> None:
    """The next run goes on: one statement, one ingestion, all rows in SPICE."""
    code, out, err = subject.run("run", "health")
    assert (code, err) == (0, ""), out
    assert [status for _, status in subject.refreshes()] == ["FINISHED"]
    assert subject.own_ingestions() == ["r1"]
    newest = subject.ingestions()[0]
    assert newest["RowInfo"]["TotalRowsInDataset"] == 2

"""A cycle's first half against the Data API: submit, reattach, retry, cancel."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.errors import (
    DONE,
    SKIPPED,
    TRY_LATER,
    Busy,
    ServiceRefused,
    StatementFailed,
    TryLater,
    UnknownAnswer,
)
from scheduler.report import Report
from tests.scheduler.conftest import Blocked, Order, until
from tests.scheduler.stand_in import StandIn

NOON = "incremental/2026-03-31T12:00Z"
QUARTER_PAST = "incremental/2026-03-31T12:15Z"
NO_TIME = timedelta(0)


class HastyClock(SystemClock):
    """A clock that does not let anybody wait."""

    def sleep(self, seconds: float) -> None:
        """Do not wait."""


def run(subject: StandIn, number: int, **settings: timedelta | bool) -> Report:
    return subject.cycle(number, quick=False, clock=HastyClock(), **settings).run()  # type: ignore[arg-type]


def rows(subject: StandIn) -> int:
    [[count]] = subject.sql(f"select count(*) from {subject.marts}.health")
    return int(count)


def test_a_slot_is_done_once(subject: StandIn) -> None:
    subject.arrive(3)
    first = run(subject, 0)
    again = run(subject, 0)
    assert (first.outcome, first.how, first.exit_code) == ("done", "submitted", DONE)
    assert first.models["health"].written == 3
    assert (again.outcome, again.how, again.exit_code) == ("slot_done", "already_finished", DONE)
    assert again.models == {}
    assert subject.refreshes() == [(f"{NOON}/1", "FINISHED")]
    assert rows(subject) == 3


def test_the_next_slot_with_nothing_new_changes_nothing(subject: StandIn) -> None:
    subject.arrive(3)
    run(subject, 0)
    report = run(subject, 1)
    assert (report.outcome, report.refresh_id, report.changed_refresh_id) == ("nothing_new", 2, 1)
    assert rows(subject) == 3


def test_a_slot_before_the_newest_is_superseded(subject: StandIn) -> None:
    run(subject, 1)
    report = run(subject, 0)
    assert (report.outcome, report.exit_code) == ("superseded", SKIPPED)


def test_two_environments_do_not_meet(subject: StandIn, blocked: Blocked) -> None:
    other = StandIn(
        f"{subject.environment}_b", subject.folder / "b", subject.connection, subject.variables
    )
    other.folder.mkdir()
    other.build()
    with blocked(subject), pytest.raises(TryLater):
        run(subject, 0, timeout=NO_TIME, leave_running=True)
    assert run(other, 0).how == "submitted"


def test_runs_at_the_same_time_share_one_statement(subject: StandIn) -> None:
    subject.arrive(2)
    together = threading.Barrier(4)
    reports: list[Report] = []

    def one() -> None:
        cycle = subject.cycle(0, quick=False)
        together.wait()
        reports.append(cycle.run())

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {report.exit_code for report in reports} == {DONE}
    assert len(reports) == 4
    assert subject.refreshes() == [(f"{NOON}/1", "FINISHED")]
    assert rows(subject) == 2


def test_a_running_statement_is_left_out_by_others_and_taken_up_by_its_own(
    subject: StandIn, blocked: Blocked
) -> None:
    with blocked(subject):
        words = f"{NOON}/1 is .*waits for it again; who holds the subject's lock is not known"
        with pytest.raises(TryLater, match=words):
            run(subject, 0, timeout=NO_TIME, leave_running=True)
        overlap = run(subject, 1)
    report = run(subject, 0)
    assert (overlap.outcome, overlap.exit_code) == ("skipped", SKIPPED)
    assert overlap.statement == f"{subject.environment}/health/{NOON}/1"
    assert (f"{subject.environment}/health/{QUARTER_PAST}", "skipped") in [
        tuple(row) for row in subject.ledger("refresh")
    ]
    assert report.how in ("reattached", "already_finished")
    assert subject.refreshes() == [(f"{NOON}/1", "FINISHED")]


def test_a_patient_run_waits_for_another_slot_or_mode(subject: StandIn, blocked: Blocked) -> None:
    with ThreadPoolExecutor(1) as other:
        with blocked(subject):
            with pytest.raises(TryLater):
                run(subject, 0, timeout=NO_TIME, leave_running=True)
            waiting = other.submit(
                subject.cycle(1, quick=False, mode="reconcile", is_patient=True).run
            )
            impatient = subject.cycle(
                1, quick=False, timeout=NO_TIME, mode="reconcile", is_patient=True
            )
            assert impatient.run().outcome == "skipped"
            assert not waiting.done()
        report = waiting.result()
    assert (report.outcome, report.how) == ("nothing_new", "submitted")
    assert [status for _, status in subject.refreshes()] == ["FINISHED", "FINISHED"]


def test_a_statement_that_hangs_is_cancelled_at_the_deadline(
    subject: StandIn, blocked: Blocked
) -> None:
    subject.arrive(1)
    with blocked(subject), pytest.raises(StatementFailed, match="ABORTED"):
        run(subject, 0, timeout=timedelta(seconds=1))
    assert subject.refreshes() == [(f"{NOON}/1", "ABORTED")]
    assert subject.ledger("refresh") == [[f"{subject.environment}/health/{NOON}/1", "aborted"]]
    assert rows(subject) == 0
    assert run(subject, 0).outcome == "done"
    assert subject.refreshes()[1:] == [(f"{NOON}/2", "FINISHED")]


@pytest.mark.parametrize(
    "error",
    [
        "1023 DETAIL: Serializable isolation violation on table - 1, transactions forming ...",
        "could not complete because of conflict with concurrent transaction",
        "Service returned error code ThrottlingException",
    ],
)
def test_a_passing_failure_is_sent_again_as_a_new_attempt(
    subject: StandIn, order_fault: Order, error: str
) -> None:
    name = f"{subject.environment}/health/{NOON}/1"
    order_fault(operation="Statement", where={"StatementName": name}, error="x", message=error)
    report = run(subject, 0)
    assert report.statement == f"{subject.environment}/health/{NOON}/2"
    assert subject.refreshes() == [(f"{NOON}/1", "FAILED"), (f"{NOON}/2", "FINISHED")]
    assert [name, "failed"] in subject.ledger("refresh")


def test_a_failure_that_keeps_passing_is_given_up_after_three_attempts(
    subject: StandIn, order_fault: Order
) -> None:
    for attempt in range(1, 5):
        name = f"{subject.environment}/health/{NOON}/{attempt}"
        where = {"StatementName": name}
        order_fault(operation="Statement", where=where, error="x", message="deadlock detected")
    with pytest.raises(StatementFailed, match="deadlock detected"):
        run(subject, 0)
    assert len(subject.refreshes()) == 3


def test_a_lasting_failure_is_sent_once_and_recorded_once(subject: StandIn) -> None:
    procedure = f"procedure {subject.ops}.refresh_health(timestamp, varchar)"
    subject.sql(f"revoke execute on {procedure} from scheduler")
    name = f"{subject.environment}/health/{NOON}/1"
    with pytest.raises(StatementFailed, match="permission denied"):
        run(subject, 0)
    assert subject.refreshes() == [(f"{NOON}/1", "FAILED")]
    subject.sql(f"grant execute on {procedure} to scheduler")
    assert run(subject, 0).statement.endswith("/2")
    assert subject.ledger("refresh").count([name, "failed"]) == 1


def test_a_failure_nobody_could_record_is_recorded_by_the_next_cycle(subject: StandIn) -> None:
    procedure = (
        f"procedure {subject.ops}.record_outcome"
        "(varchar, varchar, timestamp, varchar, varchar, varchar, varchar)"
    )
    refresh = f"procedure {subject.ops}.refresh_health(timestamp, varchar)"
    subject.sql(
        f"revoke execute on {procedure} from scheduler",
        f"revoke execute on {refresh} from scheduler",
    )
    with pytest.raises(StatementFailed, match="refresh_health"):
        run(subject, 0)
    assert subject.ledger("refresh") == []
    subject.sql(
        f"grant execute on {procedure} to scheduler", f"grant execute on {refresh} to scheduler"
    )
    run(subject, 1)
    [failure, _] = subject.ledger("refresh")
    assert failure == [f"{subject.environment}/health/{NOON}/1", "failed"]
    [[detail]] = subject.sql(f"select detail from {subject.ops}.runs where outcome = 'failed'")
    assert "permission denied" in detail


def test_a_state_that_aws_may_invent_is_an_error_not_progress(
    subject: StandIn, order_fault: Order
) -> None:
    order_fault(operation="DescribeStatement", set={"Status": "ALL"})
    with pytest.raises(UnknownAnswer, match="'ALL'"):
        run(subject, 0)


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        ("ListStatements", "ThrottlingException", "Rate exceeded"),
        ("ExecuteStatement", "ActiveStatementsExceededException", "too many"),
        (
            "ExecuteStatement",
            "ValidationException",
            "Service returned error code ThrottlingException (Service: RedshiftServerless)",
        ),
        ("DescribeStatement", "ActiveWaitingRequestsExceededException", "too many"),
        ("GetStatementResult", "InternalServerException", "oops"),
    ],
)
def test_a_call_that_is_turned_away_once_is_repeated(
    subject: StandIn, order_fault: Order, operation: str, error: str, message: str
) -> None:
    status = 500 if error == "InternalServerException" else 400
    order_fault(operation=operation, error=error, message=message, status=status)
    assert run(subject, 0).outcome == "nothing_new"
    assert subject.refreshes() == [(f"{NOON}/1", "FINISHED")]


def test_a_lost_answer_does_not_run_the_statement_twice(
    subject: StandIn, order_fault: Order
) -> None:
    order_fault(operation="ExecuteStatement", drop="after")
    assert run(subject, 0).outcome == "nothing_new"
    assert subject.refreshes() == [(f"{NOON}/1", "FINISHED")]


def test_a_service_that_stays_busy_is_a_reason_to_try_later(
    subject: StandIn, order_fault: Order
) -> None:
    error = "ActiveStatementsExceededException"
    order_fault(operation="ExecuteStatement", error=error, message="500 active", count=None)
    with pytest.raises(
        Busy, match=r"ExecuteStatement: ActiveStatementsExceeded.*500 active"
    ) as raised:
        run(subject, 0)
    assert raised.value.exit_code == TRY_LATER


def test_a_refusal_is_not_repeated(subject: StandIn, order_fault: Order) -> None:
    order_fault(operation="ExecuteStatement", error="AccessDeniedException", message="no", count=1)
    with pytest.raises(ServiceRefused, match="ExecuteStatement: AccessDeniedException: no"):
        run(subject, 0)


def test_an_interrupt_cancels_what_this_run_sent(subject: StandIn, blocked: Blocked) -> None:
    with blocked(subject):
        process = subject.start("run", "health", "--no-quick")
        until(lambda: [status for _, status in subject.refreshes()] == ["STARTED"])
        process.terminate()
        _, err = process.communicate(timeout=30)
        assert [status for _, status in subject.refreshes()] == ["ABORTED"]
    assert process.returncode == TRY_LATER
    assert "interrupted, cancelling" in err

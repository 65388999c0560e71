"""What to do about a slot, given the statement list."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.errors import UnknownAnswer
from scheduler.plan import Finished, Overlap, Reattach, Statement, Submit, decide
from scheduler.slots import Work

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
WORK = Work("prod", "health", "incremental", NOON)
EARLIER = replace(WORK, slot=NOON - timedelta(minutes=15))
NIGHTLY = replace(EARLIER, mode="reconcile")


def statement(work: Work, attempt: int, status: str, minute: int) -> Statement:
    name = work.statement_name(attempt)
    return Statement(f"id-{name}", name, status, NOON + timedelta(minutes=minute))


def test_an_empty_list_means_a_first_attempt() -> None:
    assert decide([], WORK) == Submit(1, None)


@pytest.mark.parametrize("status", ["SUBMITTED", "PICKED", "STARTED"])
def test_the_slots_own_running_statement_is_waited_for(status: str) -> None:
    failed = statement(WORK, 1, "FAILED", 0)
    running = statement(WORK, 2, status, 1)
    assert decide([running, failed], WORK) == Reattach(running, 2)


@pytest.mark.parametrize("status", ["SUBMITTED", "PICKED", "STARTED"])
@pytest.mark.parametrize("other", [EARLIER, NIGHTLY, replace(WORK, mode="reconcile")])
def test_another_slot_or_mode_that_runs_is_an_overlap(status: str, other: Work) -> None:
    running = statement(other, 1, status, 0)
    assert decide([running], WORK) == Overlap(running)


def test_the_slots_finished_statement_is_not_repeated() -> None:
    done = statement(WORK, 1, "FINISHED", 0)
    assert decide([statement(EARLIER, 1, "FINISHED", -15), done], WORK) == Finished(done, 1, done)


def test_a_finished_slot_knows_the_newest_refresh_of_the_subject() -> None:
    later = replace(WORK, slot=NOON + timedelta(minutes=15))
    done, newest = statement(WORK, 1, "FINISHED", 0), statement(later, 1, "FINISHED", 15)
    assert decide([newest, done], WORK) == Finished(done, 1, newest)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
def test_a_failed_attempt_is_counted_and_handed_on_for_the_ledger(status: str) -> None:
    first, second = statement(WORK, 1, "FAILED", 0), statement(WORK, 2, status, 1)
    assert decide([second, first], WORK) == Submit(3, second)


def test_attempts_of_other_slots_do_not_count() -> None:
    assert decide([statement(EARLIER, 4, "FINISHED", -15)], WORK) == Submit(1, None)


def test_a_failure_before_the_newest_success_is_history() -> None:
    listed = [statement(EARLIER, 1, "FAILED", -15), statement(EARLIER, 2, "FINISHED", -14)]
    assert decide(listed, WORK) == Submit(1, None)


def test_checks_and_records_are_passed_over() -> None:
    check = Statement("c", "prod/health/check/2026-03-31T12:00:01.000001Z", "STARTED", NOON)
    assert decide([check], WORK) == Submit(1, None)


@pytest.mark.parametrize("status", ["RESUMING", "ALL", ""])
def test_an_unknown_state_is_an_error_that_names_it(status: str) -> None:
    with pytest.raises(UnknownAnswer, match=f"{status!r}; this version knows SUBMITTED"):
        decide([statement(WORK, 1, status, 0)], WORK)

"""What to do about a SPICE dataset, given its ingestions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.budget import (
    DAILY_INGESTIONS,
    SPACING,
    Attach,
    Current,
    Decision,
    Defer,
    GiveUp,
    Ingestion,
    Start,
    decide,
)
from scheduler.errors import UnknownAnswer

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def ingestion(name: str, status: str, minutes_ago: float, error: str = "") -> Ingestion:
    return Ingestion(name, status, NOW - timedelta(minutes=minutes_ago), error_type=error)


def decided(ingestions: Sequence[Ingestion], spacing: timedelta = SPACING) -> Decision:
    return decide("health", 7, ingestions, now=NOW, spacing=spacing)


def test_the_budget_is_one_ingestion_in_45_minutes() -> None:
    assert timedelta(minutes=45) == SPACING


def test_a_missing_ingestion_is_started() -> None:
    assert decided([]) == Start("health-r7")


@pytest.mark.parametrize("name", ["health-r7", "health-r7-2", "health-r7-13"])
def test_a_completed_one_makes_spice_current(name: str) -> None:
    done = ingestion(name, "COMPLETED", 500)
    assert decided([ingestion("health-r7", "FAILED", 600), done]) == Current(done)


@pytest.mark.parametrize("status", ["INITIALIZED", "QUEUED", "RUNNING"])
def test_one_on_its_way_is_waited_for(status: str) -> None:
    running = ingestion("health-r7-2", status, 1)
    assert decided([ingestion("health-r7", "FAILED", 2), running]) == Attach(running)


@pytest.mark.parametrize(
    "other", ["health-r70", "healthr7", "health-r6", "other-r7", "health-r7-x", "xhealth-r7"]
)
def test_an_ingestion_of_another_name_does_not_count_as_this_one(other: str) -> None:
    assert decided([ingestion(other, "COMPLETED", 500)]) == Start("health-r7")


def test_the_next_waits_for_45_minutes_after_the_last() -> None:
    last = ingestion("health-r6", "COMPLETED", 44)
    assert decided([last]) == Defer(last.created_at + SPACING, by_budget=False)
    assert decided([ingestion("health-r6", "COMPLETED", 45)]) == Start("health-r7")


def test_the_spacing_can_be_set() -> None:
    listed = [ingestion("health-r6", "COMPLETED", 1)]
    assert decided(listed, timedelta(0)) == Start("health-r7")


def test_ingestions_that_people_start_do_not_space_ours() -> None:
    assert decided([ingestion("by-hand", "COMPLETED", 1)]) == Start("health-r7")


def test_the_day_holds_32() -> None:
    day = [ingestion(f"by-hand-{n}", "COMPLETED", 40 * n + 100) for n in range(DAILY_INGESTIONS)]
    oldest = day[-1]
    assert decided(day) == Defer(oldest.created_at + timedelta(hours=24), by_budget=True)
    assert decided(day[1:]) == Start("health-r7")


def test_ingestions_older_than_a_day_or_on_a_schedule_are_not_in_the_budget() -> None:
    old = [ingestion(f"old-{n}", "COMPLETED", 24 * 60) for n in range(DAILY_INGESTIONS)]
    scheduled = [
        Ingestion(f"s-{n}", "COMPLETED", NOW - timedelta(hours=1), is_manual=False)
        for n in range(DAILY_INGESTIONS)
    ]
    assert decided([*old, *scheduled]) == Start("health-r7")


def test_a_passing_failure_is_tried_again_at_once_three_times_in_all() -> None:
    first = ingestion("health-r7", "FAILED", 2, "CONNECTION_FAILURE")
    second = ingestion("health-r7-2", "FAILED", 1, "QUERY_TIMEOUT")
    third = ingestion("health-r7-3", "FAILED", 0, "QUERY_TIMEOUT")
    assert decided([first]) == Start("health-r7-2")
    assert decided([second, first]) == Start("health-r7-3")
    assert decided([third, second, first]) == GiveUp(third, third.created_at + SPACING)


def test_a_passing_failure_is_not_tried_again_beyond_the_budget() -> None:
    failed = ingestion("health-r7", "FAILED", 1, "CONNECTION_FAILURE")
    day = [ingestion(f"by-hand-{n}", "COMPLETED", n + 2) for n in range(DAILY_INGESTIONS - 1)]
    assert isinstance(decided([failed, *day]), Defer)


@pytest.mark.parametrize(
    ("status", "error"),
    [("FAILED", "PERMISSION_DENIED"), ("FAILED", "NEW_ERROR"), ("CANCELLED", "")],
)
@pytest.mark.parametrize("spacing", [timedelta(0), SPACING])
def test_a_lasting_failure_is_not_tried_again_within_45_minutes(
    status: str, error: str, spacing: timedelta
) -> None:
    failed = ingestion("health-r7", status, 44, error)
    assert decided([failed], spacing) == GiveUp(failed, failed.created_at + SPACING)
    later = ingestion("health-r7", status, 45, error)
    assert decided([later], spacing) == Start("health-r7-2")


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(UnknownAnswer, match="'PAUSED'"):
        decided([ingestion("health-r7", "PAUSED", 1)])

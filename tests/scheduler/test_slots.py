"""Slots, names and tokens."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import WrongUse
from scheduler.slots import (
    MODES,
    Attempt,
    Work,
    client_token,
    current_slot,
    format_slot,
    newest_night,
    parse_duration,
    parse_slot,
    parse_statement_name,
    reprocess_mode,
)

QUARTER = timedelta(minutes=15)
NOW = datetime(2026, 3, 31, 12, 7, 30, tzinfo=UTC)

instants = st.integers(978307200, 4070908800).map(lambda s: datetime.fromtimestamp(s, UTC))
periods = st.sampled_from([timedelta(minutes=n) for n in (1, 7, 15, 45, 60, 1440)])


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_durations(text: str, length: timedelta) -> None:
    assert parse_duration(text, where="x") == length


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1m", "15 m", "15m5s", "1w"])
def test_a_duration_in_another_form_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(WrongUse, match=r"timeout: .*15m"):
        parse_duration(text, where="timeout")


def test_the_current_slot_is_the_newest_that_has_begun() -> None:
    assert format_slot(current_slot(NOW, QUARTER)) == "2026-03-31T12:00Z"


@given(instants, periods)
def test_the_current_slot_lies_on_the_grid_and_less_than_a_period_back(
    now: datetime, every: timedelta
) -> None:
    slot = current_slot(now, every)
    assert slot <= now < slot + every
    assert current_slot(slot, every) == slot


@pytest.mark.parametrize(
    "text",
    ["2026-03-31T12:00Z", "2026-03-31T12:00:00+00:00", "2026-03-31 14:00+02:00", "20260331T1200Z"],
)
def test_a_slot_in_any_zone_is_the_same_slot(text: str) -> None:
    assert parse_slot(text, every=QUARTER, now=NOW) == datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("yesterday", "is no time; write it like"),
        ("2026-02-30T12:00Z", "is no time"),
        ("0001-01-01T00:00+14:00", "is no time"),
        ("2026-03-31T12:00", "has no zone"),
        ("2026-03-31", "has no zone"),
        ("2026-03-31T12:10Z", "has not begun"),
        ("2026-03-31T12:15Z", "has not begun; the newest slot is 2026-03-31T12:00Z"),
        ("2026-03-31T11:50Z", "write 2026-03-31T11:45Z or 2026-03-31T12:00Z"),
    ],
)
def test_a_bad_slot_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(WrongUse, match=reason):
        parse_slot(text, every=QUARTER, now=NOW)


@given(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
    st.sampled_from(MODES),
    instants,
    st.integers(1, 999),
)
def test_a_statement_name_tells_the_work_and_the_attempt(
    environment: str, subject: str, mode: str, now: datetime, number: int
) -> None:
    work = Work(environment, subject, mode, current_slot(now, QUARTER))
    name = work.statement_name(number)
    assert parse_statement_name(name) == Attempt(work, number)
    assert name.startswith(work.subject_prefix)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "prod/health/check/2026-03-31T12:00:01.000001Z",
        "prod/health/incremental/2026-03-31T12:00Z",
        "prod/health/incremental/2026-03-31T12:00Z/x",
        "prod/health/full/2026-03-31T12:00Z/1",
        "prod/health/incremental/now/1",
    ],
)
def test_other_names_are_no_refresh(name: str) -> None:
    assert parse_statement_name(name) is None


@pytest.mark.parametrize(
    ("mode", "ledger"),
    [
        ("incremental", "incremental"),
        ("retain-facts", "retain facts"),
        ("reprocess-20260301-20260307", "reprocess"),
    ],
)
def test_every_mode_stands_in_a_statement_name_and_fits_the_ledger(mode: str, ledger: str) -> None:
    work = Work("prod", "health", mode, current_slot(NOW, QUARTER))
    assert parse_statement_name(work.statement_name(2)) == Attempt(work, 2)
    assert work.ledger_mode == ledger
    assert len(work.ledger_mode) <= 16


def test_a_night_is_the_newest_one_that_has_begun() -> None:
    two = timedelta(hours=2)
    night = datetime(2026, 3, 31, 2, tzinfo=UTC)
    assert newest_night(night, two) == night
    assert newest_night(night + timedelta(hours=23, minutes=59), two) == night


def test_a_range_of_days_that_ends_before_it_begins_is_refused() -> None:
    assert reprocess_mode(date(2026, 3, 1), date(2026, 3, 1)) == "reprocess-20260301-20260301"
    with pytest.raises(WrongUse, match="--from 2026-03-02 lies after --to 2026-03-01"):
        reprocess_mode(date(2026, 3, 2), date(2026, 3, 1))


def test_a_token_follows_from_the_name_and_fits_the_service() -> None:
    first, second = client_token("prod/health/1"), client_token("prod/health/2")
    assert first == client_token("prod/health/1") != second
    assert len(first) == 64

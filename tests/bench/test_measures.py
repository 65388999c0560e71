"""What a measurement says of its promise."""

import os

import pytest

from bench.__main__ import table
from bench.machine import describe, most_megabytes
from bench.measures import Measure, share_of


@pytest.mark.parametrize(
    ("value", "at_least", "kept"),
    [
        (9.9, False, True),
        (10, False, True),
        (10.1, False, False),
        (10.1, True, True),
        (9, True, False),
    ],
)
def test_a_promise_is_kept_or_not(value: float, at_least: bool, kept: bool) -> None:
    assert Measure("load", value, 10, "s", at_least).kept is kept


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ordered = [float(value) for value in range(100)]
    assert [share_of(ordered, share) for share in (0, 0.5, 0.99, 1)] == [0, 50, 99, 99]


def test_this_process_holds_some_memory() -> None:
    assert 5 < most_megabytes(os.getpid()) < 5000


def test_the_machine_stands_beside_the_numbers() -> None:
    assert table([]).title == describe()
    assert f"{os.cpu_count()} cores" in describe()

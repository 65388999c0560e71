"""Exports of hand-made histories: the net of a window, and what was there before it."""

from datetime import UTC, datetime
from typing import Any

from sandbox.telemetry.exports import History
from sandbox.telemetry.items import PIPELINE_LOGS
from sandbox.telemetry.runs import Write, micros
from tests.sandbox.telemetry.conftest import records

CUTS = tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4))
OF = [micros(cut) for cut in CUTS]


def write(at: int, value: str | None, key: str = "k") -> Write:
    return Write(PIPELINE_LOGS, (key,), at, None if value is None else {"x": {"S": value}})


def shown(*writes: Write) -> list[list[Any]]:
    """Per export of pipeline-logs its (time, old value, new value), the full one first."""
    history = History(CUTS)
    for one in writes:
        history.add([one])
    found = []
    for export in (one for one in history.exports() if one.table == PIPELINE_LOGS):
        rows = []
        for record in records(export):
            old, new = (record.get(name) for name in ("OldImage", "NewImage"))
            at = record.get("Metadata", {}).get("WriteTimestampMicros", {}).get("N", "0")
            new = record.get("Item", new)
            rows.append((int(at), old and old["x"]["S"], new and new["x"]["S"]))
        found.append(rows)
    return found


def test_an_item_in_every_window() -> None:
    writes = [write(OF[step] - 1, f"v{step}") for step in range(4)]
    assert shown(*writes) == [
        [(0, None, "v0")],
        [(OF[1] - 1, "v0", "v1")],
        [(OF[2] - 1, "v1", "v2")],
        [(OF[3] - 1, "v2", "v3")],
    ]


def test_a_write_at_the_cut_belongs_to_the_export_that_ends_there() -> None:
    assert shown(write(OF[0], "a"), write(OF[0] + 1, "b"))[:2] == [
        [(0, None, "a")],
        [(OF[0] + 1, "a", "b")],
    ]


def test_the_last_write_of_a_window_is_its_net_whatever_came_first() -> None:
    late_first = [write(OF[1] - 1, "new"), write(OF[1] - 5, "old")]
    assert shown(*late_first)[1] == [(OF[1] - 1, None, "new")]


def test_what_came_and_went_in_a_window_is_not_exported() -> None:
    assert shown(write(OF[1] - 2, "a"), write(OF[1] - 1, None)) == [[], [], [], []]


def test_a_deleted_item_leaves_its_old_image() -> None:
    assert shown(write(5, "a"), write(OF[2] - 1, None)) == [
        [(0, None, "a")],
        [],
        [(OF[2] - 1, "a", None)],
        [],
    ]


def test_an_item_that_comes_back_has_no_old_image() -> None:
    history = [write(5, "a"), write(OF[1] - 1, None), write(OF[2] - 1, "b")]
    assert shown(*history)[2] == [(OF[2] - 1, None, "b")]


def test_nothing_after_the_last_cut() -> None:
    assert shown(write(OF[3] + 1, "a")) == [[], [], [], []]

"""Histories under change detection by event time."""

import pytest

from tests.histories.detections import RecentHistory
from tests.histories.items import LOGS, Put
from tests.histories.telling import tell
from tests.histories.world import World
from tests.refresh.telemetry import log_item

DETECTION = "watermark"
MACHINE = RecentHistory


def test_histories(world: World) -> None:
    tell(MACHINE.of(world), 30)


@pytest.mark.nightly
def test_histories_of_a_night(world: World) -> None:
    tell(MACHINE.of(world), 600, at_random=True)


def test_the_first_day_of_the_lookback_is_seen_and_the_day_before_is_not(world: World) -> None:
    story = MACHINE.of(world)()
    for day in ("20260303", "20260228", "20260227"):
        story.refresh([Put(LOGS, log_item("returns", run_date=day))], "incremental")
    assert len(story.observer.logs) == 2
    story.teardown()

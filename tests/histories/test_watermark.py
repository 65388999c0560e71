"""Histories under change detection by event time."""

import pytest

from tests.histories.detections import RecentHistory
from tests.histories.telling import tell
from tests.histories.world import World

DETECTION = "watermark"
MACHINE = RecentHistory


def test_histories(world: World) -> None:
    tell(MACHINE.of(world), 30)


@pytest.mark.nightly
def test_histories_of_a_night(world: World) -> None:
    tell(MACHINE.of(world), 600, at_random=True)

"""Histories under change detection by full comparison."""

import pytest

from tests.histories.machine import History
from tests.histories.telling import tell
from tests.histories.world import World

DETECTION = "full"
MACHINE = History


def test_histories(world: World) -> None:
    tell(MACHINE.of(world), 40)


@pytest.mark.nightly
def test_histories_of_a_night(world: World) -> None:
    tell(MACHINE.of(world), 800, at_random=True)

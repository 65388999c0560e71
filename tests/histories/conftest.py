"""A warehouse of its own for histories, so that each begins with empty replicas."""

from collections.abc import Iterator

import pytest

from sandbox import lifecycle
from sandbox.home import Home
from tests.conftest import Warehouse
from tests.histories.world import World


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """`DETECTION` of the test's module is how its environments find changes."""
    folder = tmp_path_factory.mktemp("histories")
    home = Home(folder / "sandbox")
    try:
        lifecycle.up(home, {"wire": 0, "aws": 0})
        world = World(Warehouse(home), folder, request.module.DETECTION)
        yield world
        world.close()
    finally:
        lifecycle.down(home, delete=True)

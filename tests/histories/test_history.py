"""Histories under change detection by replicas in history mode."""

import pytest

from tests.histories.detections import RecordedHistory
from tests.histories.items import LOGS, Delete, Put
from tests.histories.telling import tell
from tests.histories.world import STAGED, World
from tests.refresh.project import VERSIONS
from tests.refresh.telemetry import log_item

DETECTION = "history"
MACHINE = RecordedHistory


def test_histories(world: World) -> None:
    tell(MACHINE.of(world), 30)


@pytest.mark.nightly
def test_histories_of_a_night(world: World) -> None:
    tell(MACHINE.of(world), 600, at_random=True)


def test_states_before_a_first_look_are_not_made_up_later(world: World) -> None:
    story = MACHINE.of(world)()
    story.write([Put(LOGS, log_item("orders"))])
    story.write([Delete(LOGS, 0)])
    story.write([Put(LOGS, log_item("returns"))])
    story.refresh_twice([], "incremental")
    story.teardown()


def test_states_that_a_reconcile_passed_over_are_not_made_up_later(world: World) -> None:
    story = MACHINE.of(world)()
    item = log_item("orders")
    story.refresh([Put(LOGS, item)], "incremental")
    story.write([Put(LOGS, item | {"status": {"S": "FAILED"}})])
    story.write([Put(LOGS, item)])
    story.redeploy(STAGED[LOGS])
    story.refresh_subject("reconcile")
    story.refresh_subject("incremental")
    story.teardown()


def test_a_replica_hours_behind_is_read_on_from_where_it_was(world: World) -> None:
    story = MACHINE.of(world)()
    item = log_item("orders")
    story.refresh([Put(LOGS, item)], "incremental")
    story.refresh_models([Delete(LOGS, 0)], [STAGED[LOGS]])
    story.write([Put(LOGS, item | {"status": {"S": "FAILED"}})])
    story.refresh([Put(LOGS, item)], "incremental")
    versions = f"select normalised_status from {World.table(VERSIONS)} order by refresh_id"
    assert world.rows(versions) == [("succeeded",), ("failed",), ("succeeded",)]
    story.teardown()

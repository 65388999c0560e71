"""The stand-in subject, and faults of the services on order."""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Connect, Warehouse
from tests.scheduler.stand_in import StandIn

Order = Callable[..., None]
Blocked = Callable[[StandIn], AbstractContextManager[None]]

_numbers = itertools.count(1)
_PATIENCE_SECONDS = 30


@pytest.fixture
def subject(warehouse: Warehouse, connect: Connect, tmp_path: Path) -> StandIn:
    """A subject in an environment that no other test uses."""
    made = StandIn(f"t{next(_numbers)}", tmp_path, connect("deployer"), warehouse.environment())
    made.build()
    return made


@pytest.fixture
def with_quick(subject: StandIn) -> StandIn:
    """The subject with its datasets, the first ingestion of which has ended."""
    subject.apply_quick()
    until(lambda: set(subject.ingestion_states()) == {"COMPLETED"})
    return subject


@pytest.fixture
def blocked(connect: Connect) -> Blocked:
    """`with blocked(subject):` its refresh waits, as it would for another writer."""

    @contextmanager
    def block(subject: StandIn) -> Iterator[None]:
        connection = connect("deployer")
        connection.cursor().execute(f"lock table {subject.ops}.state_health")
        try:
            yield
        finally:
            connection.rollback()

    return block


@pytest.fixture
def order_fault(warehouse: Warehouse) -> Iterator[Order]:
    """`order_fault(operation=..., ...)`; what is left over is forgotten when the test ends."""
    url = warehouse.environment()["AWS_ENDPOINT_URL_QUICKSIGHT"] + "/_faults"

    def send(method: str, body: dict[str, Any] | None = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)):
            pass

    yield lambda **fault: send("POST", fault)
    send("DELETE")


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fails when it does not come."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)

"""What the tests share: one sandbox for the whole session."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redshift_connector
from redshift_connector.core import Connection

from sandbox import lifecycle
from sandbox.environment import exports
from sandbox.home import USER_PASSWORD, Home, State

Connect = Callable[..., Connection]


@dataclass(frozen=True)
class Warehouse:
    """A running sandbox on ports of its own, in a home of its own."""

    home: Home

    @property
    def state(self) -> State:
        return self.home.state()

    def environment(self, user: str = "deployer", caller: str = "scheduler") -> dict[str, str]:
        """What `sandbox env` prints, as a mapping, and where the sandbox is."""
        return exports(self.state, user, caller) | {"SANDBOX_HOME": str(self.home.path)}

    def connect(self, user: str = "deployer", password: str | None = None) -> Connection:
        """A connection through the wire, autocommit off; the caller closes it."""
        wire = self.state.wire
        assert wire is not None
        return redshift_connector.connect(
            host=wire.host,
            port=wire.port,
            database=self.state.database,
            user=user,
            password=USER_PASSWORD if password is None else password,
            ssl=False,
        )


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    home = Home(tmp_path_factory.mktemp("shared") / "sandbox")
    try:
        lifecycle.up(home, {"wire": 0, "aws": 0})
        yield Warehouse(home)
    finally:
        lifecycle.down(home, delete=True)


@pytest.fixture
def connect(warehouse: Warehouse) -> Iterator[Connect]:
    """`connect(user)` gives connections that are closed when the test ends."""
    opened: list[Connection] = []

    def open_one(user: str = "deployer") -> Connection:
        opened.append(warehouse.connect(user))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Home]:
    """A home that no other test uses; whatever was started in it is stopped and removed."""
    home = Home(tmp_path / "sandbox")
    yield home
    lifecycle.down(home, delete=True)

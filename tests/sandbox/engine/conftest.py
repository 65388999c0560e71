from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redshift_connector

from sandbox.home import SERVICE_USER
from tests.conftest import Warehouse

Ask = Callable[[str], list[list[Any]]]


@pytest.fixture(scope="session")
def ask(warehouse: Warehouse) -> Iterator[Ask]:
    """Rows of a PostgreSQL statement, run as the service user: past the dialect and the gate."""
    state = warehouse.state
    assert state.wire is not None
    connection = redshift_connector.connect(
        host=state.wire.host,
        port=state.wire.port,
        database=state.database,
        user=SERVICE_USER,
        password=state.service_password,
        ssl=False,
    )
    connection.autocommit = True

    def run(sql: str) -> list[list[Any]]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [list(row) for row in cursor.fetchall()] if cursor.description else []

    yield run
    connection.close()

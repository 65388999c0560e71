"""A session of the service's own user, for replicas and loads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redshift_connector
from redshift_connector.error import Error as DriverError

from sandbox.errors import SandboxDown
from sandbox.home import SERVICE_USER, Home
from sandbox.zero_etl.errors import ZeroEtlError


@contextmanager
def service(home: Home) -> Iterator[Any]:
    """A cursor in autocommit mode. Raises SandboxDown, and ZeroEtlError when it is refused."""
    state = home.state()
    if state.wire is None or not home.alive("wire"):
        raise SandboxDown(f"the warehouse's port of {home.path} is closed: run `sandbox up`")
    try:
        connection = redshift_connector.connect(
            host=state.wire.host,
            port=state.wire.port,
            database=state.database,
            user=SERVICE_USER,
            password=state.service_password,
            ssl=False,
            application_name="zero_etl",
        )
    except (DriverError, OSError) as error:
        raise SandboxDown(f"no connection to the warehouse: {_words(error)}") from error
    connection.autocommit = True
    try:
        yield connection.cursor()
    except (DriverError, OSError) as error:
        raise ZeroEtlError(f"the warehouse refused: {_words(error)}") from error
    finally:
        _close(connection)


def _close(connection: Any) -> None:
    """Close it; a connection that the other side has closed already is closed."""
    try:
        connection.close()
    except (DriverError, OSError):
        return


def _words(error: Exception) -> str:
    fields = error.args[0] if error.args else error
    return str(fields.get("M", fields)) if isinstance(fields, dict) else str(error)

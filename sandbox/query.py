"""One statement through the warehouse's listener, as any client would send it."""

from dataclasses import dataclass
from typing import Any

import redshift_connector
from redshift_connector.error import Error as DriverError

from sandbox.errors import QueryFailed, SandboxDown
from sandbox.home import USER_PASSWORD, State

WIDTH = 100


@dataclass(frozen=True)
class Answer:
    """Rows of the statement, none and no columns where it returns none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notices: tuple[str, ...]


def run(state: State, user: str, statement: str) -> Answer:
    """Run it in a session of its own.

    Raises SandboxDown, and QueryFailed with the server's words.
    """
    wire = state.wire
    if wire is None:
        raise SandboxDown("the warehouse's listener is not up: run `sandbox up`")
    try:
        connection = redshift_connector.connect(
            host=wire.host,
            port=wire.port,
            database=state.database,
            user=user,
            password=USER_PASSWORD,
            ssl=False,
            application_name="sandbox sql",
        )
    except (DriverError, OSError) as error:
        raise SandboxDown(
            f"no connection to the warehouse: {words(error)}: run `sandbox up`"
        ) from error
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        # A % is the driver's parameter mark only where parameters are given.
        cursor.execute(statement)
        columns = tuple(column[0] for column in cursor.description or ())
        rows = tuple(tuple(row) for row in cursor.fetchall()) if columns else ()
        return Answer(columns, rows, tuple(_notice(one) for one in connection.notices))
    except (DriverError, OSError) as error:
        raise QueryFailed(words(error)) from error
    finally:
        connection.close()


def words(error: Exception) -> str:
    """What the server or the driver says, with the code, detail and hint that the server gives."""
    fields = error.args[0] if error.args else error
    if not isinstance(fields, dict):
        return str(fields)
    more = [str(fields[name]) for name in ("D", "H") if name in fields]
    return " ".join([f"{fields.get('M')} [{fields.get('C')}]", *more])


def table_text(answer: Answer) -> str:
    """The rows as a table of at most WIDTH columns, cut where it is wider."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*answer.columns, box=None, pad_edge=False)
    for row in answer.rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(width=WIDTH, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    count = len(answer.rows)
    return f"{capture.get()}({count} row{'' if count == 1 else 's'})"


def _notice(fields: Any) -> str:
    return str({_text(k): _text(v) for k, v in fields.items()}.get("M", fields))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)

"""The integrations as the engine keeps them: one per DynamoDB table, with its state."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.home import Home
from sandbox.zero_etl import catalogue, replicas
from sandbox.zero_etl.session import service


@dataclass(frozen=True)
class Integration:
    """One of them. Times are in UTC; `loaded_at` is None before the first load."""

    table: str
    database: str
    state: str
    reason: str | None
    is_history_mode: bool
    query_all_states: bool
    updated_at: datetime
    loaded_at: datetime | None


def read(cursor: Any, database: str | None = None) -> tuple[Integration, ...]:
    """That of a destination database, or all by name."""
    cursor.execute(
        """
        select table_name, database, table_state, reason, is_history_mode, query_all_states,
            updated_at, loaded_at
        from pg_catalog.rs_integration where database = coalesce(%s, database) order by table_name
        """,
        (database,),
    )
    return tuple(Integration(*row) for row in cursor.fetchall())


def set_state(cursor: Any, database: str, state: str, reason: str | None) -> None:
    """Put the table of a destination database into a state."""
    cursor.execute("select pg_catalog.rs_set_state(%s, %s, %s)", (database, state, reason))


def note_load(cursor: Any, database: str) -> None:
    """Remember that a load, whose items lie in `incoming`, brings the table up to now."""
    cursor.execute(
        """
        update pg_catalog.rs_integration
        set loaded_at = now() at time zone 'UTC', updated_at = now() at time zone 'UTC',
            checkpoint = greatest(checkpoint, (select max(micros) from incoming))
        where database = %s
        """,
        (database,),
    )


def show(home: Home, project: Path = catalogue.PROJECT) -> tuple[Integration, ...]:
    """All integrations, by table. Raises SandboxDown."""
    replicas.ensure(home, project)
    with service(home) as cursor:
        return read(cursor)


def put(
    home: Home,
    name: str,
    state: str,
    reason: str | None = None,
    project: Path = catalogue.PROJECT,
) -> None:
    """Put the table `name` into a state, as the service does. Raises UnknownTable, SandboxDown."""
    table = catalogue.find(name, project)
    with service(home) as cursor:
        replicas.create(cursor, [table])
        set_state(cursor, table.database, state, reason)

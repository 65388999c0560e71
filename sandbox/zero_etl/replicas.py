"""The replicas: per DynamoDB table one relation of key columns and a SUPER column `value`.

Nobody but the service may write them, as in the destination database of an integration:
docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.creating-db.html
Their states and history mode are the engine's (sandbox/engine/sql/zero_etl.sql).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.home import Home
from sandbox.zero_etl import catalogue
from sandbox.zero_etl.catalogue import KEY_TYPES, Table
from sandbox.zero_etl.session import service

# What a replica, a view, reads.
STORAGE_SCHEMA = "zero_etl_storage"
# Per item the time of the last write that was seen, deletions included; nobody else reads it.
WRITES_SCHEMA = "zero_etl_service"


def ensure(home: Home, project: Path = catalogue.PROJECT) -> None:
    """Make the replica of every table that the source yml knows, empty, where it does not exist.

    Raises SandboxDown, CatalogueError, ZeroEtlError.
    """
    tables = tuple(catalogue.read(project).values())
    if tables:
        with service(home) as cursor:
            create(cursor, tables)


def create(cursor: Any, tables: Sequence[Table]) -> None:
    """Make the missing replicas, all or none."""
    cursor.execute("begin")
    # Two sessions that make the same replica at once would fail one another.
    cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", (WRITES_SCHEMA,))
    for table in tables:
        cursor.execute(
            "select 1 from pg_catalog.rs_integration where database = %s", (table.database,)
        )
        if cursor.fetchone() is None:
            for statement in _statements(table):
                cursor.execute(statement)
            cursor.execute(
                "insert into pg_catalog.rs_integration (database, table_name) values (%s, %s)",
                (table.database, table.name),
            )
            cursor.execute("select pg_catalog.rs_show_replica(%s)", (table.database,))
    cursor.execute("commit")


def replica(table: Table) -> str:
    """The replica's name in PostgreSQL, quoted."""
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def storage(table: Table) -> str:
    """The name of the table that the replica reads, quoted."""
    return f"{STORAGE_SCHEMA}.{quoted(table.name)}"


def writes(table: Table) -> str:
    """The name of the table that keeps the time of each item's last write, quoted."""
    return f"{WRITES_SCHEMA}.{quoted(table.name)}"


def quoted(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def _statements(table: Table) -> list[str]:
    schema = quoted(table.schema)
    keys = ", ".join(f"{quoted(name)} {KEY_TYPES[kind]} not null" for name, kind in table.keys)
    return [
        f"create schema {schema}",
        f"create table {storage(table)} ({keys}, value super)",
        f"create table {writes(table)} ({keys}, micros bigint not null)",
        f"grant usage on schema {schema} to deployer",
    ]

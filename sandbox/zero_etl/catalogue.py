"""Which DynamoDB tables are replicated, and by which keys: read from the source yml of dbt.

The facts stand in `config.meta.dynamodb` of each source table, the partition key first:
`{table: failed-jobs, keys: {job_key: S, failed_at: S}, attributes: {...}}`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.names import schema_of
from sandbox.zero_etl.errors import CatalogueError, UnknownTable

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = "models/staging/*/*__sources.yml"
SCHEMA = "public"

# A partition key has at most 2048 bytes, a sort key 1024; an N key becomes decimal(38,18) at most.
# docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
# docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
KEY_TYPES = {"S": "varchar(2048)", "N": "decimal(38,18)"}
KEY_BYTES = 2048


@dataclass(frozen=True)
class Table:
    """A replicated DynamoDB table. `keys` holds (attribute, S or N), the partition key first."""

    name: str
    keys: tuple[tuple[str, str], ...]

    @property
    def database(self) -> str:
        """The database that Zero-ETL replicates the table into."""
        return f"zero_etl_{self.name.replace('-', '_').replace('.', '_')}"

    @property
    def schema(self) -> str:
        """The PostgreSQL schema that stands for schema `public` of that database."""
        return schema_of(self.database, SCHEMA)


def read(project: Path = PROJECT) -> Mapping[str, Table]:
    """The tables by DynamoDB name. Raises CatalogueError."""
    return {table.name: table for path in sorted(project.glob(SOURCES)) for table in _tables(path)}


def find(name: str, project: Path = PROJECT) -> Table:
    """The table of that name. Raises UnknownTable and CatalogueError."""
    tables = read(project)
    if name not in tables:
        known = ", ".join(sorted(tables)) or f"none, because no file {SOURCES} says so"
        raise UnknownTable(f"unknown DynamoDB table {name}: the source yml knows {known}")
    return tables[name]


def _tables(path: Path) -> Iterator[Table]:
    document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for source in document.get("sources", []):
        for table in source.get("tables", []):
            facts = table.get("config", {}).get("meta", {}).get("dynamodb")
            if facts:
                yield _table(path, facts)


def _table(path: Path, facts: Any) -> Table:
    try:
        table = Table(
            str(facts["table"]), tuple((str(k), str(v)) for k, v in facts["keys"].items())
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(
            f"{path}: config.meta.dynamodb needs `table` and `keys` ({{name: S or N}}): {facts}"
        ) from error
    if not 1 <= len(table.keys) <= 2 or not {kind for _, kind in table.keys} <= KEY_TYPES.keys():
        raise CatalogueError(
            f"{path}: {table.name} needs one or two keys, each of type S or N: {facts['keys']}"
        )
    return table

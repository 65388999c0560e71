"""DynamoDB tables of the tests' own, so that the replicas other tests read stay as they are."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.home import Home
from sandbox.zero_etl import catalogue, replicas
from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.load import LoadReport, load
from sandbox.zero_etl.session import service
from tests.conftest import Connect, Warehouse

Item = dict[str, Any]
_numbers = count(1)


def put(item: Item, micros: int, *keys: str, old: Item | None = None) -> Item:
    """A record of an incremental export."""
    record = {
        "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
        "Keys": {name: item[name] for name in keys},
        "NewImage": item,
    }
    return record | ({"OldImage": old} if old else {})


def delete(item: Item, micros: int, *keys: str) -> Item:
    """A record of an item that is gone."""
    record = put(item, micros, *keys, old=item)
    del record["NewImage"]
    return record


def write_lines(path: Path, records: Sequence[Item | str]) -> Path:
    """A data file: gzip if its name says so."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


def write_full_export(folder: Path, records: Sequence[Item | str], moment: str) -> Path:
    """A folder with the manifests of a full export of that moment and its data."""
    folder.mkdir()
    write_lines(folder / "data.json.gz", records)
    (folder / "manifest-files.json").write_text('{"dataFileS3Key": "data.json.gz"}')
    (folder / "manifest-summary.json").write_text(json.dumps({"exportTime": moment}))
    return folder


def write_source(project: Path, *tables: tuple[str, dict[str, str]]) -> Path:
    """A source yml like the project's, for tables of the given keys."""
    path = project / "models/staging/tests/_tests__sources.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = [
        {"name": name, "config": {"meta": {"dynamodb": {"table": name, "keys": keys}}}}
        for name, keys in tables
    ]
    path.write_text(
        yaml.safe_dump({"sources": [{"name": "tests", "tables": facts}]}, sort_keys=False)
    )
    return project


@dataclass(frozen=True)
class Replica:
    """One table, loaded from files that the test writes."""

    home: Home
    project: Path
    table: Table
    folder: Path

    def load(self, *records: Item | str) -> LoadReport:
        """Load one plain file of these records."""
        return self.load_files(write_lines(self.folder / "data.json", records))

    def load_files(self, *paths: Path) -> LoadReport:
        """Load files or folders."""
        return load(self.home, self.table.name, paths, project=self.project)

    def rows(self) -> dict[tuple[Any, ...], Any]:
        """The replica: key values to item."""
        with service(self.home) as cursor:
            cursor.execute(f"select * from {replicas.replica(self.table)}")
            rows = cursor.fetchall()
        found = {tuple(row[:-1]): json.loads(row[-1]) for row in rows}
        assert len(found) == len(rows)
        return found


@pytest.fixture
def new_replica(warehouse: Warehouse, tmp_path: Path) -> Iterator[Callable[..., Replica]]:
    """`new_replica(key=type, ...)` gives a replica that is dropped at the end of the test."""
    made: list[Table] = []

    def make(**keys: str) -> Replica:
        name = f"zero-etl-test-{next(_numbers)}"
        project = write_source(tmp_path / "project", (name, keys))
        made.append(catalogue.find(name, project))
        replicas.ensure(warehouse.home, project)
        return Replica(warehouse.home, project, made[-1], tmp_path)

    yield make
    with service(warehouse.home) as cursor:
        for table in made:
            cursor.execute(f"drop schema {replicas.quoted(table.schema)} cascade")
            cursor.execute(f"drop table {replicas.writes(table)}, {replicas.storage(table)}")
            cursor.execute(
                "delete from pg_catalog.rs_integration where database = %s", (table.database,)
            )


@pytest.fixture
def replica(new_replica: Callable[..., Replica]) -> Replica:
    """A table with the key `id`, a string."""
    return new_replica(id="S")


class Wire:
    """What a superuser, who owns the databases, says of one replica over the wire."""

    def __init__(self, connect: Connect, replica: Replica) -> None:
        connection = connect("admin")
        connection.autocommit = True
        self._cursor = connection.cursor()
        self.database = replica.table.database
        self.name = f'{self.database}.public."{replica.table.name}"'
        self.two_part = f'public."{replica.table.name}"'

    def run(self, statement: str) -> list[Any]:
        self._cursor.execute(statement)
        return list(self._cursor.fetchall()) if self._cursor.description else []

    def set(self, option: str) -> None:
        self.run(f"alter database {self.database} integration set {option}")

    def described(self, statement: str) -> tuple[list[str], list[Any]]:
        """The names of the columns, and the only row."""
        (row,) = self.run(statement)
        return [column[0] for column in self._cursor.description], row


@pytest.fixture
def wire(replica: Replica, connect: Connect) -> Wire:
    # In this order: connections close before the replica that they may hold a lock on is dropped.
    return Wire(connect, replica)

"""The tables come from the source yml."""

from pathlib import Path

import pytest

from sandbox.zero_etl import catalogue
from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.errors import CatalogueError, UnknownTable
from tests.sandbox.zero_etl.conftest import write_source


def test_the_projects_own_tables() -> None:
    tables = catalogue.read()
    assert tables["pipeline-logs"].keys == (("log_key", "S"),)
    assert tables["failed-jobs"].keys == (("job_key", "S"), ("failed_at", "S"))
    assert tables["pipeline-logs"].schema == "zero_etl_pipeline_logs.public"


def test_an_unknown_table_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    project = write_source(tmp_path, ("one", {"id": "S"}), ("two", {"id": "N"}))
    assert catalogue.find("two", project) == Table("two", (("id", "N"),))
    with pytest.raises(UnknownTable, match=r"unknown DynamoDB table three: .* knows one, two"):
        catalogue.find("three", project)


@pytest.mark.parametrize(
    "keys", [{}, {"id": "B"}, {"a": "S", "b": "S", "c": "S"}], ids=["none", "binary", "three"]
)
def test_keys_that_cannot_be_replicated(tmp_path: Path, keys: dict[str, str]) -> None:
    with pytest.raises(CatalogueError, match=r"_tests__sources\.yml: one needs one or two keys"):
        catalogue.read(write_source(tmp_path, ("one", keys)))


def test_facts_without_keys(tmp_path: Path) -> None:
    project = write_source(tmp_path, ("one", {"id": "S"}))
    path = next(project.glob(catalogue.SOURCES))
    path.write_text(path.read_text().replace("keys:", "schlüssel:"))
    with pytest.raises(CatalogueError, match="needs `table` and `keys`"):
        catalogue.read(project)

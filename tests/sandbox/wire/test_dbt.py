"""The real dbt-redshift, through the wire: every kind of node, first and second run."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

PROJECT = Path(__file__).parent / "project"
SCHEMA = "wire_dbt"


def _statuses(result: Any) -> dict[str, str]:
    return {done.node.name: str(done.status) for done in result.result.results}


@pytest.fixture(scope="module")
def built(warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The project built twice and documented: what dbt said of each step."""
    folder = tmp_path_factory.mktemp("dbt") / "project"
    shutil.copytree(PROJECT, folder)
    runner = dbtRunner()
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--quiet"]

    def dbt(*command: str) -> Any:
        result = runner.invoke([*command, *places])
        assert result.success, f"dbt {' '.join(command)}: {result.exception or _statuses(result)}"
        return result

    with pytest.MonkeyPatch.context() as patch:
        for name, value in warehouse.environment("deployer").items():
            patch.setenv(name, value)
        dbt("run-operation", "make_roles")
        steps = {"first": _statuses(dbt("build")), "second": _statuses(dbt("build"))}
        dbt("docs", "generate")
        yield steps | {"catalog": json.loads((folder / "target" / "catalog.json").read_text())}
    with warehouse.connect("deployer") as cleaning:
        cleaning.autocommit = True
        cleaning.cursor().execute(f"drop schema {SCHEMA} cascade")
        cleaning.cursor().execute("drop role wire_reader force")


@pytest.fixture
def rows(
    built: dict[str, Any], connect: Callable[..., Connection]
) -> Callable[..., list[list[Any]]]:
    def read(sql: str, user: str = "deployer") -> list[list[Any]]:
        connection = connect(user)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()]

    return read


@pytest.mark.parametrize("step", ["first", "second"])
def test_every_kind_of_node_is_built_and_tested(built: dict[str, Any], step: str) -> None:
    assert set(built[step].values()) == {"success", "pass"}
    assert {"cities", "late_view", "replaced", "count_cities", "age_of_a_city"} <= set(built[step])


def test_seeds_keep_their_values(rows: Callable[..., list[list[Any]]]) -> None:
    sql = f"select name, founded is null, is_capital from {SCHEMA}.cities order by id"
    assert rows(sql) == [
        ["Bern", False, True],
        ["Genève", True, False],
        ["Chur, Graubünden", False, False],
    ]


def test_append_appends(rows: Callable[..., list[list[Any]]]) -> None:
    sql = f"select id, run from {SCHEMA}.appended order by run, id"
    assert rows(sql) == [[1, 0], [2, 0], [3, 0], [3, 1]]


def test_delete_and_insert_replaces_and_adds_the_new_column(
    rows: Callable[..., list[list[Any]]],
) -> None:
    assert rows(f"select id, area, name from {SCHEMA}.replaced where id < 3 order by id") == [
        [1, 103.24, "Bern"],
        [2, 31.86, "Genève"],
    ]


def test_views_show_their_rows(rows: Callable[..., list[list[Any]]]) -> None:
    assert rows(f"select name from {SCHEMA}.capitals") == [["Bern"]]
    assert rows(f"select letters from {SCHEMA}.late_view where id = 2") == [[6]]


def test_grants_reach_roles_and_users(rows: Callable[..., list[list[Any]]]) -> None:
    assert rows(f"select count(*) from {SCHEMA}.cities", "admin") == [[3]]
    sql = "select privilege_type, identity_type from svv_relation_privileges"
    where = f"where namespace_name = '{SCHEMA}' and relation_name in ('cities', 'appended')"
    asked = f"{sql} {where} and identity_name in ('quick', 'wire_reader') order by relation_name"
    assert rows(asked, "admin") == [["SELECT", "role"], ["SELECT", "user"]]


def test_a_procedure_runs_with_its_owners_rights_for_those_who_may_call_it(
    rows: Callable[..., list[list[Any]]],
) -> None:
    assert rows(f"call {SCHEMA}.count_cities(20)", "quick") == [[2]]
    with pytest.raises(ProgrammingError, match="no city is larger than 99"):
        rows(f"call {SCHEMA}.count_cities(99)", "quick")
    with pytest.raises(ProgrammingError, match="permission denied for schema"):
        rows(f"call {SCHEMA}.count_cities(20)", "scheduler")


def test_the_catalogue_has_redshifts_types_and_the_comments(built: dict[str, Any]) -> None:
    table = built["catalog"]["nodes"]["model.throw_away.city_sizes"]
    assert table["metadata"]["comment"] == 'Cities; it\'s "quoted".'
    columns = {name: column["type"] for name, column in table["columns"].items()}
    assert columns == {
        "id": "integer",
        "name": "character varying(100)",
        "area": "numeric(12,2)",
        "founded": "date",
        "is_capital": "boolean",
        "age": "bigint",
    }
    assert table["columns"]["name"]["comment"] == "Its name, in the local language"
    late = built["catalog"]["nodes"]["model.throw_away.late_view"]["columns"]
    assert late["letters"]["type"] == "integer"

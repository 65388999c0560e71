"""The command line, in this process and as a shell sees it."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox.cli import ELSEWHERE, main
from tests.conftest import Warehouse


def invoke(home: Path, *words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *words], input=text, prog_name="sandbox")


@pytest.fixture
def home(warehouse: Warehouse) -> Path:
    return warehouse.home.path


@pytest.mark.parametrize(
    "command", ["", "up", "down", "status", "env", "sql", "generate", "load", "spice"]
)
def test_help_has_an_example_and_fits_the_screen(tmp_path: Path, command: str) -> None:
    done = invoke(tmp_path, *command.split(), "--help")
    assert done.exit_code == 0
    assert f"sandbox {command}".strip() in done.output.partition("Examples:")[2]
    assert max(map(len, done.output.splitlines())) <= 100


def test_commands_of_other_rooms_are_listed(tmp_path: Path) -> None:
    listed = invoke(tmp_path, "--help").output
    assert all(f"\n  {name} " in listed for name in ELSEWHERE)


def test_rows_as_a_table_and_as_json(home: Path) -> None:
    statement = (
        "select 1 as one, null as none, 'ä' as text union all select 2, null, 'b' order by 1"
    )
    shown = invoke(home, "sql", statement)
    assert shown.exit_code == 0
    assert [line.split() for line in shown.output.splitlines()] == [
        ["one", "none", "text"],
        ["1", "ä"],
        ["2", "b"],
        ["(2", "rows)"],
    ]
    as_json = invoke(home, "sql", "--json", statement)
    assert json.loads(as_json.output) == [
        {"one": 1, "none": None, "text": "ä"},
        {"one": 2, "none": None, "text": "b"},
    ]


def test_sql_runs_as_the_user_asked_for_and_from_standard_input(home: Path) -> None:
    done = invoke(
        home, "sql", "--user", "quick", "--json", "-", text="select current_user as who\n"
    )
    assert json.loads(done.output) == [{"who": "quick"}]


def test_a_percent_sign_is_no_parameter(home: Path) -> None:
    done = invoke(home, "sql", "--json", "select 'a' like '%a%' as found")
    assert json.loads(done.output) == [{"found": True}]


def test_a_statement_without_rows(home: Path) -> None:
    assert invoke(home, "sql", "set query_group to 'test'").output == "done\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sql", "select nothing_such"), 1, 'Error: column "nothing_such" does not exist'),
        (("sql", "select * from pg_class tablesample system (1)"), 1, "Error: "),
        (("sql", " "), 2, "Error: there is no statement to run"),
        (("sql", "--user", "nobody", "select 1"), 2, "'nobody' is not one of"),
        (("up", "--port", "70000"), 2, "is not in the range"),
        (("fly",), 2, "No such command 'fly'"),
    ],
)
def test_errors_are_short_and_have_exit_codes(
    home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = invoke(home, *words)
    assert done.exit_code == code
    assert said in done.output
    assert "Traceback" not in done.output


def test_what_needs_a_sandbox_says_that_there_is_none(tmp_path: Path) -> None:
    for words in (("sql", "select 1"), ("env",), ("spice", "x")):
        done = invoke(tmp_path / "none", *words)
        assert done.exit_code == 1
        assert done.output == (
            f"Error: no sandbox in {tmp_path / 'none'}: "
            "run `sandbox up`, or name its home by --home or SANDBOX_HOME\n"
        )
    assert invoke(tmp_path / "none", "down").exit_code == 0
    assert not (tmp_path / "none").exists()


def test_a_shell_reads_the_environment(home: Path, warehouse: Warehouse) -> None:
    exports = invoke(home, "env").output
    script = f'{exports}\necho "$REDSHIFT_HOST $REDSHIFT_PORT $AWS_ENDPOINT_URL_QUICKSIGHT"'
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    facts = warehouse.environment()
    assert told.split() == [
        facts["REDSHIFT_HOST"],
        facts["REDSHIFT_PORT"],
        facts["AWS_ENDPOINT_URL_QUICKSIGHT"],
    ]
    names = [shlex.split(line)[1].partition("=")[0] for line in exports.splitlines()]
    assert names == list(json.loads(invoke(home, "env", "--json").output))


def test_env_names_the_user_and_the_caller(home: Path) -> None:
    told = json.loads(invoke(home, "env", "--user", "quick", "--caller", "admin", "--json").output)
    assert told["REDSHIFT_USER"] == "quick"
    assert told["AWS_ACCESS_KEY_ID"].startswith("ADMIN")

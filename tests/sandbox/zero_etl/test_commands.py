"""`sandbox load`: what it says, its exit code, and that nothing is half loaded."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox.cli import main
from sandbox.zero_etl.session import service
from tests.conftest import Warehouse
from tests.sandbox.zero_etl.conftest import Item, write_lines

GOOD: list[Item] = [{"Item": {"log_key": {"S": f"test#{at}"}}} for at in range(3000)]


def run(warehouse: Warehouse, *arguments: object, command: str = "load") -> Result:
    words = ["--home", str(warehouse.home.path), command, *map(str, arguments)]
    return CliRunner().invoke(main, words)


def loaded(warehouse: Warehouse) -> int:
    with service(warehouse.home) as cursor:
        cursor.execute(
            """select count(*) from "zero_etl_pipeline_logs.public"."pipeline-logs"
            where left(log_key, 5) = 'test#'"""
        )
        (count,) = cursor.fetchone()
    return int(count)


BAD = [
    ("cut.json.gz", ["cut.json.gz, line ", "is cut off; download it again"]),
    ("words.json", ["words.json, line 3001: is no JSON; correct or remove the line"]),
    ("keyless.json", ["keyless.json, line 3001: the item has no key log_key"]),
    ("number.json", ["line 3001: key log_key is of type N, the table's is S"]),
    ("missing.json", ["missing.json: no such file or folder; check the path"]),
    ("folder", ["folder: no manifest-summary.json in or below it; name an export's folder"]),
]


@pytest.fixture
def bad_files(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    cut = write_lines(tmp_path / "cut.json.gz", GOOD)
    cut.write_bytes(cut.read_bytes()[:-100])
    write_lines(tmp_path / "words.json", [*GOOD, "no JSON"])
    write_lines(tmp_path / "keyless.json", [*GOOD, {"Item": {"other": {"S": "x"}}}])
    write_lines(tmp_path / "number.json", [*GOOD, {"Item": {"log_key": {"N": "7"}}}])
    return tmp_path


@pytest.mark.parametrize(("name", "words"), BAD, ids=[name for name, _ in BAD])
def test_bad_input_is_named_and_nothing_of_it_loaded(
    warehouse: Warehouse, bad_files: Path, name: str, words: list[str]
) -> None:
    done = run(warehouse, "pipeline-logs", bad_files / name)
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert all(word in done.output for word in words), done.output
    assert len(done.output) < 400
    assert loaded(warehouse) == 0


def test_an_unknown_table_is_named_with_the_known(warehouse: Warehouse, bad_files: Path) -> None:
    done = run(warehouse, "pipeline-log", bad_files / "words.json")
    assert done.exit_code == 1
    assert "unknown DynamoDB table pipeline-log: the source yml knows failed-jobs" in done.output


def test_without_a_sandbox(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.json", GOOD[:1])
    home = str(tmp_path / "none")
    done = CliRunner().invoke(main, ["--home", home, "load", "pipeline-logs", str(path)])
    assert done.exit_code == 1
    assert "run `sandbox up`" in done.output


def test_the_counts_for_people_and_machines(warehouse: Warehouse, tmp_path: Path) -> None:
    empty = write_lines(tmp_path / "empty.json.gz", [])
    assert run(warehouse, "pipeline-logs", empty).output == (
        "pipeline-logs: 0 items read; 0 inserted, 0 updated, 0 deleted, 0 unchanged\n"
    )
    assert json.loads(run(warehouse, "pipeline-logs", "--json", empty).output) == {
        "table": "pipeline-logs",
        "inserted": 0,
        "updated": 0,
        "deleted": 0,
        "unchanged": 0,
    }


def test_a_replica_is_put_into_a_state_and_shown(warehouse: Warehouse) -> None:
    try:
        done = run(
            warehouse, "state", "failed-jobs", "failed", "--reason", "too large", command="replica"
        )
        assert done.output == "failed-jobs: Failed\n"
        shown = run(warehouse, "show", command="replica").output
        (line,) = (line for line in shown.splitlines() if line.startswith("failed-jobs"))
        assert line.startswith("failed-jobs    Failed           in zero_etl_failed_jobs.public, ")
        assert line.endswith(" UTC, too large")
        facts = json.loads(run(warehouse, "show", "--json", command="replica").output)
        (failed,) = (one for one in facts if one["table"] == "failed-jobs")
        assert (failed["state"], failed["reason"]) == ("Failed", "too large")
    finally:
        run(warehouse, "state", "failed-jobs", "Synced", command="replica")


def test_a_wrong_state_or_table_is_named(warehouse: Warehouse) -> None:
    done = run(warehouse, "state", "failed-jobs", "Broken", command="replica")
    assert (done.exit_code, "'Broken' is not one of" in done.output) == (2, True)
    done = run(warehouse, "state", "failed-job", "Synced", command="replica")
    assert (done.exit_code, "unknown DynamoDB table failed-job: " in done.output) == (1, True)

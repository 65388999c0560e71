"""Export folders: the same bytes each time, and readable as exports."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox.cli import main
from sandbox.errors import WrongUse
from sandbox.telemetry.exports import generate
from sandbox.telemetry.files import write
from sandbox.telemetry.plan import Plan
from sandbox.zero_etl import catalogue
from sandbox.zero_etl.exports import find_files, read_batches
from tests.sandbox.telemetry.conftest import Exports

SMALL = Plan(days=2)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_plan_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(generate(SMALL), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) == 2 * 2 * 6
    packed = [data for name, data in contents(tmp_path / "one").items() if name.endswith(".gz")]
    assert {data[4:8] for data in packed} == {bytes(4)}  # the time in a gzip header


def test_the_loader_finds_every_item(exports: Exports, tmp_path: Path) -> None:
    folders = write(tuple(exports.values()), tmp_path / "out")
    for export, folder in zip(exports.values(), folders, strict=True):
        table = catalogue.find(export.table)
        files = find_files([folder], table, tuple(catalogue.read()))
        found = [
            change.record
            for file in files
            for batch in read_batches(file, table, lambda size: None)
            for change in batch
        ]
        assert sorted(found) == sorted(export.lines)


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(WrongUse, match="is not an empty directory"):
        write(generate(SMALL), tmp_path)
    assert contents(tmp_path) == {"mine": b"keep"}


def test_the_command_names_what_it_wrote(tmp_path: Path) -> None:
    options = ["--days", "2", "--end", "2026-01-31", "--pipelines", "payments", "--increments", "0"]
    done = CliRunner().invoke(main, ["generate", "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 0, done.output
    assert f"8 items  {tmp_path}/out/full/pipeline-logs" in done.output
    assert f"Next: sandbox load pipeline-logs {tmp_path}/out/full/pipeline-logs" in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pipelines", "nothing"], "unknown pipeline 'nothing': known are orders#web"),
        (["--days", "0"], "0 is not in the range"),
        (["--end", "yesterday"], "does not match the format"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, options: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["generate", "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "out").exists()

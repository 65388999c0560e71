"""The demo's own judgement: what it compares, what it keeps away from, how it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sandbox.deadline import Deadline
from sandbox.demo import play
from sandbox.demo.play import ROOT, Demo, DemoFailed
from sandbox.demo.steps import STEPS, Compare, Keep, Run

OLD = [{"id": 1, "status": "failed", "data_as_of": "a"}, {"id": 2, "status": "ok"}]
NEW = [{"id": 1, "status": "ok", "data_as_of": "b"}, {"id": 3, "status": "ok"}]


class Remembered(Demo):
    """A demo whose marts are given, one state after the other."""

    def __init__(self, folder: Path, *states: dict[str, Any]) -> None:
        super().__init__(folder, Console(width=100, record=True))
        self.states = iter(states)

    def _everything(self) -> dict[str, Any]:
        return next(self.states)


def test_a_comparison_counts_rows_and_shows_what_changed(tmp_path: Path) -> None:
    demo = Remembered(tmp_path, {"mart": OLD}, {"mart": NEW})
    demo.do(Keep())
    demo.do(Compare("What changed", rows={"mart": ("id",)}))
    text = demo.console.export_text()
    assert "mart            2         2          2         2" in text
    assert "status: failed → ok" in text
    assert "data_as_of" not in text


def test_commands_and_cells_are_shown_as_they_are(tmp_path: Path) -> None:
    demo = Remembered(tmp_path, {"mart": OLD[1:]}, {"mart": [{"id": 2, "status": "[bold]"}]})
    demo.do(Run("sandbox --help '[red]'", shows=1))
    demo.do(Keep())
    demo.do(Compare("What changed", rows={"mart": ("id",)}))
    text = demo.console.export_text()
    assert "[red]" in text
    assert "ok → [bold]" in text


@pytest.mark.parametrize("new", [NEW, OLD[:1], [*OLD, OLD[0]], []])
def test_what_should_be_the_same_and_is_not_fails(tmp_path: Path, new: Any) -> None:
    demo = Remembered(tmp_path, {"mart": OLD, "other": NEW}, {"mart": new, "other": NEW})
    demo.do(Keep())
    with pytest.raises(DemoFailed, match="rebuilt: mart should be the same"):
        demo.do(Compare("rebuilt", same=True))


def test_only_the_moment_of_showing_may_differ(tmp_path: Path) -> None:
    later = [row | {"data_as_of": "later"} for row in OLD]
    demo = Remembered(tmp_path, {"mart": OLD[:1]}, {"mart": later[:1]})
    demo.do(Keep())
    demo.do(Compare("rebuilt", same=True))


def test_a_missing_mart_is_a_difference(tmp_path: Path) -> None:
    demo = Remembered(tmp_path, {"mart": OLD}, {})
    demo.do(Keep())
    with pytest.raises(DemoFailed, match="mart"):
        demo.do(Compare("rebuilt", same=True))


def test_the_shells_settings_do_not_reach_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("DBT_TARGET", "prod")
    monkeypatch.setenv("REDSHIFT_HOST", "a.real.cluster")
    environment = Demo(tmp_path, Console()).environment
    assert not {"AWS_PROFILE", "DBT_TARGET", "REDSHIFT_HOST"} & environment.keys()
    assert environment["SANDBOX_HOME"] == str(tmp_path / "sandbox")
    assert environment["PATH"] == os.environ["PATH"]


def test_a_failing_command_is_told_with_its_words(tmp_path: Path) -> None:
    demo = Demo(tmp_path, Console())
    with pytest.raises(DemoFailed, match=r"sandbox sql .* ended with code 1:\n.*no sandbox in"):
        demo.do(Run("sandbox sql 'select 1'"))


def test_every_step_names_known_values_only(tmp_path: Path) -> None:
    values = Demo(tmp_path, Console()).values
    runs = [action for step in STEPS for action in step.actions if isinstance(action, Run)]
    assert {run.line.split()[0] for run in runs} == {"sandbox", "dbt", "scheduler"}
    for run in runs:
        assert run.line.format(**values)
        assert run.hides.format(**values) is not None


def _sandbox(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(play.BIN / "sandbox"), "--home", str(folder / "sandbox"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def demo_process(tmp_path: Path) -> Any:
    """`python -m sandbox.demo` in a folder of its own, in a process group of its own."""
    # A shell without job control has its background jobs ignore SIGINT, and these tests with them.
    code = (
        "import signal, sys; from pathlib import Path; import sandbox.demo.__main__ as demo;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "demo.FOLDER = Path(sys.argv.pop()); demo.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "the demo")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _sandbox(tmp_path / "the demo", "down", "--delete")


def test_an_interrupt_stops_what_was_started(demo_process: Any, tmp_path: Path) -> None:
    folder = tmp_path / "the demo"
    # Written by the second step: by then the warehouse runs.
    assert Deadline.after(60).wait((folder / "exports").exists)
    os.killpg(demo_process.pid, signal.SIGINT)
    assert demo_process.wait(30) != 0
    status = _sandbox(folder, "status")
    assert status.returncode == 1
    assert "running" not in status.stdout


@pytest.mark.nightly
def test_the_whole_demo(demo_process: Any) -> None:
    told, _ = demo_process.communicate(timeout=600)
    assert demo_process.returncode == 0, told
    assert "altogether" in told
    assert "moved_day" in told
    assert "slot_done" in told
    assert "nothing_new" in told

"""The commands a newcomer types first, with nothing set."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.project.conftest import BIN, bare_environment

COMMANDS = ["scheduler", "sandbox"]


def output_of(*command: str | Path, root: Path) -> str:
    outcome = subprocess.run(
        command, cwd=root, env=bare_environment(), capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def subcommands(text: str) -> list[str]:
    _, _, listing = text.partition("Commands:\n")
    return re.findall(r"^  ([a-z][a-z-]*)(?: |$)", listing, flags=re.MULTILINE)


def pages(root: Path, *command: str) -> dict[str, str]:
    """The help of a command and of all below it, by the words that are typed."""
    text = output_of(BIN / command[0], *command[1:], "--help", root=root)
    below = [pages(root, *command, name) for name in subcommands(text)]
    return {" ".join(command): text} | {name: page for some in below for name, page in some.items()}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_fits(command: str, root: Path) -> None:
    found = pages(root, command)
    assert len(found) > 1
    for typed, page in found.items():
        assert max(map(len, page.splitlines())) <= 100, page
        _, _, examples = page.partition("Example")
        assert re.search(rf"^    .*\b{typed}\b", examples, flags=re.MULTILINE), page


def test_make_help_lists_every_target(root: Path) -> None:
    text = output_of("make", "help", root=root)
    makefile = (root / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", text, flags=re.MULTILINE)) == set(phony.split())


def promised(readme: str) -> dict[str, tuple[float, str]]:
    """What the README's table promises: limit and unit. A row may promise of several things."""
    found = {}
    _, _, table = readme.partition("| what | promised | measured |")
    for row in re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", table, flags=re.MULTILINE)[1:]:
        limits = re.findall(r"(\d[\d,]*) ([A-Za-z/]+)", row[1])
        what = re.sub(r"`|, installed| of `dbt build`", "", row[0])
        head, *parts = what.split(", ")
        names = [f"{head}, {part}" for part in parts] if len(limits) > 1 else [what]
        for name, (limit, unit) in zip(names, limits, strict=True):
            found[name] = (float(limit.replace(",", "")), unit)
    return found


def measured(*sources: Path) -> dict[str, tuple[float, str]]:
    """Limit and unit of every `Measure(..)` whose name and limit are written out."""
    calls = (
        node
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Measure"
    )
    found = {}
    for call in calls:
        what, _, limit, unit = call.args[:4]
        if isinstance(what, ast.Constant) and isinstance(limit, ast.Constant):
            assert isinstance(unit, ast.Constant)
            found[str(what.value)] = (float(str(limit.value)), str(unit.value))
    return found


def test_make_bench_measures_every_promise(root: Path) -> None:
    assert "-m bench --whole" in output_of("make", "--dry-run", "bench", root=root)
    promises = promised((root / "README.md").read_text())
    assert len(promises) == 7
    assert promises == measured(root / "bench" / "measures.py", root / "bench" / "__main__.py")

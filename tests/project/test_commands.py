"""The commands a newcomer types first, with nothing set."""

from __future__ import annotations

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


def test_make_bench_measures_every_promise(root: Path) -> None:
    assert "-m bench --whole" in output_of("make", "--dry-run", "bench", root=root)

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


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_fits(command: str, root: Path) -> None:
    text = output_of(BIN / command, "--help", root=root)
    names = subcommands(text)
    assert names
    for page in [text, *(output_of(BIN / command, name, "--help", root=root) for name in names)]:
        assert max(map(len, page.splitlines())) <= 100, page
        assert "example" in page.lower() or subcommands(page), page


def test_make_help_lists_every_target(root: Path) -> None:
    text = output_of("make", "help", root=root)
    makefile = (root / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", text, flags=re.MULTILINE)) == set(phony.split())

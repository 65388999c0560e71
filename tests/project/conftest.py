"""The repository as data: its files and its dbt manifest. Nothing here needs a warehouse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """Every text file of the project, relative to its root: tracked, or new and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    names = [Path(name) for name in listing.stdout.split("\0") if name]
    assert len(names) > 20, "git lists hardly any file: is this a whole checkout?"
    return [name for name in names if (root / name).is_file()]


def bare_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    kept = ("HOME", "PATH", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"COLUMNS": "100"}


@pytest.fixture(scope="session")
def parsed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of one `dbt parse` with every warning an error and no environment set."""
    place = tmp_path_factory.mktemp("parse")
    shutil.copy(root / "profiles.example.yml", place / "profiles.yml")
    command: list[str | Path] = [BIN / "dbt", "--quiet", "parse", "--no-partial-parse"]
    command += ["--profiles-dir", place, "--target-path", place / "target", "--log-path", place]
    outcome = subprocess.run(
        command,
        cwd=root,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    manifest: dict[str, Any] = json.loads((place / "target" / "manifest.json").read_text())
    return manifest

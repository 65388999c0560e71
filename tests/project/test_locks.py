"""The lock files hold what pyproject.toml asks for, pinned and hashed, and nothing too much."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

USERS, DEVELOPERS = "requirements.txt", "requirements-dev.txt"


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def locked(path: Path) -> dict[str, list[Requirement]]:
    """Package to its pins; several where the version depends on the Python or the system."""
    text = re.sub(r" *\\\n", " ", path.read_text())
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            pin, *hashes = re.split(r" +--hash=", line)
            assert hashes, f"no hash: {pin}"
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), pin
            requirement = Requirement(pin)
            assert re.fullmatch(r"==[^*]+", str(requirement.specifier)), pin
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize(
    ("lock", "groups"), [(USERS, ["install"]), (DEVELOPERS, ["install", "dev"])]
)
def test_lock_holds_what_is_asked_for(
    lock: str, groups: list[str], root: Path, project: dict[str, Any]
) -> None:
    pins = locked(root / lock)
    asked = list(project["project"]["dependencies"])
    for group in groups:
        asked += project["dependency-groups"][group]
    for requirement in map(Requirement, asked):
        found = pins[canonicalize_name(requirement.name)]
        for pin in found:
            (specifier,) = pin.specifier
            assert requirement.specifier.contains(specifier.version), f"{pin} in {lock}"


def test_users_get_the_same_versions_and_no_test_tool(root: Path, project: dict[str, Any]) -> None:
    users, developers = locked(root / USERS), locked(root / DEVELOPERS)
    assert {name: list(map(str, pins)) for name, pins in users.items()} == {
        name: list(map(str, pins)) for name, pins in developers.items() if name in users
    }
    tools = {
        canonicalize_name(Requirement(line).name) for line in project["dependency-groups"]["dev"]
    }
    assert not tools & users.keys()

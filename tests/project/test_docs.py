"""What the pages point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def pages(root: Path, files: list[Path]) -> dict[Path, str]:
    return {name: (root / name).read_text() for name in files if name.suffix == ".md"}


def test_links_lead_somewhere(root: Path, pages: dict[Path, str]) -> None:
    dead = [
        f"{name}: {target}"
        for name, text in pages.items()
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", text)
        if not (root / name.parent / target).exists()
    ]
    assert pages
    assert not dead


def test_named_files_exist(root: Path, pages: dict[Path, str]) -> None:
    """Paths in back quotes that begin with a folder of ours."""
    rooms = "bench|docs|macros|models|procedures|sandbox|scheduler|seeds|tests"
    dead = [
        f"{name}: {path}"
        for name, text in pages.items()
        for path in re.findall(rf"`((?:{rooms})/[\w./-]*)`", text)
        if not (root / path).exists()
    ]
    assert not dead


def test_make_targets_in_the_pages_exist(root: Path, pages: dict[Path, str]) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        target
        for text in pages.values()
        for target in re.findall(r"(?:`|^    |&& )make ([a-z]+)", text, flags=re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= targets

"""What no file of the project may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# A class of one letter here and there, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a registry address": re.compile(r"--(extra-)?[i]ndex-url|/[s]imple/|/[p]ackages/[0-9a-f]{2}/"),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(work|root|home|Users)/\w"),
    "work left open": re.compile(r"\b([T]ODO|[F]IXME|[X]XX|[H]ACK)\b"),
    "a skipped test": re.compile(r"pytest\.(skip|xfail)[(]|mark\.(skip|xfail)\b"),
}
TEXT = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".csv", ".txt", ".cfg", ".sh", ""}
LONGEST = {".py": 400, ".sql": 250}


@pytest.fixture(scope="session")
def texts(root: Path, files: list[Path]) -> dict[Path, str]:
    return {
        name: (root / name).read_text(encoding="utf-8")
        for name in files
        if name.suffix in TEXT and name.name != "LICENSE"
    }


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str, texts: dict[Path, str]) -> None:
    pattern = FORBIDDEN[what]
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_what_runs_on_redshift_does_not_know_the_stand_in(texts: dict[Path, str]) -> None:
    rooms = {"models", "macros", "procedures", "scheduler"}
    seen = [name for name in texts if name.parts[0] in rooms]
    assert {name.parts[0] for name in seen} == rooms
    assert not [str(name) for name in seen if "sandbox" in texts[name].lower()]


@pytest.mark.parametrize("suffix", LONGEST)
def test_files_can_be_read_in_one_sitting(suffix: str, texts: dict[Path, str]) -> None:
    lengths = {name: text.count("\n") for name, text in texts.items() if name.suffix == suffix}
    assert lengths
    assert not {str(k): v for k, v in lengths.items() if v > LONGEST[suffix]}


def test_text_ends_with_one_newline_and_has_no_trailing_blanks(texts: dict[Path, str]) -> None:
    odd = [
        str(name)
        for name, text in texts.items()
        if text
        and (not text.endswith("\n") or text.endswith("\n\n") or re.search(r"[ \t]\n", text))
    ]
    assert not odd

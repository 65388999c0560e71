"""The linters bite: an unknown key of a linter's settings would be ignored without a word."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.project.conftest import BIN

# One offence for each rule whose behaviour .sqlfluff sets.
BAD_SQL = """\
with orders as (
    select
        o.ID,
        o.x::int as N,
        Cast(o.y as INTEGER) as y,
        "a" as "B",
        NULL as z,
        o.w as date
    from {{ ref('orders') }} as o
    where o.a != 'x'
),

joined as (
    select orders.id, t.id as other_id from orders
    join (select id from u) as t on orders.id = t.id
    group by orders.id, 2
)

SELECT id FROM joined
"""
RULES = {
    "ambiguous.join",
    "ambiguous.column_references",
    "capitalisation.functions",
    "capitalisation.identifiers",
    "capitalisation.keywords",
    "capitalisation.literals",
    "capitalisation.types",
    "convention.casting_style",
    "convention.last_select_star",
    "convention.not_equal",
    "references.keywords",
    "structure.subquery",
}
BAD_PYTHON = """\
import os
import datetime

def f(x, l=[]):
    print(datetime.datetime.now())
    return x
"""


def test_sqlfluff_bites(root: Path, tmp_path: Path) -> None:
    for name in (".sqlfluff", ".sqlfluff_libs"):
        if (root / name).is_dir():
            shutil.copytree(root / name, tmp_path / name)
        elif (root / name).exists():
            shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "macros", tmp_path / "macros")
    (tmp_path / "bad.sql").write_text(BAD_SQL)
    outcome = subprocess.run(
        [BIN / "sqlfluff", "lint", "--format", "json", "--processes", "1", "bad.sql"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    (report,) = json.loads(outcome.stdout)
    found = {violation["name"] for violation in report["violations"]}
    assert found >= RULES, RULES - found


def test_ruff_bites(root: Path) -> None:
    outcome = subprocess.run(
        [BIN / "ruff", "check", "--output-format", "json", "--stdin-filename", "scheduler/x.py"],
        cwd=root,
        input=BAD_PYTHON,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {violation["code"] for violation in json.loads(outcome.stdout)}
    assert found >= {"B006", "D100", "D103", "DTZ005", "F401", "I001", "T201"}, found


def test_mypy_is_strict(root: Path, tmp_path: Path) -> None:
    (tmp_path / "loose.py").write_text("def f(x):\n    return x\n")
    settings: list[str | Path] = ["--config-file", root / "pyproject.toml"]
    settings += ["--cache-dir", tmp_path / "cache"]
    outcome = subprocess.run(
        [BIN / "mypy", *settings, tmp_path / "loose.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no-untyped-def" in outcome.stdout, outcome.stdout + outcome.stderr

"""Plays actions: runs the commands, shows rows, compares."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.demo.steps import Action, Compare, Keep, Run, Show

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PERIOD = timedelta(minutes=15)
# Columns that say when a row was shown, not what it says.
MOMENTS = frozenset({"data_as_of"})
EXAMPLE_ROWS = 4
EXAMPLE_COLUMNS = 3

Rows = list[dict[str, Any]]


class DemoFailed(Exception):
    """A command failed, or a comparison found a difference; the text says which and why."""


class Demo:
    """One run of the steps in one folder."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.kept: dict[str, Rows] = {}
        now = datetime.now(UTC)
        slot = now - (now - datetime.min.replace(tzinfo=UTC)) % PERIOD
        slots = {"first": slot - 2 * PERIOD, "second": slot - PERIOD, "third": slot}
        self.values = {name: f"{when:%Y-%m-%dT%H:%MZ}" for name, when in slots.items()} | {
            "end": f"{now - timedelta(days=2):%Y-%m-%d}",
            "exports": str(folder / "exports"),
            "target": str(folder / "target"),
        }
        # Whatever this shell is set to, it must not lead the demo to a real account.
        foreign = ("AWS_", "DBT_", "QUICK_", "REDSHIFT_", "REFRESH_", "SANDBOX_")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(foreign)
        } | {
            "SANDBOX_HOME": str(folder / "sandbox"),
            "DBT_PROFILES_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }

    def prepare(self) -> None:
        """Begin from nothing."""
        self.stop("--delete")
        for child in self.folder.iterdir():
            if child.name != "lock":
                shutil.rmtree(child) if child.is_dir() else child.unlink()
        shutil.copy(ROOT / "profiles.example.yml", self.folder / "profiles.yml")

    def stop(self, *options: str) -> None:
        """Stop the warehouse, if it is there."""
        self._output(["sandbox", "down", *options])

    def do(self, action: Action) -> None:
        """One action of a step. Raises DemoFailed."""
        match action:
            case Run():
                self._run(action)
            case Show(title, sql):
                self._print_rows(title, self._query(sql))
            case Keep():
                self.kept = self._everything()
            case Compare():
                now = self._everything()
                self._compare(action, self.kept, now)
                self.kept = now

    def _run(self, action: Run) -> None:
        typed, hidden = (
            [word.format(**self.values) for word in shlex.split(text)]
            for text in (action.line, action.hides)
        )
        # Not markup: a list in brackets would be taken for a style and vanish.
        self.console.print(Text(f"  $ {shlex.join(typed)}", style="bold"), soft_wrap=True)
        output = self._output([*typed, *hidden])
        for line in output.rstrip().splitlines()[-action.shows :]:
            self.console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
        if typed[:2] == ["sandbox", "up"]:
            self.environment |= json.loads(self._output(["sandbox", "env", "--json"]))

    def _output(self, words: Sequence[str]) -> str:
        outcome = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            said = outcome.stdout + outcome.stderr
            raise DemoFailed(f"{shlex.join(words)} ended with code {outcome.returncode}:\n{said}")
        return outcome.stdout

    def _query(self, sql: str) -> Rows:
        rows: Rows = json.loads(self._output(["sandbox", "sql", "--json", sql]))
        return rows

    def _everything(self) -> dict[str, Rows]:
        """Each mart that is a table, and the dataset in SPICE, with all rows."""
        names = [
            row["table_name"]
            for row in self._query(
                "select table_name from information_schema.tables"
                " where table_schema = 'sandbox_bi_reports' and table_type = 'BASE TABLE'"
            )
        ]
        queries = [f"select * from sandbox_bi_reports.{name}" for name in sorted(names)]
        with ThreadPoolExecutor(max_workers=3) as pool:
            found = dict(zip(sorted(names), pool.map(self._query, queries), strict=True))
        spice = ["sandbox", "spice", "sandbox_pipeline_health", "--limit", "1000000", "--json"]
        return found | {"SPICE pipeline_health": json.loads(self._output(spice))["rows"]}

    def _compare(self, action: Compare, old: dict[str, Rows], new: dict[str, Rows]) -> None:
        headings = ("", "rows before", "rows now", "rows gone", "rows new")
        table = _table(action.title, headings, right=headings[1:])
        differing = []
        for name in old | new:
            before, now = _counted(old.get(name, [])), _counted(new.get(name, []))
            gone, came = before - now, now - before
            if gone or came:
                differing.append(name)
            numbers = (before.total(), now.total(), gone.total(), came.total())
            table.add_row(name, *map(str, numbers))
        self.console.print(table)
        if action.same and differing:
            names = ", ".join(differing)
            raise DemoFailed(f"{action.title}: {names} should be the same and are not")
        for name, key in action.rows.items():
            self._print_rows(f"Some rows of {name}", _changes(old[name], new[name], key))

    def _print_rows(self, title: str, rows: Rows) -> None:
        table = _table(title, rows[0] if rows else ())
        for row in rows:
            table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
        self.console.print(table)


def _table(title: str, columns: Iterable[str], right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold")
    return table


def _counted(rows: Rows) -> Counter[str]:
    return Counter(json.dumps(_without_moments(row)) for row in rows)


def _without_moments(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in MOMENTS}


def _changes(old: Rows, new: Rows, key: Sequence[str]) -> Rows:
    """A few rows that were there before, by `key`, and are other now: what changed in them."""
    before = {tuple(row[name] for name in key): row for row in old}
    found: Rows = []
    for row in map(_without_moments, new):
        names = {name: row[name] for name in key}
        was = before.get(tuple(names.values()), row)
        other = [f"{name}: {was[name]} → {row[name]}" for name in row if was[name] != row[name]]
        if other:
            found.append(names | {"changed": "\n".join(other[:EXAMPLE_COLUMNS])})
    return found[:EXAMPLE_ROWS]

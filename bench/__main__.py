"""`make bench`: what the README promises, measured on this machine.

Everything is run by the public commands, in a sandbox of its own that is removed at the end.

    python -m bench --whole          all of it, as `make bench`: several minutes
    python -m bench                  without `make demo` and `make test`: about a minute
    python -m bench --json           for a machine
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.machine import describe
from bench.measures import Bench, Measure, make_seconds


def whole() -> list[Measure]:
    """The two commands of the README, after installation."""
    return [
        Measure("make demo", make_seconds("demo"), 90, "s"),
        Measure("make test", make_seconds("test"), 240, "s"),
    ]


def table(measures: list[Measure]) -> Table:
    """For a person: promise beside measurement."""
    result = Table(title=describe(), title_justify="left")
    for column in ("what", "promised", "measured", ""):
        result.add_column(column, justify="left" if column in ("what", "") else "right")
    for measure in measures:
        sign = "at least" if measure.at_least else "under"
        promised = f"{sign} {measure.limit:,g} {measure.unit}"
        measured = f"{measure.value:,.{measure.digits}f} {measure.unit}"
        result.add_row(measure.what, promised, measured, "" if measure.kept else "[red]missed[/]")
    return result


@click.command()
@click.option("--whole", "with_make", is_flag=True, help="Time `make demo` and `make test` too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(with_make: bool, as_json: bool) -> None:
    """Measure what the README promises; exit code 1 when a promise is broken."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Bench(Path(folder)) as bench:
        measures = bench.run()
    if with_make:
        measures = whole() + measures
    if as_json:
        report = {"machine": describe(), "measures": [measure.as_dict() for measure in measures]}
        click.echo(json.dumps(report, indent=1))
    else:
        Console(width=100).print(table(measures))
    sys.exit(0 if all(measure.kept for measure in measures) else 1)


if __name__ == "__main__":
    main()

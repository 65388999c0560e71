"""`make bench`: what the README promises, measured on this machine.

Everything is run by the public commands, in a sandbox of its own that is removed at the end.

    python -m bench --whole          all of it, as `make bench`: about half an hour
    python -m bench                  only what the README promises of the sandbox: about a minute
    python -m bench --json           for a machine
    python -m bench refresh --sizes 10000,100000     what a refresh costs, a quick look
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.machine import describe
from bench.measures import Measure, make_seconds, promises
from bench.place import ROOT, Place
from bench.refresh import report, run
from bench.refresh.results import Size, growing, ratios

SIZES = "10000,100000,1000000"
PAGE = ROOT / "docs" / "performance.md"


def whole() -> list[Measure]:
    """The two commands of the README, after installation."""
    return [
        Measure("make demo", make_seconds("demo"), 90, "s"),
        Measure("make test", make_seconds("test"), 600, "s"),
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


@click.group(invoke_without_command=True)
@click.option("--whole", "with_all", is_flag=True, help="Time `make` targets and refreshes too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def main(context: click.Context, with_all: bool, as_json: bool) -> None:
    """Measure what the README promises; exit code 1 when a promise is broken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if context.invoked_subcommand:
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Place(Path(folder)) as place:
        measures = promises(place)
    sizes: list[Size] = []
    if with_all:
        sizes += [run.measure(int(items)) for items in SIZES.split(",")]
        measures = whole() + measures + _told(sizes, PAGE)
    _end(measures, as_json, sizes)


@main.command("refresh")
@click.option("--sizes", default=SIZES, show_default=True, help="Items of pipeline-logs.")
@click.option(
    "--times",
    default=3,
    show_default=True,
    help="Runs of which the median counts; fewer of what takes longer than 10 seconds.",
)
@click.option("--modes", default=",".join(run.MODES), show_default=True, help="Change detection.")
@click.option("--write", is_flag=True, help="Write the tables into docs/performance.md.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def refresh(sizes: str, times: int, modes: str, write: bool, as_json: bool) -> None:
    """Measure what a refresh costs; exit code 1 when it costs more than promised.

    \b
    Examples:
      python -m bench refresh --sizes 10000,100000 --times 1
      python -m bench refresh --write
    """
    asked = set(modes.split(","))
    chosen = tuple(mode for mode in run.MODES if mode in asked)
    if "full" not in asked or asked - set(run.MODES):
        raise click.UsageError(f"--modes takes {', '.join(run.MODES)}; full must be among them")
    measured = [run.measure(int(items), times, chosen) for items in sizes.split(",")]
    measures = _told(measured, PAGE if write else None)
    if not (write or as_json):
        click.echo(report.page(measured, measures, datetime.now(tz=UTC).date()))
    _end(measures, as_json, measured)


def _told(sizes: list[Size], page: Path | None) -> list[Measure]:
    """The ratios that are promised; the tables go into the page."""
    measures = ratios(sizes)
    if page:
        report.put(report.page(sizes, measures, datetime.now(tz=UTC).date()), page)
    return measures


def _end(measures: list[Measure], as_json: bool, sizes: list[Size]) -> None:
    """Print and exit: 1 where a promise is broken and nothing explains it, or reading grows."""
    more = {"sizes": [asdict(size) for size in sizes]}
    wrong = growing(sizes) if sizes else []
    if as_json:
        said = {"machine": describe(), "measures": [measure.as_dict() for measure in measures]}
        click.echo(json.dumps(said | more, indent=1))
    else:
        Console(width=100).print(table(measures))
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(0 if all(measure.passes for measure in measures) and not wrong else 1)


if __name__ == "__main__":
    main()

"""`sandbox load`."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from sandbox.home import Home


@click.command("load")
@click.argument("table")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.pass_obj
def load_command(home: Home, table: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Load DynamoDB exports into the replica of TABLE.

    PATHS are data files of a DynamoDB export to S3 (JSON lines, gzip or plain, full or
    incremental), or folders with manifest-summary.json in or below them. Each file is applied
    whole or not at all; the newest write of an item wins, so a repeated or older file changes
    nothing. A full export adds and updates items; what it lacks stays.

    \b
    Examples:
      sandbox load pipeline-logs demo/full/pipeline-logs
      sandbox load failed-jobs AWSDynamoDB/01711886400000-5f0c1a2b
      sandbox load pipeline-logs one.json.gz two.json
    """
    # The driver takes 0.4 s to import; help texts do without it.
    from sandbox.zero_etl.load import Progress, load

    with _bar() as bar:
        task = bar.add_task(f"load {table}", total=None)
        progress = Progress(
            total=lambda size: bar.update(task, total=size),
            advance=lambda size: bar.update(task, advance=size),
        )
        report = load(home, table, paths, progress)
    if as_json:
        click.echo(json.dumps({"table": table, **asdict(report)}))
    else:
        click.echo(
            f"{table}: {report.items} items read; {report.inserted} inserted, "
            f"{report.updated} updated, {report.deleted} deleted, {report.unchanged} unchanged"
        )


def _bar() -> Bar:
    """A progress bar on a terminal; silent elsewhere, and gone when done."""
    console = Console(stderr=True)
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )

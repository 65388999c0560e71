"""`sandbox load` and `sandbox replica`."""

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
from sandbox.zero_etl import STATES


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
    nothing. A full export adds and updates items; what it lacks stays. A replica that is not
    Synced takes only a full export, which replaces what it holds and makes it Synced.

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


@click.group("replica")
def replica_command() -> None:
    """The states of the replicas, as the service would set them.

    A table that is not Synced cannot be read, whoever asks, until a full export is loaded or its
    database has QUERY_ALL_STATES. What a user of Redshift can do is done in SQL, by the owner of
    the databases: history mode, QUERY_ALL_STATES, a resynchronisation.

    \b
    Examples:
      sandbox replica show
      sandbox replica state pipeline-logs ResyncRequired --reason "an item is too large"
      sandbox sql --user admin "alter database zero_etl_failed_jobs integration refresh all tables"
      sandbox load pipeline-logs demo/full/pipeline-logs
    """


@replica_command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print them as a JSON array of objects.")
@click.pass_obj
def show_command(home: Home, as_json: bool) -> None:
    """Show every replica: its database, state, and mode.

    \b
    Examples:
      sandbox replica show
      sandbox replica show --json
    """
    from sandbox.zero_etl.integrations import show

    found = show(home)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], default=str))
        return
    width = max((len(one.table) for one in found), default=0)
    for one in found:
        facts = [f"in {one.database}.public", f"updated {one.updated_at:%Y-%m-%d %H:%M:%S} UTC"]
        facts += ["history mode"] * one.is_history_mode
        facts += ["all states may be queried"] * one.query_all_states
        facts += [one.reason] if one.reason else []
        click.echo(f"{one.table:<{width}}  {one.state:<15}  {', '.join(facts)}")


@replica_command.command("state")
@click.argument("table")
@click.argument("state", type=click.Choice(STATES, case_sensitive=False))
@click.option("--reason", help="Why, as svv_integration_table_state tells it.")
@click.pass_obj
def state_command(home: Home, table: str, state: str, reason: str | None) -> None:
    """Put the replica of TABLE into STATE.

    \b
    Examples:
      sandbox replica state pipeline-logs ResyncRequired --reason "an item is too large"
      sandbox replica state pipeline-logs Synced
    """
    from sandbox.zero_etl.integrations import put

    put(home, table, state, reason)
    click.echo(f"{table}: {state}")


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

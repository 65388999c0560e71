"""`sandbox generate`."""

import json
from datetime import date, datetime
from pathlib import Path

import click

from sandbox.telemetry.exports import generate
from sandbox.telemetry.files import write
from sandbox.telemetry.plan import PIPELINES, Pipeline, Plan

DEFAULT = Plan()


@click.command("generate")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="An empty or new directory."
)
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=DEFAULT.days,
    show_default=True,
    help="Days of runs up to --end.",
)
@click.option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    default=DEFAULT.end.isoformat(),
    show_default=True,
    help="Last day of the full export, which is taken at noon UTC.",
)
@click.option(
    "--seed", type=int, default=DEFAULT.seed, show_default=True, help="Other seed, other telemetry."
)
@click.option(
    "--increments",
    type=click.IntRange(0, 366),
    default=DEFAULT.increments,
    show_default=True,
    help="Incremental exports after it, a day each.",
)
@click.option(
    "--pipelines", metavar="ID,ID...", help="Some only, by id: orders#web,payments (else all)."
)
@click.option(
    "--items", type=click.IntRange(1), help="Add pipelines until there are about so many items."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def generate_command(
    out: Path,
    days: int,
    end: datetime,
    seed: int,
    increments: int,
    pipelines: str | None,
    items: int | None,
    as_json: bool,
) -> None:
    """Write DynamoDB exports of made-up pipelines, as `sandbox load` reads them.

    Pipelines run daily in four stages, wait in queues, fail, are retried and give up; items come
    late, are malformed in every way that the contract knows, hold made-up secrets, expire. Each
    increment holds, besides a day of runs: a late run, an item that moves to another day, one
    that turns malformed, one that is repaired, one corrected, one deleted. The same options give
    the same bytes.

    \b
    Examples:
      sandbox generate --out demo
      sandbox generate --out big --items 100000 --increments 0
      sandbox generate --out few --days 3 --end 2026-01-31 --pipelines orders#web,payments
    """
    plan = Plan(days, _day(end), seed, increments, _chosen(pipelines))
    exports = generate(plan.with_items(items) if items else plan)
    folders = write(exports, out)
    facts = [
        {"name": export.name, "table": export.table, "items": len(export.lines), "path": str(path)}
        for export, path in zip(exports, folders, strict=True)
    ]
    if as_json:
        click.echo(json.dumps(facts))
        return
    for fact in facts:
        click.echo(f"{fact['name']:<14}{fact['items']:>8} items  {fact['path']}")
    click.echo(f"Next: sandbox load {facts[0]['table']} {facts[0]['path']}")


def _day(moment: datetime) -> date:
    return moment.date()


def _chosen(ids: str | None) -> tuple[Pipeline, ...]:
    if ids is None:
        return PIPELINES
    known = {pipeline.id: pipeline for pipeline in PIPELINES}
    unknown = [one for one in ids.split(",") if one not in known]
    if unknown:
        raise click.UsageError(f"unknown pipeline {unknown[0]!r}: known are {', '.join(known)}")
    return tuple(known[one] for one in dict.fromkeys(ids.split(",")))

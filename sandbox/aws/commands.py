"""`sandbox spice`: what Quick holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from sandbox.errors import WrongUse
from sandbox.home import Home

if TYPE_CHECKING:
    from sandbox.aws.quick.records import DataSetRecord, Ingestion, QuickRecords

LAST_INGESTIONS = 5
WIDTH = 100


@click.command("spice")
@click.argument("data_set_id", metavar="DATASET")
@click.option(
    "--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Rows to show."
)
@click.option("--columns", metavar="A,B", help="Columns to show; else as many as fit.")
@click.option("--json", "as_json", is_flag=True, help="Print rows and ingestions as JSON.")
@click.pass_obj
def spice_command(
    home: Home, data_set_id: str, limit: int, columns: str | None, as_json: bool
) -> None:
    """Show the rows that DATASET holds in SPICE, and its last ingestions.

    \b
    Examples:
      sandbox spice sandbox_pipeline_health
      sandbox spice sandbox_pipeline_health --columns pipeline,run_date,status --limit 50
      sandbox spice sandbox_pipeline_health --json
    """
    # boto's models take time to import; help texts do without them.
    from sandbox.aws.quick.records import QuickRecords
    from sandbox.aws.store import FILE_NAME, Store

    path = home.path / FILE_NAME
    if not path.exists():
        raise home.none_here()
    with closing(Store(path)) as store:
        report = _report(QuickRecords(store), data_set_id, limit, columns)
    if as_json:
        click.echo(json.dumps(report))
    else:
        _print(report)


def _report(records: QuickRecords, id_: str, limit: int, columns: str | None) -> dict[str, Any]:
    from sandbox.aws.quick.definitions import read_data_set

    data_set = records.data_set(id_)
    if data_set is None:
        there = (
            ", ".join(one.id for one in records.data_sets()) or "none; run `scheduler quick apply`"
        )
        raise WrongUse(f"there is no data set {id_}; there are: {there}")
    names = [column.name for column in read_data_set(data_set.definition).columns]
    chosen = columns.split(",") if columns else names
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise WrongUse(f"{id_} has no column {', '.join(unknown)}; it has {', '.join(names)}")
    rows = [dict(zip(names, cells, strict=True)) for cells in records.spice_rows(data_set, limit)]
    return {
        "data_set": id_,
        "import_mode": data_set.definition["ImportMode"],
        "rows_in_spice": _count(records, data_set),
        "rows": [{name: row[name] for name in chosen} for row in rows],
        "ingestions": [_shown(one) for one in records.ingestions(id_, LAST_INGESTIONS)],
    }


def _count(records: QuickRecords, data_set: DataSetRecord) -> int:
    visible = records.by_number(data_set.visible)
    return visible.rows_ingested or 0 if visible else 0


def _shown(ingestion: Ingestion) -> dict[str, Any]:
    return {
        "id": ingestion.id,
        "status": ingestion.status,
        "type": ingestion.request_type,
        "created_at": datetime.fromtimestamp(ingestion.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rows_ingested": ingestion.rows_ingested,
        "rows_dropped": ingestion.rows_dropped,
        "error": f"{ingestion.error_type}: {ingestion.error}" if ingestion.error_type else None,
    }


def _print(report: dict[str, Any]) -> None:
    rows, kept = report["rows"], report["rows_in_spice"]
    click.echo(f"{report['data_set']} ({report['import_mode']}): {kept} rows in SPICE")
    if rows:
        names = list(rows[0])
        shown = _fitting(names, rows)
        _print_table(shown, rows)
        if len(shown) < len(names):
            left = len(names) - len(shown)
            click.echo(f"{left} more columns: choose by --columns, or see all by --json")
    click.echo("\nlast ingestions")
    _print_table(
        ("id", "status", "created_at", "rows_ingested", "rows_dropped"), report["ingestions"]
    )
    for ingestion in report["ingestions"]:
        if ingestion["error"]:
            click.echo(f"{ingestion['id']}: {ingestion['error']}")


def _fitting(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """The first columns whose values fit on a line together."""
    left = WIDTH
    found: list[str] = []
    for name in names:
        left -= max(len(name), *(len(_text(row[name])) for row in rows)) + 3
        if left < 0 and found:
            break
        found.append(name)
    return found


def _print_table(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_text(row[name]) for name in names))
    Console(width=WIDTH, highlight=False, markup=False).print(table)


def _text(value: object) -> str:
    return "" if value is None else str(value)

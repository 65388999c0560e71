"""What was measured at one size, and what is promised of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.measures import Measure
from bench.refresh.session import Counts
from bench.refresh.stock import Faults
from bench.refresh.telemetry import Where

# From the newest days to everywhere: where the changed items lie.
PLACES: tuple[Where, ...] = ("newest", "spread")


@dataclass(frozen=True)
class Changed:
    """A refresh after `items` changed: seconds in all and of the marts, rows that each table wrote.

    `read` is what each mart's procedure read of stored rows; `found` how many changes it saw.
    """

    seconds: float
    marts: float
    written: dict[str, int]
    read: dict[str, int]
    found: int


@dataclass(frozen=True)
class Mode:
    """One mode of change detection: the bare scan, then refreshes. Seconds, medians."""

    scan: float
    no_op: float
    changed: dict[str, Changed]
    explained: str = ""


@dataclass(frozen=True)
class Size:
    """Everything measured at one size. `queries`: seconds on the mart's table and on its view."""

    items: int
    stored: int
    plain_scan: float
    first_build: float
    reconcile: float
    modes: dict[str, Mode]
    statements: int
    stock_build: float = 0
    stock: dict[str, float] = field(default_factory=dict)
    faults: dict[str, Faults] = field(default_factory=dict)
    queries: dict[str, tuple[float, float]] = field(default_factory=dict)


# The scan of fewer items is over in a moment: what the changed items cost is the greater part.
SCANS_COUNT_FROM = 1_000_000
_FLOOR = "the floor opens no item, see below"


def ratios(sizes: list[Size]) -> list[Measure]:
    """What is promised of the greatest size: over the least one, over one bare scan, over views."""
    least, most = sizes[0], sizes[-1]
    found = []
    if len(sizes) > 1:
        for name in most.modes:
            marts = [size.modes[name].changed["newest"].marts for size in (most, least)]
            what = f"marts, {name}: {_short(most)} over {_short(least)}"
            found.append(_ratio(what, marts[0], marts[1], 1.3))
    for name, mode in most.modes.items() if most.items >= SCANS_COUNT_FROM else ():
        limit = 3 if name == "full" else 1.3
        newest = mode.changed["newest"].seconds
        excuse = _FLOOR if name == "history" else ""
        found.append(_ratio(f"refresh over bare scan, {name}", newest, mode.scan, limit, excuse))
        found.append(_ratio(f"no-op over bare scan, {name}", mode.no_op, mode.scan, 1.15))
    for name, limit in (("agg_pipeline_daily", 100), ("fct_pipeline_runs", 20)):
        if name in most.queries:
            table, view = most.queries[name]
            what = f"query on SUPER views over {name}"
            found.append(Measure(what, view / table, limit, "x", at_least=True, digits=0))
    return found


def _ratio(what: str, value: float, base: float, limit: float, excuse: str = "") -> Measure:
    return Measure(what, value / base, limit, "x", digits=2, excuse=excuse)


def _short(size: Size) -> str:
    return f"{size.items // 1_000_000} M" if size.items >= 1_000_000 else f"{size.items // 1000} k"


def growing(sizes: list[Size]) -> list[str]:
    """Marts whose refresh reads more stored rows where more is stored."""
    found = []
    for name in sizes[-1].modes:
        least, most = (size.modes[name].changed["newest"].read for size in (sizes[0], sizes[-1]))
        for model, rows in most.items():
            if rows > 2 * least.get(model, 0) + BLOCK_ROWS:
                found.append(
                    f"{name}: {model} read {rows} rows at {sizes[-1].items} items, "
                    f"{least.get(model, 0)} at {sizes[0].items}"
                )
    return found


# Blocks of 1 MB are read whole, up to 10,000 narrow rows in each, and a model reads a table up to
# four times; where a table has few blocks none is skipped.
BLOCK_ROWS = 100_000


def unwarranted(tables: dict[tuple[str, str], Counts], touched: set[str]) -> list[str]:
    """Of a refresh that found nothing: tables that it wrote, or read besides `touched`."""
    found = []
    for (schema, name), counts in tables.items():
        if counts.inserted or counts.deleted or counts.updated:
            if not (schema.endswith("_ops") and (name == "runs" or name.startswith("state_"))):
                found.append(f"{schema}.{name} was written: {counts}")
        elif counts.rows_read and name not in touched and not schema.endswith("_ops"):
            found.append(f"{schema}.{name} was read: {counts}")
    return found

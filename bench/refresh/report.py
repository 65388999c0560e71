"""The figures as a page: a table per question, and the plan of the floor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from bench.machine import describe
from bench.measures import Measure
from bench.refresh.results import PLACES, Size

BEGIN = "<!-- make bench: refreshes, from here -->"
END = "<!-- make bench: refreshes, to here -->"


def page(sizes: Sequence[Size], held: Sequence[Measure], today: date) -> str:
    """Markdown of one run. Seconds are medians, in the database."""
    changed = f"{sizes[-1].modes['full'].changed['newest'].found:,}"
    parts = [
        f"Measured {today.isoformat()}: {describe()}. Seconds, medians; {changed} changed items.",
        _table(("", *(f"{size.stored:,} items" for size in sizes)), _seconds(sizes)),
        "What is promised, at the greatest size:",
        _table(
            ("ratio", "promised", "measured"),
            (
                (
                    measure.what,
                    f"{'at least' if measure.at_least else 'at most'} {measure.limit:g}",
                    f"{measure.value:,.{measure.digits}f}{_missed(measure)}",
                )
                for measure in held
            ),
        ),
        "Beside dbt's stock incremental models, after late, moved and deleted items too:",
        _table(("", *(f"{size.stored:,} items" for size in sizes)), _stock(sizes)),
        "The floor, `EXPLAIN` of the bare scan of pipeline-logs:",
        *(f"`{name}`\n\n```\n{mode.explained}\n```" for name, mode in sizes[-1].modes.items()),
    ]
    return "\n\n".join(parts)


def _missed(measure: Measure) -> str:
    if measure.kept:
        return ""
    return f" (missed: {measure.excuse})" if measure.excuse else " (missed)"


def put(text: str, into: Path) -> None:
    """Replace what stands between the markers of a file. Raises ValueError where there are none."""
    before, begin, rest = into.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{into} does not hold {BEGIN} and {END}")
    into.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def _seconds(sizes: Sequence[Size]) -> Iterable[tuple[str, ...]]:
    yield _row("first build, all models", (size.first_build for size in sizes))
    yield _row("reconcile", (size.reconcile for size in sizes))
    yield _row("replicas read, nothing looked at", (size.plain_scan for size in sizes))
    for name in sizes[-1].modes:
        modes = [size.modes[name] for size in sizes]
        yield _row(f"`{name}`: bare scan", (mode.scan for mode in modes))
        yield _row(f"`{name}`: no-op refresh", (mode.no_op for mode in modes))
        for where in PLACES:
            said = "newest 3 days" if where == "newest" else "spread over all days"
            found = [mode.changed[where] for mode in modes]
            yield _row(f"`{name}`: refresh, {said}", (one.seconds for one in found))
            beyond = (one.seconds - mode.scan for one, mode in zip(found, modes, strict=True))
            yield _row(f"`{name}`: beyond the bare scan", beyond)
            yield _row(f"`{name}`: its marts", (one.marts for one in found))
            yield (f"`{name}`: changes found", *(f"{one.found:,}" for one in found))
    for name in sizes[-1].queries:
        yield _row(f"a week of `{name}`", (size.queries[name][0] for size in sizes))
        yield _row("the same on views over SUPER", (size.queries[name][1] for size in sizes))
    yield ("SQL statements in all procedures", *(str(size.statements) for size in sizes))


def _stock(sizes: Sequence[Size]) -> Iterable[tuple[str, ...]]:
    yield _row("stock: full rebuild of 3 tables", (size.stock_build for size in sizes))
    for where in sizes[-1].stock:
        yield _row(f"stock: `dbt run` after {where}", (size.stock[where] for size in sizes))
        if where in PLACES:
            ours = (size.modes["full"].changed[where].seconds for size in sizes)
            yield _row(f"ours: all tables, exact, after {where}", ours)
    for name in sizes[-1].faults:
        yield (
            f"stock `{name}`: rows missing, wrong, left over",
            *(
                f"{size.faults[name].missing}, {size.faults[name].wrong}, "
                f"{size.faults[name].left_over}"
                for size in sizes
            ),
        )


def _row(name: str, seconds: Iterable[float]) -> tuple[str, ...]:
    return (name, *(f"{value:.3f}" if value < 1 else f"{value:.2f}" for value in seconds))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("| --- |" + " ---: |" * (len(head) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)

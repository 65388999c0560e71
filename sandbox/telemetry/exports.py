"""Exports from a history of writes: a table at a moment, or what changed between two."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.telemetry.changes import change_writes
from sandbox.telemetry.courses import courses
from sandbox.telemetry.items import KEYS
from sandbox.telemetry.plan import Plan
from sandbox.telemetry.runs import Write, micros, run_writes

FULL = "full"


@dataclass(frozen=True)
class Export:
    """One export of one table: `begins` is None for a full one; one JSON line per item."""

    name: str
    table: str
    begins: datetime | None
    ends: datetime
    lines: tuple[str, ...]


@dataclass(slots=True)
class _Last:
    """The last write of an item before a cut: its time and its JSON, None for a deletion."""

    micros: int
    image: str | None


def generate(plan: Plan) -> tuple[Export, ...]:
    """The full export of each table, then the incremental ones; the same plan gives the same."""
    return tuple(_exports(plan, _History(plan)))


class _History:
    """The last write of every item in each window between cuts, which is all that exports show."""

    def __init__(self, plan: Plan) -> None:
        self._ends = [micros(cut) for cut in plan.cuts]
        # table -> key -> per window the last write in it
        self.items: dict[str, dict[tuple[str, ...], list[_Last | None]]] = {t: {} for t in KEYS}
        of = courses(plan)
        for place, course in of.of.items():
            self._add(run_writes(plan, *place, course))
        self._add(change_writes(plan, of))

    def _add(self, writes: Iterable[Write]) -> None:
        for (table, key, window), write in self._newest(writes).items():
            windows = self.items[table].setdefault(key, [None] * len(self._ends))
            last = windows[window]
            if last is None or last.micros <= write.micros:
                windows[window] = _Last(
                    write.micros, None if write.item is None else _json(write.item)
                )

    def _newest(self, writes: Iterable[Write]) -> dict[tuple[str, tuple[str, ...], int], Write]:
        """Of the writes (oldest first) the last per item and window; none after the last cut."""
        return {
            (write.table, write.key, window): write
            for write in writes
            if (window := bisect_left(self._ends, write.micros)) < len(self._ends)
        }


def _exports(plan: Plan, history: _History) -> Iterator[Export]:
    for step, cut in enumerate(plan.cuts):
        for table, items in history.items.items():
            begins = plan.cuts[step - 1] if step else None
            lines = _full(items) if step == 0 else _incremental(table, items, step)
            yield Export(f"increment-{step}" if step else FULL, table, begins, cut, tuple(lines))


def _full(items: dict[tuple[str, ...], list[_Last | None]]) -> Iterator[str]:
    for windows in items.values():
        if windows[0] and windows[0].image:
            yield f'{{"Item":{windows[0].image}}}'


def _incremental(
    table: str, items: dict[tuple[str, ...], list[_Last | None]], step: int
) -> Iterator[str]:
    """The net of the window: an item that came and went in it is not exported."""
    for key, windows in items.items():
        new = windows[step]
        old = next((one for one in reversed(windows[:step]) if one), None)
        images = {"OldImage": old and old.image, "NewImage": new and new.image}
        if new and any(images.values()):
            keys = _json({name: {"S": value} for name, value in zip(KEYS[table], key, strict=True)})
            parts = [f'"Metadata":{{"WriteTimestampMicros":{{"N":"{new.micros}"}}}}']
            parts += [f'"Keys":{keys}']
            parts += [f'"{name}":{image}' for name, image in images.items() if image]
            yield f"{{{','.join(parts)}}}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

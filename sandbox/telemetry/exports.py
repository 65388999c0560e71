"""Exports from a history of writes: a table at a moment, or what changed between two."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
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
    history = History(plan.cuts)
    of = courses(plan)
    for place, course in of.of.items():
        history.add(run_writes(plan, *place, course))
    history.add(change_writes(plan, of))
    return tuple(history.exports())


class History:
    """The last write of every item in each window between cuts, which is all that exports show."""

    def __init__(self, cuts: Sequence[datetime]) -> None:
        """`cuts`: the moment of the full export, then the end of each increment."""
        self._cuts = cuts
        self._ends = [micros(cut) for cut in cuts]
        # table -> key -> per window the last write in it
        self._items: dict[str, dict[tuple[str, ...], list[_Last | None]]] = {t: {} for t in KEYS}

    def add(self, writes: Iterable[Write]) -> None:
        """Take writes, the older of an item before the newer; those after the last cut are lost."""
        for (table, key, window), write in self._newest(writes).items():
            windows = self._items[table].setdefault(key, [None] * len(self._ends))
            last = windows[window]
            if last is None or last.micros <= write.micros:
                image = None if write.item is None else _json(write.item)
                windows[window] = _Last(write.micros, image)

    def exports(self) -> Iterator[Export]:
        """The full export of each table, then those of the first increment, and so on."""
        for step, cut in enumerate(self._cuts):
            for table, items in self._items.items():
                begins = self._cuts[step - 1] if step else None
                lines = _incremental(table, items, step) if step else _full(items)
                name = f"increment-{step}" if step else FULL
                yield Export(name, table, begins, cut, tuple(lines))

    def _newest(self, writes: Iterable[Write]) -> dict[tuple[str, tuple[str, ...], int], Write]:
        return {
            (write.table, write.key, window): write
            for write in writes
            if (window := bisect_left(self._ends, write.micros)) < len(self._ends)
        }


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

"""Histories under the two detections that do not compare every item."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.histories.items import FIRST_BATCHES, LOGS, PUTS, Put, Write, on_day
from tests.histories.machine import HOUR, History
from tests.histories.oracle import Found, Key, text, time
from tests.histories.world import STAGED
from tests.refresh.telemetry import Item

OFF_BY = (-1, 0, 1)


class RecordedHistory(History):
    """Replicas in history mode, hours behind: each state that an item went through is seen."""

    LAG = 2 * HOUR

    def __init__(self) -> None:
        super().__init__()
        # Per item its states since the last look, each with its moment.
        self.states: dict[str, dict[Key, list[tuple[int, Item | None]]]] = defaultdict(dict)
        self.newest_state: dict[str, int] = defaultdict(int)
        # What was newest when every item was looked at, whatever it had gone through.
        self.passed_over: dict[str, int] = defaultdict(int)
        self.before: dict[str, Found] = defaultdict(dict)
        self.has_looked: set[str] = set()

    def loaded(self, table: str) -> None:
        """Of each item that an export changed, its newest state is recorded."""
        now = self.newest(table)
        for key, (moment, item) in self.written[table].items():
            if item != self.before[table].get(key):
                self.states[table].setdefault(key, []).append((moment, item))
                self.newest_state[table] = max(self.newest_state[table], moment)
        self.before[table] = now

    def looks(self, table: str, mode: str) -> list[Found]:
        is_whole = (
            table not in self.has_looked
            or mode in ("alone", "reprocess")
            or STAGED[table] in self.unread
        )
        if self.newest_state[table]:
            self.has_looked.add(table)
        states = {
            key: [
                item
                for number, (moment, item) in enumerate(recorded, 1)
                if number == len(recorded)
                or (item is not None and moment > self.passed_over[table])
            ]
            for key, recorded in self.states.pop(table, {}).items()
        }
        if is_whole or mode == "reconcile":
            self.passed_over[table] = self.newest_state[table]
        if is_whole:
            return [self.newest(table)]
        return [
            {key: items[number] for key, items in states.items() if number < len(items)}
            for number in range(max(map(len, states.values()), default=0))
        ]


class RecentHistory(History):
    """A watermark: what began within some days of the newest is seen, and what left is not."""

    LOOKBACK = timedelta(days=3)
    EVENT_TIME = {LOGS: "started_at"}

    def __init__(self) -> None:
        super().__init__()
        self.watermarks: dict[str, datetime] = {}

    def write(self, batch: list[Write]) -> None:
        """As ever, but no history begins by it: `refresh_first` does."""
        super().write(batch)

    @initialize(batch=FIRST_BATCHES)
    def refresh_first(self, batch: list[Write]) -> None:
        """So that every history has a newest item from its beginning."""
        self.refresh(batch, "incremental")

    @rule(puts=st.lists(PUTS, min_size=1, max_size=3))
    def refresh_the_edge(self, puts: list[Put]) -> None:
        """Items arrive of the first day of the lookback, of the day before it and the day after."""
        edges = [self.at_the_edge(put, days) for put in puts for days in OFF_BY]
        self.refresh(edges, "incremental")

    def at_the_edge(self, put: Put, days: int) -> Put:
        if put.table not in self.watermarks:
            return put
        day = self.watermarks[put.table] - self.LOOKBACK + timedelta(days)
        return replace(put, item=on_day(put.item, self.event_time(put.table), day))

    def event_time(self, table: str) -> str:
        return self.EVENT_TIME.get(table, "failed_at")

    def looks(self, table: str, mode: str) -> list[Found]:
        name = self.event_time(table)
        found = self.newest(table)
        since = self.watermarks.get(table)
        if not (since is None or self.sees_everything(mode) or STAGED[table] in self.unread):
            day = f"{since - self.LOOKBACK:%Y-%m-%d}"
            found = {
                key: item
                for key, item in found.items()
                if item is not None and text(item, name) >= day
            }
        times = [time(item, name) for item in found.values() if item is not None]
        known = [moment for moment in (since, *times) if moment is not None]
        if known:
            self.watermarks[table] = max(known)
        return [found]

    def sees_everything(self, mode: str) -> bool:
        return mode in ("reconcile", "reprocess")

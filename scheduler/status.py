"""What a subject is doing, and what it did last."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduler.clock import Deadline
from scheduler.outcomes import Entry, statement_phase
from scheduler.plan import Statement
from scheduler.procedures import Procedures
from scheduler.slots import parse_statement_name

_TIMEOUT = timedelta(minutes=1)


@dataclass(frozen=True)
class Status:
    """The statements that run now, and the newest entries of the ledger, newest first."""

    subject: str
    running: Sequence[Statement]
    entries: Sequence[Entry]
    lock: str = ""

    @property
    def paused(self) -> Entry | None:
        """The newest entry when it tells of a pause that has not ended."""
        told = (e for e in self.entries if e.step == "pause" or e.outcome == "paused")
        newest = next(told, None)
        return newest if newest is not None and newest.outcome == "paused" else None

    def as_json(self) -> str:
        """All of it as one JSON object."""
        content = {
            "subject": self.subject,
            "is_paused": self.paused is not None,
            "lock": self.lock,
            "running": [s.name for s in self.running],
            "entries": [dataclasses.asdict(e) for e in self.entries],
        }
        return json.dumps(content)

    def lines(self) -> Iterator[str]:
        """The same for a person, at most 100 columns as far as names allow."""
        for statement in self.running:
            since = f"{statement.created_at:%Y-%m-%dT%H:%MZ}"
            yield f"running: {statement.name}, {statement.status} since {since}"
        if self.lock:
            yield self.lock
        if self.paused is not None:
            yield f"paused: {self.paused.detail}"
        if not self.running and self.paused is None:
            yield f"{self.subject}: nothing runs now"
        for entry in self.entries:
            what = entry.name if entry.step != "refresh" else entry.mode
            detail = f": {entry.detail}" if entry.detail else ""
            yield f"  {entry.started_at} {entry.step} {what} {entry.outcome}{detail}"[:100]


def read_status(procedures: Procedures, count: int) -> Status:
    """Ask the Data API and the ledger. Raises SchedulerError."""
    listed = procedures.statements.list(procedures.work.subject_prefix)
    running = [
        statement
        for statement in listed
        if parse_statement_name(statement.name) and statement_phase(statement.status) == "active"
    ]
    deadline = Deadline.after(procedures.clock, _TIMEOUT)
    lock = procedures.explain_lock() if running else ""
    return Status(procedures.work.subject, running, procedures.runs(count, deadline), lock)

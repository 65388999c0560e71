"""What to do about a slot, given the statements the Data API remembers (24 hours). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.outcomes import statement_phase
from scheduler.slots import Attempt, Work, parse_statement_name


@dataclass(frozen=True)
class Statement:
    """A statement as the Data API lists it."""

    id: str
    name: str
    status: str
    created_at: datetime


@dataclass(frozen=True)
class Submit:
    """Send the CALL. `unrecorded` is the statement with which the cycle before this one failed."""

    attempt: int
    unrecorded: Statement | None


@dataclass(frozen=True)
class Reattach:
    """The slot's statement is on its way: wait for it."""

    statement: Statement
    attempt: int


@dataclass(frozen=True)
class Finished:
    """The slot's statement has finished.

    `newest` is the subject's newest finished refresh, which knows best what SPICE should hold.
    """

    statement: Statement
    attempt: int
    newest: Statement


@dataclass(frozen=True)
class Overlap:
    """Another slot or mode of the subject is on its way: leave this one out."""

    statement: Statement


Decision = Submit | Reattach | Finished | Overlap


def decide(statements: Sequence[Statement], work: Work) -> Decision:
    """What to do about `work`, given all statements whose names begin with its subject's prefix.

    Attempts are counted from the list alone, so no run has to remember. Statements of other names
    (checks, records) are passed over. Raises UnknownAnswer for a state not known here.
    """
    refreshes = sorted(
        ((s, a) for s in statements if (a := parse_statement_name(s.name)) is not None),
        key=lambda pair: (pair[0].created_at, pair[1].number),
    )
    active = [pair for pair in refreshes if statement_phase(pair[0].status) == "active"]
    finished = [pair for pair in refreshes if statement_phase(pair[0].status) == "done"]
    for statement, attempt in reversed(active):
        if attempt.work == work:
            return Reattach(statement, attempt.number)
    for statement, attempt in reversed(finished):
        if attempt.work == work:
            return Finished(statement, attempt.number, newest=finished[-1][0])
    if active:
        return Overlap(active[-1][0])
    return Submit(next_attempt(refreshes, work), _last_failure(refreshes))


def next_attempt(refreshes: Sequence[tuple[Statement, Attempt]], work: Work) -> int:
    """One more than the highest attempt in the list."""
    return 1 + max((a.number for _, a in refreshes if a.work == work), default=0)


def _last_failure(refreshes: Sequence[tuple[Statement, Attempt]]) -> Statement | None:
    if not refreshes:
        return None
    newest = refreshes[-1][0]
    return newest if statement_phase(newest.status) == "failed" else None

"""What one piece of work is called: environment, subject, mode, slot, attempt.

The name is the identity: the same name gives the same client token, so the Data API runs it once,
and a run that finds the name in the statement list knows what became of it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scheduler.errors import WrongUse

MODES = ("incremental", "reconcile")
# What a person or the night asks for besides; a part and a range of days stand in the mode's name.
PARTS = ("facts", "feeds", "ledger")
RETAIN_MODES = tuple(f"retain-{part}" for part in PARTS)
_KNOWN_MODE = re.compile("|".join((*MODES, *RETAIN_MODES, r"reprocess-\d{8}-\d{8}")))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d+)([smhd])")
_SLOT_FORMAT = "%Y-%m-%dT%H:%MZ"


def parse_duration(text: str, *, where: str) -> timedelta:
    """Read `90s`, `15m`, `2h` or `1d`; `where` names the setting in the error.

    Raises WrongUse for any other text.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise WrongUse(f"{where}: {text!r} is no duration; write it like 90s, 15m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def format_slot(slot: datetime) -> str:
    """A slot as it stands in names and on screen: 2026-03-31T12:00Z."""
    return slot.strftime(_SLOT_FORMAT)


def current_slot(now: datetime, every: timedelta) -> datetime:
    """The newest slot that has begun: `now` floored to the period, counted from 1970 UTC."""
    return now - (now - _EPOCH) % every


def newest_night(now: datetime, at: timedelta) -> datetime:
    """The newest instant that lies `at` after a midnight, UTC, and has begun."""
    return current_slot(now - at, timedelta(days=1)) + at


def reprocess_mode(first: date, last: date) -> str:
    """The mode that reads a range of event dates again. Raises WrongUse when it is none."""
    if first > last:
        raise WrongUse(f"--from {first} lies after --to {last}")
    return f"reprocess-{first:%Y%m%d}-{last:%Y%m%d}"


def parse_slot(text: str, *, every: timedelta, now: datetime) -> datetime:
    """Read a slot that a person wrote, like 2026-03-31T12:00Z.

    Raises WrongUse when it is no instant with a zone, does not lie on the subject's grid (two names
    for one piece of work), or has not begun: a refresh of a future slot would make every slot until
    then a superseded one.
    """
    try:
        written = datetime.fromisoformat(text)
        slot = written.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(f"--slot {text!r} is no time; write it like 2026-03-31T12:00Z") from None
    if written.tzinfo is None:
        raise WrongUse(f"--slot {text!r} has no zone; write UTC with a Z, like 2026-03-31T12:00Z")
    begun = current_slot(now, every)
    if slot > begun:
        raise WrongUse(f"--slot {text!r} has not begun; the newest slot is {format_slot(begun)}")
    before = current_slot(slot, every)
    if slot != before:
        raise WrongUse(
            f"--slot {text!r} is not on this subject's grid; "
            f"write {format_slot(before)} or {format_slot(before + every)}"
        )
    return slot


@dataclass(frozen=True)
class Work:
    """One piece of work: a subject's slot in one mode. Doing it twice is doing it once."""

    environment: str
    subject: str
    mode: str
    slot: datetime

    @property
    def subject_prefix(self) -> str:
        """What the names of all statements of this environment and subject begin with."""
        return f"{self.environment}/{self.subject}/"

    @property
    def name(self) -> str:
        """The name without the attempt."""
        return f"{self.subject_prefix}{self.mode}/{format_slot(self.slot)}"

    @property
    def ledger_mode(self) -> str:
        """The mode as the ledger has it: `retain facts`, `reprocess`."""
        verb, *rest = self.mode.split("-")
        return " ".join((verb, *rest)) if verb == "retain" else verb

    def statement_name(self, attempt: int) -> str:
        """The statement name of one attempt, counted from 1."""
        return f"{self.name}/{attempt}"


@dataclass(frozen=True)
class Attempt:
    """A refresh statement's name, taken apart."""

    work: Work
    number: int


def parse_statement_name(name: str) -> Attempt | None:
    """Take a refresh statement's name apart; None for any other statement (check, record)."""
    parts = name.split("/")
    if len(parts) != 5 or not _KNOWN_MODE.fullmatch(parts[2]) or not parts[4].isdecimal():
        return None
    try:
        slot = datetime.strptime(parts[3], _SLOT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Attempt(Work(parts[0], parts[1], parts[2], slot), int(parts[4]))


def client_token(name: str) -> str:
    """The idempotency token of a statement: 64 characters that follow from its name alone.

    https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
    """
    return hashlib.sha256(name.encode()).hexdigest()

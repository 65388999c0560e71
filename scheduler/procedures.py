"""The procedures that a subject's owner deployed, called by name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.clock import Clock, Deadline
from scheduler.errors import SchedulerError
from scheduler.outcomes import Check, Entry, parse_check, parse_lock, parse_runs, redact
from scheduler.slots import Work
from scheduler.statements import Statements

_log = logging.getLogger(__name__)

# What a person or a platform waits for an explanation at the deadline.
_EXPLAIN_TIMEOUT = timedelta(seconds=10)
# Long enough for a workgroup that has to wake, short against a refresh that is waiting.
_RECORD_TIMEOUT = timedelta(minutes=1)


@dataclass(frozen=True)
class Procedures:
    """The procedures of one piece of work. Their schema has no prefix in production."""

    statements: Statements
    clock: Clock
    schema: str
    work: Work

    def submit_refresh(self, attempt: int) -> str:
        """Send the CALL that does the work; gives the statement's id."""
        work = self.work
        procedure, arguments, values = _call_of(work)
        return self.statements.submit(
            work.statement_name(attempt),
            f"call {self.schema}.{procedure}_{work.subject}(cast(:slot as timestamp), {arguments})",
            {"slot": _timestamp(work.slot), **values},
        )

    def check(self, deadline: Deadline) -> Check:
        """Run the tests that must pass before SPICE takes the marts, and count their rows."""
        identity = self.statements.run(
            self._name("check"), f"call {self.schema}.check_{self.work.subject}()", {}, deadline
        )
        return parse_check(self.statements.text(identity))

    def runs(self, count: int, deadline: Deadline) -> list[Entry]:
        """The newest entries of the subject's ledger, newest first."""
        identity = self.statements.run(
            self._name("status"),
            f"call {self.schema}.read_runs(cast(:subject as varchar), cast(:count as integer))",
            {"subject": self.work.subject, "count": str(count)},
            deadline,
        )
        return parse_runs(self.statements.text(identity))

    def explain_lock(self) -> str:
        """Who holds the subject's lock, in words; where that cannot be told, how to find out."""
        deadline = Deadline.after(self.clock, _EXPLAIN_TIMEOUT)
        call = f"call {self.schema}.explain_lock(cast(:subject as varchar))"
        try:
            subject = {"subject": self.work.subject}
            identity = self.statements.run(self._name("explain"), call, subject, deadline)
            told = parse_lock(self.statements.text(identity))
        except SchedulerError as error:
            _log.info("who holds the lock is not known: %s", error)
            told = "who holds the subject's lock is not known"
        arguments = f"{{subject: {self.work.subject}}}"
        return f"{told}; more: dbt run-operation explain_lock --args '{arguments}'"

    def record(self, step: str, name: str, outcome: str, detail: str, work: Work) -> None:
        """Write what became of `work`'s step to the ledger; what stands there already is left.

        A ledger that cannot be written must not keep the marts from being refreshed: it is logged.
        """
        values = {
            "subject": work.subject,
            "mode": work.ledger_mode,
            "slot": _timestamp(work.slot),
            "step": step,
            "name": name,
            "outcome": outcome,
            # The Data API takes no empty value:
            # https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_SqlParameter.html
            "detail": redact(detail) or "-",
        }
        try:
            self.statements.run(
                self._name("record"),
                f"call {self.schema}.record_outcome(cast(:subject as varchar), "
                "cast(:mode as varchar), cast(:slot as timestamp), cast(:step as varchar), "
                "cast(:name as varchar), cast(:outcome as varchar), cast(:detail as varchar))",
                values,
                Deadline.after(self.clock, _RECORD_TIMEOUT),
            )
        except SchedulerError as error:
            _log.warning("the outcome of %s was not recorded: %s", name, error)

    def _name(self, what: str) -> str:
        # The instant makes each a statement of its own: these are sent anew by every run.
        return f"{self.work.subject_prefix}{what}/{self.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"


def _call_of(work: Work) -> tuple[str, str, dict[str, str]]:
    """Procedure, arguments after the slot, and their values."""
    match work.mode.split("-"):
        case ["retain", part]:
            return "retain", "cast(:part as varchar)", {"part": part}
        case ["reprocess", first, last]:
            days = "cast(:first as date), cast(:last as date)"
            return "reprocess", days, {"first": _day(first), "last": _day(last)}
        case _:
            return "refresh", "cast(:mode as varchar)", {"mode": work.mode}


def _day(compact: str) -> str:
    return f"{compact[:4]}-{compact[4:6]}-{compact[6:]}"


def _timestamp(slot: datetime) -> str:
    return f"{slot:%Y-%m-%d %H:%M:%S}"

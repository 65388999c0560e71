"""Everything the scheduler raises, and the exit code each ends with.

    SchedulerError                 1  failed
    ├── WrongUse                   2  a flag, a setting or a file is wrong: nothing was sent
    ├── TryLater                   3  nothing is broken, the next wake goes on
    │   └── Busy                   3  the service turned the call away after all retries
    ├── ServiceRefused             1  the service says no, and would say it again
    │   ├── NotFound               1  ... because the thing is not there
    │   ├── AlreadyExists          1  ... because the thing is there (callers go on with it)
    │   └── QuotaReached           1  ... because a quota is used up (callers put it off)
    ├── StatementFailed            1  a statement ended FAILED or ABORTED
    └── UnknownAnswer              1  an answer this version does not know: never taken for progress

Messages say what is wrong, where, and what to do.
"""

from __future__ import annotations

DONE = 0
FAILED = 1
WRONG_USE = 2
TRY_LATER = 3
SKIPPED = 4


class SchedulerError(Exception):
    """The base of every expected failure."""

    exit_code = FAILED


class WrongUse(SchedulerError):
    """A flag, a setting or a file is wrong; nothing was sent."""

    exit_code = WRONG_USE


class TryLater(SchedulerError):
    """Nothing is broken; the next wake goes on from here."""

    exit_code = TRY_LATER


class Busy(TryLater):
    """The service turned the call away after all retries."""


class ServiceRefused(SchedulerError):
    """The service says no, and would say it again."""


class NotFound(ServiceRefused):
    """The thing the call names is not there."""


class AlreadyExists(ServiceRefused):
    """The thing the call makes is there already."""


class QuotaReached(ServiceRefused):
    """A quota of the service is used up for now."""


class StatementFailed(SchedulerError):
    """A statement ended FAILED or ABORTED. `error` is the warehouse's text, secrets removed."""

    def __init__(self, name: str, status: str, error: str) -> None:
        self.name = name
        self.status = status
        self.error = error
        super().__init__(f"statement {name} is {status}: {error}")


class UnknownAnswer(SchedulerError):
    """An answer this version does not know."""

"""Time as something that is passed in, and deadlines as values."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present instant, UTC, with its zone."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC, with its zone."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Deadline:
    """The instant by which something must have ended."""

    at: datetime

    @classmethod
    def after(cls, clock: Clock, length: timedelta) -> Deadline:
        """The deadline that lies `length` from now."""
        return cls(clock.now() + length)

    def seconds_left(self, clock: Clock) -> float:
        """Seconds until the deadline, 0 when it is past."""
        return max(0.0, (self.at - clock.now()).total_seconds())

    def is_past(self, clock: Clock) -> bool:
        """Whether the deadline is past."""
        return clock.now() >= self.at

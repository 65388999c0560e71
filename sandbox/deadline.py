"""Deadlines as values: made once, handed down, asked for what is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass

POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - time.monotonic())

    def wait(self, done: Callable[[], bool]) -> bool:
        """True as soon as `done()` is true, False when the time has run out."""
        while not done():
            if not self.left():
                return False
            time.sleep(POLL_SECONDS)
        return True

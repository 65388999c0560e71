"""Work that runs on a thread with a warehouse session, and can be cancelled from another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.aws.warehouse import Login, Session, session

_CANCEL_AGAIN_SECONDS = 0.05


class Run:
    """One piece of work: whether it was cancelled, whether it is done."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._cancelled = threading.Event()
        self._session: Session | None = None

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for its end."""
        return self._cancelled.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, but not past a cancel."""
        self._cancelled.wait(seconds)

    def wait(self, seconds: float) -> bool:
        """Whether it is done, after at most `seconds`."""
        return self._done.wait(seconds)

    def finish(self) -> None:
        """Say that it is done."""
        self._done.set()

    @contextmanager
    def session(self, login: Login, label: str) -> Iterator[Session]:
        """The session it works in; raises SqlFailed, WarehouseLost."""
        with session(login, label) as opened:
            self._session = opened
            try:
                yield opened
            finally:
                self._session = None

    def cancel(self, seconds: float) -> bool:
        """Cancel it at its backend; whether it was done, however it ended, after `seconds`."""
        self._cancelled.set()
        for _ in range(int(seconds / _CANCEL_AGAIN_SECONDS)):
            at_work = self._session
            if at_work:
                # A request that arrives before the statement does is lost, so it is repeated.
                at_work.cancel()
            if self._done.wait(_CANCEL_AGAIN_SECONDS):
                return True
        return False

"""Which answer belongs to which question.

A client may send many messages before it reads an answer, and the proxy adds some of its own. The
server answers in order, so a queue of what was asked tells what each answer is for, and which
answers are the proxy's and stay hidden.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Shape:
    """Which columns of a statement's rows are SUPER; None while nobody has asked the server."""

    super_columns: tuple[int, ...] | None = None
    asked: bool = False


@dataclass
class Step:
    """One question; ``sync`` where it is the Sync that ends what an error skips.

    ``ends``: the message types that complete its answer. ``shape``: what a description fills in and
    rows are read by. ``undo``: called when the server never did it. ``hidden_tags``: which command
    tags of a simple query belong to statements the proxy added.
    """

    ends: bytes
    sync: bool = False
    hidden: bool = False
    shape: Shape | None = None
    undo: Callable[[], None] | None = None
    hidden_tags: frozenset[int] = frozenset()
    tags: int = 0
    rows: list[bytes] = field(default_factory=list)


@dataclass
class Pipeline:
    """The questions under way. ``status`` is the server's last word on the transaction: I, T or E.

    ``skipping``: an error stands, and the server drops everything up to the next Sync.
    """

    status: bytes = b"I"
    skipping: bool = False
    _steps: deque[Step] = field(default_factory=deque)
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, step: Step) -> Step:
        """A message was sent (or one that the server will skip)."""
        if step.sync:
            self.skipping = False
        if self.skipping:
            _undo(step)
        else:
            self._steps.append(step)
            self._empty.clear()
        return step

    def current(self) -> Step | None:
        """The question that the next answer is for; None before the first."""
        return self._steps[0] if self._steps else None

    def answer(self, kind: bytes, body: bytes) -> Step | None:
        """Note an answer and return its question. Asynchronous messages have none."""
        if not self._steps or kind in b"NSA":
            return self.current()
        step = self._steps[0]
        if kind == b"E" and step.ends != b"Z":
            self._drop_to_sync()
        elif kind in step.ends:
            self._steps.popleft()
            if kind == b"Z":
                self.status = body
        if not self._steps:
            self._empty.set()
        return step

    async def settled(self) -> None:
        """Until every question under way is answered."""
        if self._steps:
            await self._empty.wait()

    def _drop_to_sync(self) -> None:
        while self._steps and not self._steps[0].sync:
            _undo(self._steps.popleft())
        self.skipping = not self._steps


def _undo(step: Step) -> None:
    if step.undo:
        step.undo()

"""The steps of a night, one after the other; each is a piece of work of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.errors import SchedulerError, TryLater
from scheduler.outcomes import worst
from scheduler.report import Report
from scheduler.runner import Cycle


@dataclass(frozen=True)
class Failed:
    """A step that did not come to its end, and why."""

    mode: str
    error: str
    exit_code: int


@dataclass(frozen=True)
class Night:
    """What became of each step, in order."""

    steps: tuple[Report | Failed, ...]

    @property
    def exit_code(self) -> int:
        """The worst exit code of all steps."""
        return worst(step.exit_code for step in self.steps)

    def as_json(self) -> str:
        """All steps as one JSON object."""
        steps = [
            json.loads(step.as_json())
            if isinstance(step, Report)
            else {"mode": step.mode, "outcome": "error", "error": step.error}
            for step in self.steps
        ]
        return json.dumps({"steps": steps, "exit_code": self.exit_code})

    def lines(self) -> Iterator[str]:
        """The steps for a person."""
        for step in self.steps:
            if isinstance(step, Report):
                yield from step.lines()
            else:
                yield f"{step.mode}: error: {step.error}"


def run_night(cycles: Sequence[Cycle]) -> Night:
    """Run each step; one that fails does not keep the next from its work."""
    return Night(tuple(_step(cycle) for cycle in cycles))


def _step(cycle: Cycle) -> Report | Failed:
    try:
        if cycle.deadline.is_past(cycle.clock):
            raise TryLater("the time was up before it could begin; the same night may run again")
        return cycle.run()
    except SchedulerError as error:
        return Failed(cycle.procedures.work.mode, str(error), error.exit_code)

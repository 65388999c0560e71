"""Chance that falls the same way on every machine and Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws that depend on the names alone, so one run's chances do not move another's.

    Only `Random.random` keeps its sequence between versions of Python, so all is made of it.
    """

    def __init__(self, *names: object) -> None:
        self._random = random.Random("/".join(map(str, names)))

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def between(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def factor(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + self._random.random() * (high - low)

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[self.between(0, len(choices) - 1)]

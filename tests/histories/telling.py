"""How many histories are told, and which."""

import os
import random

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.machine import History

STEPS = 7
SEED = "HISTORIES_SEED"


def tell(history: type[History], number: int, *, at_random: bool = False) -> None:
    """Tell that many histories: the same every time, or others, whose seed is printed.

    A history that fails is told again, shorter, until it cannot be made shorter; its steps are
    printed as calls of the machine. With HISTORIES_SEED in the environment, a random run repeats.
    """
    options = settings(
        max_examples=number,
        stateful_step_count=STEPS,
        derandomize=not at_random,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    if at_random:
        chosen = int(os.environ.get(SEED) or random.SystemRandom().randrange(2**32))
        print(f"{SEED}={chosen}")  # noqa: T201
        seed(chosen)(history)
    run_state_machine_as_test(history, settings=options)

"""What happens to each daily run: mostly nothing, sometimes what the plan wants to be seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sandbox.telemetry import malformed
from sandbox.telemetry.dice import Dice
from sandbox.telemetry.errors import ERRORS, Error
from sandbox.telemetry.plan import STAGES, Pipeline, Plan

MAX_ATTEMPTS = 3
FAILURE_RATE = 0.03
LATE_RATE = 0.01
MISSING_RATE = 0.01
EMPTY_RATE = 0.01

Place = tuple[Pipeline, date]


@dataclass(frozen=True)
class Failure:
    """A stage fails so many attempts; `job_break` names how its failed-jobs item is malformed."""

    error: Error
    times: int = 1
    job_break: str | None = None


@dataclass(frozen=True)
class Course:
    """How one run goes. `held`: seconds it waited in its queue, None for an ordinary wait."""

    failures: Mapping[str, Failure] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    late: timedelta = timedelta(0)
    held: int | None = None
    is_missing: bool = False
    is_empty: bool = False


@dataclass(frozen=True)
class Courses:
    """The course of every run, and the ordinary runs that each increment changes afterwards."""

    of: Mapping[Place, Course]
    changed: tuple[tuple[Place, ...], ...]


def courses(plan: Plan) -> Courses:
    """Decide them all; the same plan gives the same."""
    found = _wanted(plan)
    changed = []
    for step in range(1, plan.increments + 1):
        _hold_up(plan, step, found)
        changed.append(_claim(plan, step, found))
    for place in _places(plan):
        if place not in found:
            found[place] = _by_chance(plan, place)
    return Courses(found, tuple(changed))


def _places(plan: Plan) -> Iterator[Place]:
    for day in plan.all_days():
        for pipeline in plan.pipelines:
            yield pipeline, day


def _wanted(plan: Plan) -> dict[Place, Course]:
    """Each error and each malformed kind once, in a run each, spread evenly over the days."""
    specials = _specials()
    runs = plan.days * len(plan.pipelines)
    count = min(len(specials), runs)
    found: dict[Place, Course] = {}
    for at, special in enumerate(specials[:count]):
        day, pipeline = divmod((2 * at + 1) * runs // (2 * count), len(plan.pipelines))
        stage = STAGES[at % len(STAGES)]
        found[plan.pipelines[pipeline], plan.first + timedelta(days=day)] = (
            Course(failures={stage: special})
            if isinstance(special, Failure)
            else Course(broken={stage: special})
        )
    return found


def _specials() -> list[Failure | str]:
    """Failures and malformed kinds, both spread evenly, so that a small plan has some of both."""
    # Failed jobs expire: the malformed ones are the newest.
    job_breaks = [None] * (len(ERRORS) - len(malformed.FAILED_JOBS)) + [*malformed.FAILED_JOBS]
    failures = [
        # No retry cures those with a secret, so that the secret is there to be found.
        Failure(error, MAX_ATTEMPTS if error.has_secret else 1, job_break)
        for error, job_break in zip(ERRORS, job_breaks, strict=True)
    ]
    rows: tuple[Sequence[Failure | str], ...] = (failures, list(malformed.STAGE_LOGS))
    placed = [((at + 0.5) / len(row), special) for row in rows for at, special in enumerate(row)]
    return [special for _, special in sorted(placed, key=lambda pair: pair[0])]


def _hold_up(plan: Plan, step: int, found: dict[Place, Course]) -> None:
    """At the cut before an increment one run is at work, and another waits for its retry."""
    cut = plan.cuts[step - 1]
    free = sorted(
        (pipeline for pipeline in plan.pipelines if (pipeline, cut.date()) not in found),
        key=lambda pipeline: pipeline.minutes,
    )
    # The shortest fails within the last quarter of an hour, so that its retry is still to come.
    for pipeline, share, failures in (
        *((one, 0.9, {"clean": Failure(ERRORS[0])}) for one in free[:1]),
        *((one, 0.55, {}) for one in free[1:][-1:]),
    ):
        starts = cut - timedelta(minutes=pipeline.minutes * share)
        waited = starts - datetime.combine(cut.date(), pipeline.starts, UTC)
        found[pipeline, cut.date()] = Course(failures=failures, held=int(waited.total_seconds()))


def _claim(plan: Plan, step: int, found: dict[Place, Course]) -> tuple[Place, ...]:
    """One run that comes in late with the increment, and four that it changes."""
    newest = plan.cuts[step - 1].date()
    free = [
        (pipeline, newest - timedelta(days=back))
        for back in range(1, min(plan.days, 8))
        for pipeline in plan.pipelines
        if (pipeline, newest - timedelta(days=back)) not in found
    ]
    found.update((place, Course()) for place in free[:4])
    for place in free[4:5]:
        found[place] = Course(late=timedelta(days=(newest - place[1]).days, hours=12))
    return tuple(free[:4])


def _by_chance(plan: Plan, place: Place) -> Course:
    pipeline, day = place
    dice = Dice(plan.seed, "course", pipeline.id, day)
    if dice.chance(MISSING_RATE):
        return Course(is_missing=True)
    if dice.chance(EMPTY_RATE):
        return Course(is_empty=True)
    late = timedelta(days=dice.between(1, 2)) if dice.chance(LATE_RATE) else timedelta(0)
    failures = {
        stage: Failure(dice.pick(ERRORS), dice.pick((1, 1, 1, 2, MAX_ATTEMPTS)))
        for stage in STAGES
        if dice.chance(FAILURE_RATE)
    }
    return Course(failures=failures, late=late)

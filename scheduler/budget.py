"""What to do about one SPICE dataset, given its ingestions. Pure.

SPICE is current exactly when an ingestion named after the newest changing refresh is COMPLETED:
`<dataset>-r<refresh id>`, or `<dataset>-r<refresh id>-<n>` for the n-th try. So whoever died in
between, the next run sees what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.outcomes import ingestion_phase, is_transient_ingestion_error

# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_CreateIngestion.html: 32 manual
# refreshes in 24 hours. The page does not say whether failed ones count: they are counted.
DAILY_INGESTIONS = 32
WINDOW = timedelta(hours=24)
# The steady rate that the budget allows.
SPACING = WINDOW / DAILY_INGESTIONS
# Tries of one refresh's ingestion that may follow one another at once.
QUICK_TRIES = 3


@dataclass(frozen=True)
class Ingestion:
    """An ingestion as Quick describes it; row numbers are None until it has ended."""

    id: str
    status: str
    created_at: datetime
    is_manual: bool = True
    error_type: str = ""
    error_message: str = ""
    rows_dropped: int | None = None
    total_rows: int | None = None


@dataclass(frozen=True)
class Current:
    """SPICE holds the refresh."""

    ingestion: Ingestion


@dataclass(frozen=True)
class Attach:
    """The ingestion is on its way: wait for it."""

    ingestion: Ingestion


@dataclass(frozen=True)
class Start:
    """Start an ingestion of this id."""

    ingestion_id: str


@dataclass(frozen=True)
class Defer:
    """Leave it to a wake after `until`. `by_budget` says that the day's budget is used up."""

    until: datetime
    by_budget: bool


@dataclass(frozen=True)
class GiveUp:
    """The ingestion failed as another try would fail; it is not tried before `until`."""

    ingestion: Ingestion
    until: datetime


Decision = Current | Attach | Start | Defer | GiveUp


def ingestion_id(dataset_id: str, refresh_id: int, attempt: int = 1) -> str:
    """The ingestion id of one try to bring one refresh into SPICE."""
    base = f"{dataset_id}-r{refresh_id}"
    return base if attempt == 1 else f"{base}-{attempt}"


def decide(
    dataset_id: str,
    refresh_id: int,
    ingestions: Sequence[Ingestion],
    *,
    now: datetime,
    spacing: timedelta,
) -> Decision:
    """What to do so that SPICE holds `refresh_id`.

    `ingestions` are those of the last 24 hours and whatever is known of this refresh, in any order.
    `spacing` is the least time between two ingestions that runs of the scheduler start. Raises
    UnknownAnswer for a state not known here.
    """
    own = re.compile(rf"{re.escape(dataset_id)}-r(\d+)(?:-(\d+))?")
    named = [(match, i) for i in ingestions if (match := own.fullmatch(i.id)) is not None]
    tries = {int(m[2] or 1): i for m, i in named if int(m[1]) == refresh_id}
    for _, attempt in sorted(tries.items(), reverse=True):
        match ingestion_phase(attempt.status):
            case "done":
                return Current(attempt)
            case "active":
                return Attach(attempt)
            case "failed":
                continue
    last = tries[max(tries)] if tries else None
    at_once = last is not None and is_transient_ingestion_error(last.error_type)
    at_once = at_once and len(tries) < QUICK_TRIES
    if last is not None and not at_once and last.created_at + max(spacing, SPACING) > now:
        return GiveUp(last, last.created_at + max(spacing, SPACING))
    newest = max((i.created_at for _, i in named), default=None)
    if newest is not None and not at_once and newest + spacing > now:
        return Defer(newest + spacing, by_budget=False)
    manual = sorted(i.created_at for i in ingestions if i.is_manual and i.created_at + WINDOW > now)
    if len(manual) >= DAILY_INGESTIONS:
        return Defer(manual[-DAILY_INGESTIONS] + WINDOW, by_budget=True)
    return Start(ingestion_id(dataset_id, refresh_id, max(tries, default=0) + 1))

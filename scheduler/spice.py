"""Brings the datasets of a subject to its newest changing refresh."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from scheduler.budget import Attach, Current, Defer, GiveUp, Ingestion, Start, decide, ingestion_id
from scheduler.clock import Clock, Deadline
from scheduler.errors import AlreadyExists, NotFound, QuotaReached
from scheduler.ingestions import DataSet, Ingestions
from scheduler.outcomes import Check, ingestion_phase
from scheduler.procedures import Procedures
from scheduler.report import DatasetReport


@dataclass(frozen=True)
class Spice:
    """One subject's datasets in one run.

    The check procedure wakes the warehouse, so it is called only when an ingestion is due, and once
    for all datasets.
    """

    ingestions: Ingestions
    procedures: Procedures
    clock: Clock
    deadline: Deadline
    spacing: timedelta

    def bring(self, dataset_id: str, refresh_id: int | None) -> DatasetReport:
        """See to it that SPICE holds `refresh_id`, and say what became of it.

        Raises SchedulerError when a service refuses or answers what is not known.
        """
        try:
            dataset = self.ingestions.dataset(dataset_id)
        except NotFound:
            return DatasetReport(
                dataset_id, "missing", "make it with `scheduler quick apply`, then run this again"
            )
        if not dataset.is_spice:
            return DatasetReport(dataset_id, "direct_query")
        if refresh_id is None:
            return DatasetReport(dataset_id, "nothing_to_show", "no refresh has changed a row yet")
        known = self._known(dataset.id, refresh_id)
        while True:
            step = self._step(dataset, refresh_id, list(known.values()))
            if isinstance(step, DatasetReport):
                return step
            known[step.id] = step

    def _known(self, dataset_id: str, refresh_id: int) -> dict[str, Ingestion]:
        known = {ingestion.id: ingestion for ingestion in self.ingestions.recent(dataset_id)}
        # Nothing may have changed for days: the list alone does not reach back far enough.
        first = self.ingestions.describe(dataset_id, ingestion_id(dataset_id, refresh_id))
        return known if first is None else {**known, first.id: first}

    def _step(
        self, dataset: DataSet, refresh_id: int, known: Sequence[Ingestion]
    ) -> DatasetReport | Ingestion:
        """Do the next thing: gives the report, or the ingestion that failed meanwhile."""
        decision = decide(dataset.id, refresh_id, known, now=self.clock.now(), spacing=self.spacing)
        match decision:
            case Current(ingestion):
                return _dropped(dataset, ingestion) or _report(dataset, "current", ingestion)
            case Attach(ingestion):
                return self._follow(dataset, ingestion.id)
            case GiveUp(ingestion, until):
                reason = f"{ingestion.status} {ingestion.error_type}: {ingestion.error_message}"
                again = f"not tried again before {until:%Y-%m-%dT%H:%MZ}"
                return _report(dataset, "failed", ingestion, f"{reason}; {again}")
            case Defer(until, by_budget):
                word = "quota_reached" if by_budget else "deferred"
                detail = f"the next ingestion may start at {until:%Y-%m-%dT%H:%MZ}"
                return DatasetReport(dataset.id, word, detail)
            case Start(new_id):
                return self._start(dataset, new_id)

    def _start(self, dataset: DataSet, new_id: str) -> DatasetReport | Ingestion:
        if self._check.failures:
            failing = (f"{test} ({rows} rows)" for test, rows in self._check.failures.items())
            return DatasetReport(dataset.id, "check_failed", ", ".join(failing))
        try:
            # Another run may be faster, or the list may not reach back to it.
            with contextlib.suppress(AlreadyExists):
                self.ingestions.start(dataset.id, new_id)
        except QuotaReached as error:
            return DatasetReport(dataset.id, "quota_reached", str(error))
        return self._follow(dataset, new_id)

    def _follow(self, dataset: DataSet, followed_id: str) -> DatasetReport | Ingestion:
        """Wait for the ingestion and verify it; gives the ingestion itself when it failed."""
        ingestion = self.ingestions.wait(dataset.id, followed_id, self.deadline)
        phase = ingestion_phase(ingestion.status)
        if phase == "active":
            return _report(dataset, "still_running", ingestion, "the next run waits for it again")
        if phase == "failed":
            return ingestion
        return _dropped(dataset, ingestion) or self._counted(dataset, ingestion)

    def _counted(self, dataset: DataSet, ingestion: Ingestion) -> DatasetReport:
        before = self._check.counts.get(dataset.relation)
        if before is None:
            known = ", ".join(self._check.counts) or "none"
            detail = f"the check procedure counts no {dataset.relation}; it counts {known}"
            return _report(dataset, "count_differs", ingestion, detail)
        if ingestion.total_rows != before:
            # Another refresh may have come between the count and the ingestion.
            after = self.procedures.check(self.deadline).counts.get(dataset.relation)
            if ingestion.total_rows != after:
                detail = f"SPICE holds {ingestion.total_rows} rows, {dataset.relation} {after}"
                return _report(dataset, "count_differs", ingestion, detail)
        return _report(dataset, "refreshed", ingestion)

    @cached_property
    def _check(self) -> Check:
        return self.procedures.check(self.deadline)


def _dropped(dataset: DataSet, ingestion: Ingestion) -> DatasetReport | None:
    if not ingestion.rows_dropped:
        return None
    detail = f"SPICE dropped {ingestion.rows_dropped} rows: a column does not fit its type in Quick"
    return _report(dataset, "rows_dropped", ingestion, detail)


def _report(
    dataset: DataSet, outcome: str, ingestion: Ingestion, detail: str = ""
) -> DatasetReport:
    return DatasetReport(dataset.id, outcome, detail, ingestion.id, ingestion.total_rows)

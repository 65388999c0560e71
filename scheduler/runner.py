"""One cycle of one subject: refresh its marts, then bring its datasets after them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import tenacity

from scheduler.clock import Clock, Deadline
from scheduler.errors import (
    DONE,
    SKIPPED,
    NotFound,
    SchedulerError,
    StatementFailed,
    TryLater,
)
from scheduler.ingestions import Ingestions
from scheduler.outcomes import Refresh, ingestion_phase, is_transient, is_unreadable, parse_refresh
from scheduler.plan import Decision, Finished, Overlap, Reattach, Statement, Submit, decide
from scheduler.procedures import Procedures
from scheduler.report import DatasetReport, Report
from scheduler.slots import current_slot, format_slot, parse_statement_name
from scheduler.spice import Spice
from scheduler.statements import State, Statements

_log = logging.getLogger(__name__)

# Statements that one run sends for a slot before it gives up.
_TRIES = 3
# How long the end of a cancelled statement may take.
_GRACE = timedelta(seconds=30)


@dataclass(frozen=True)
class Cycle:
    """One run for one piece of work; `ingestions` is None when Quick is left alone."""

    statements: Statements
    procedures: Procedures
    ingestions: Ingestions | None
    datasets: Sequence[str]
    clock: Clock
    deadline: Deadline
    every: timedelta
    spacing: timedelta
    leave_running: bool
    # Wait for another slot or mode that runs, instead of leaving this one out.
    is_patient: bool = False

    def run(self) -> Report:
        """Do what is due and say what was done.

        Raises StatementFailed when the refresh failed for good, TryLater when it runs on behind the
        deadline, and what the services raise. What goes wrong in Quick stands in the report.
        """
        work = self.procedures.work
        decision = self._decide()
        match decision:
            case Overlap(statement):
                self.procedures.record("refresh", work.name, "skipped", statement.name, work)
                return self._report("overlap", statement.name, "skipped", SKIPPED)
            case Finished():
                return self._show(decision)
            case Reattach(statement, attempt):
                _log.info("%s is on its way, waiting for it", statement.name)
                name, refresh = self._refresh(attempt, statement.id)
                return self._finish("reattached", name, refresh, refresh.changed_refresh_id)
            case Submit(attempt, unrecorded):
                return self._submit(attempt, unrecorded)

    def _decide(self) -> Decision:
        work = self.procedures.work
        while True:
            decision = decide(self.statements.list(work.subject_prefix), work)
            if not (isinstance(decision, Overlap) and self.is_patient):
                return decision
            _log.info("waiting for %s", decision.statement.name)
            if self.statements.wait(decision.statement.id, self.deadline).phase == "active":
                return decision

    def _show(self, finished: Finished) -> Report:
        name = finished.statement.name
        try:
            refresh = parse_refresh(self.statements.text(finished.statement.id))
            newest = parse_refresh(self.statements.text(finished.newest.id))
        except NotFound:
            # Results are kept for 24 hours: the procedure knows the slot for longer.
            return self._submit(finished.attempt + 1, None)
        if refresh.is_open:
            return self._submit(finished.attempt + 1, None)
        if refresh.exit_code == DONE:
            refresh = replace(refresh, outcome="slot_done", models={})
        return self._finish("already_finished", name, refresh, newest.changed_refresh_id)

    def _submit(self, attempt: int, unrecorded: Statement | None) -> Report:
        # The outcomes of the cycle before ride along: the warehouse wakes once.
        if unrecorded is not None:
            self._record_failure(unrecorded.name, self.statements.describe(unrecorded.id))
        self._record_ingestions()
        name, refresh = self._refresh(attempt, None)
        return self._finish("submitted", name, refresh, refresh.changed_refresh_id)

    def _refresh(self, first_attempt: int, running_id: str | None) -> tuple[str, Refresh]:
        """Send the CALL or take up the running one, again where that helps, and read its answer."""
        numbers = itertools.count(first_attempt)

        def attempt() -> tuple[str, Refresh]:
            number = next(numbers)
            return self._attempt(number, running_id if number == first_attempt else None)

        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=15),
            retry=tenacity.retry_if_exception(self._may_be_repeated),
            sleep=self.clock.sleep,
            reraise=True,
        )(attempt)

    def _may_be_repeated(self, error: BaseException) -> bool:
        return (
            isinstance(error, StatementFailed)
            and error.status == "FAILED"
            and is_transient(error.error)
            and not self.deadline.is_past(self.clock)
        )

    def _attempt(self, number: int, running_id: str | None) -> tuple[str, Refresh]:
        name = self.procedures.work.statement_name(number)
        try:
            identity = running_id or self.procedures.submit_refresh(number)
            state = self.statements.wait(identity, self.deadline)
        except KeyboardInterrupt:
            # A statement that this run only attached to belongs to another one.
            if running_id is None and not self.leave_running:
                self._cancel_named(name)
            raise
        if state.phase == "active":
            state = self._end(name, state)
        if state.phase == "failed":
            self._record_failure(name, state)
            if is_unreadable(state.error):
                return name, Refresh("waiting_for_resync", None, None, {}, state.error)
            raise StatementFailed(name, state.status, state.error or "the service gives no reason")
        return name, parse_refresh(self.statements.text(identity))

    def _end(self, name: str, state: State) -> State:
        """At the deadline: leave the statement to the next wake, or see to its end."""
        why = self.procedures.explain_lock()
        if self.leave_running:
            raise TryLater(
                f"statement {name} is {state.status}; the next run waits for it again; {why}"
            )
        _log.warning("%s had not ended at the deadline, cancelling it", name)
        self.statements.cancel(state.id)
        ended = self.statements.wait(state.id, Deadline.after(self.clock, _GRACE))
        if ended.phase == "active":
            raise TryLater(f"statement {name} was cancelled at the deadline, but is {ended.status}")
        return replace(ended, error=f"{ended.error}; {why}") if ended.phase == "failed" else ended

    def _cancel_named(self, name: str) -> None:
        # By name: an interrupt may come before the answer that holds the id.
        _log.warning("interrupted, cancelling %s", name)
        for statement in self.statements.list(name):
            if statement.name == name:
                self.statements.cancel(statement.id)

    def _record_failure(self, name: str, state: State) -> None:
        attempt = parse_statement_name(name)
        work = attempt.work if attempt else self.procedures.work
        outcome = "waiting_for_resync" if is_unreadable(state.error) else state.status.lower()
        self.procedures.record("refresh", name, outcome, state.error, work)

    def _record_ingestions(self) -> None:
        """Record each dataset's newest ended ingestion; Quick's trouble stops no refresh."""
        if self.ingestions is None:
            return
        for dataset_id in self.datasets:
            try:
                if not self.ingestions.dataset(dataset_id).is_spice:
                    continue
                ended = [
                    ingestion
                    for ingestion in self.ingestions.recent(dataset_id)
                    if ingestion_phase(ingestion.status) != "active"
                ]
            except SchedulerError as error:
                _log.warning("the ingestions of %s are not recorded: %s", dataset_id, error)
                continue
            for ingestion in sorted(ended, key=lambda i: i.created_at)[-1:]:
                slot = current_slot(ingestion.created_at, self.every)
                self.procedures.record(
                    "ingestion",
                    ingestion.id,
                    ingestion.status.lower(),
                    f"rows={ingestion.total_rows} dropped={ingestion.rows_dropped} "
                    f"{ingestion.error_type} {ingestion.error_message}",
                    replace(self.procedures.work, slot=slot),
                )

    def _finish(
        self, how: str, statement: str, refresh: Refresh, shown_refresh_id: int | None
    ) -> Report:
        """Bring the datasets to `shown_refresh_id`, the newest refresh that changed a row."""
        report = self._report(how, statement, refresh.outcome, refresh.exit_code)
        return replace(
            report,
            refresh_id=refresh.refresh_id,
            changed_refresh_id=shown_refresh_id,
            models=refresh.models,
            reason=refresh.reason,
            # A refresh that could not answer does not know what SPICE should hold.
            datasets=()
            if refresh.refresh_id is None and refresh.is_open
            else tuple(self._bring_all(shown_refresh_id)),
        )

    def _bring_all(self, refresh_id: int | None) -> list[DatasetReport]:
        if self.ingestions is None:
            return []
        spice = Spice(self.ingestions, self.procedures, self.clock, self.deadline, self.spacing)
        reports = []
        for dataset_id in self.datasets:
            try:
                reports.append(spice.bring(dataset_id, refresh_id))
            except TryLater as error:
                reports.append(DatasetReport(dataset_id, "try_later", str(error)))
            except SchedulerError as error:
                reports.append(DatasetReport(dataset_id, "failed", str(error)))
        return reports

    def _report(self, how: str, statement: str, outcome: str, exit_code: int) -> Report:
        work = self.procedures.work
        return Report(
            environment=work.environment,
            subject=work.subject,
            mode=work.mode,
            slot=format_slot(work.slot),
            how=how,
            statement=statement,
            outcome=outcome,
            refresh_exit_code=exit_code,
        )

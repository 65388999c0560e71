"""What a run did, for people and for machines. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.errors import DONE, FAILED, TRY_LATER
from scheduler.outcomes import Change, worst

_DATASET_EXIT_CODES = {
    "refreshed": DONE,
    "current": DONE,
    "direct_query": DONE,
    "nothing_to_show": DONE,
    "deferred": DONE,
    "still_running": TRY_LATER,
    "quota_reached": TRY_LATER,
    "try_later": TRY_LATER,
    "failed": FAILED,
    "check_failed": FAILED,
    "rows_dropped": FAILED,
    "count_differs": FAILED,
    "missing": FAILED,
}


@dataclass(frozen=True)
class DatasetReport:
    """What became of one dataset; `outcome` is one of the words above."""

    dataset_id: str
    outcome: str
    detail: str = ""
    ingestion_id: str | None = None
    rows: int | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that the outcome stands for."""
        return _DATASET_EXIT_CODES[self.outcome]


@dataclass(frozen=True)
class Report:
    """What became of one slot.

    `how` says where the refresh came from: `submitted` by this run, `reattached` to,
    `already_finished` before, or `overlap` with `statement`, which belongs to another slot or mode.
    """

    environment: str
    subject: str
    mode: str
    slot: str
    how: str
    statement: str
    outcome: str
    refresh_exit_code: int
    refresh_id: int | None = None
    changed_refresh_id: int | None = None
    models: Mapping[str, Change] = dataclasses.field(default_factory=dict)
    datasets: tuple[DatasetReport, ...] = ()
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """The worst exit code of the refresh and its datasets."""
        return worst([self.refresh_exit_code, *(d.exit_code for d in self.datasets)])

    def as_json(self) -> str:
        """The whole report as one JSON object."""
        content: dict[str, Any] = dataclasses.asdict(self)
        del content["refresh_exit_code"]
        return json.dumps({**content, "exit_code": self.exit_code}, default=str)

    def lines(self) -> Iterator[str]:
        """The report for a person, at most 100 columns as far as names allow."""
        yield f"{self.subject} {self.mode} {self.slot}: {self.outcome} ({self.how})"
        if self.how == "overlap":
            yield f"  left out: {self.statement} is still running"
        if self.reason:
            yield f"  {self.reason}"
        for model, change in self.models.items():
            if change.removed or change.written:
                yield f"  {model}: {change.removed} removed, {change.written} written"
        for dataset in self.datasets:
            rows = "" if dataset.rows is None else f", {dataset.rows} rows"
            detail = f": {dataset.detail}" if dataset.detail else ""
            yield f"  dataset {dataset.dataset_id}: {dataset.outcome}{rows}{detail}"

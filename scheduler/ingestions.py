"""Quick's SPICE ingestions, as far as the scheduler needs them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scheduler.aws import call
from scheduler.budget import WINDOW, Ingestion
from scheduler.clock import Clock, Deadline
from scheduler.errors import NotFound, UnknownAnswer
from scheduler.outcomes import ingestion_phase, redact

_log = logging.getLogger(__name__)

_FIRST_POLL_SECONDS = 0.25
_LONGEST_POLL_SECONDS = 10.0


@dataclass(frozen=True)
class DataSet:
    """A dataset as Quick holds it; `relation` is the table or view it reads."""

    id: str
    is_spice: bool
    relation: str


class Ingestions:
    """Datasets of one Quick account and their ingestions."""

    def __init__(self, client: Any, clock: Clock, *, account_id: str) -> None:
        self._client = client
        self._clock = clock
        self._account = {"AwsAccountId": account_id}

    def dataset(self, dataset_id: str) -> DataSet:
        """Describe a dataset. Raises NotFound; UnknownAnswer when it reads not one relation."""
        answer = call(
            self._client.describe_data_set, self._clock, DataSetId=dataset_id, **self._account
        )["DataSet"]
        tables = list(answer.get("PhysicalTableMap", {}).values())
        if len(tables) != 1 or "RelationalTable" not in tables[0]:
            raise UnknownAnswer(
                f"dataset {dataset_id} should read exactly one relation; remove it in Quick and "
                "make it again with `scheduler quick apply`"
            )
        return DataSet(
            dataset_id, answer["ImportMode"] == "SPICE", tables[0]["RelationalTable"]["Name"]
        )

    def describe(self, dataset_id: str, ingestion_id: str) -> Ingestion | None:
        """Where an ingestion stands; None when there is none of this id."""
        try:
            answer = call(
                self._client.describe_ingestion,
                self._clock,
                DataSetId=dataset_id,
                IngestionId=ingestion_id,
                **self._account,
            )
        except NotFound:
            return None
        return _ingestion(answer["Ingestion"])

    def recent(self, dataset_id: str) -> list[Ingestion]:
        """The dataset's ingestions of the last 24 hours, and perhaps older ones."""
        since = self._clock.now() - WINDOW
        request = {"DataSetId": dataset_id, "MaxResults": 100, **self._account}
        found: list[Ingestion] = []
        while True:
            answer = call(self._client.list_ingestions, self._clock, **request)
            page = [_ingestion(i) for i in answer.get("Ingestions", [])]
            found += page
            # Quick lists the newest first: behind a page that is too old lie older ones.
            if not answer.get("NextToken") or not _reaches(page, since):
                return found
            request["NextToken"] = answer["NextToken"]

    def start(self, dataset_id: str, ingestion_id: str) -> None:
        """Start a full refresh. Raises AlreadyExists when the id is taken, QuotaReached."""
        call(
            self._client.create_ingestion,
            self._clock,
            DataSetId=dataset_id,
            IngestionId=ingestion_id,
            IngestionType="FULL_REFRESH",
            **self._account,
        )
        _log.info("started ingestion %s", ingestion_id)

    def wait(self, dataset_id: str, ingestion_id: str, deadline: Deadline) -> Ingestion:
        """Wait for an ingestion's end; at the deadline the state is still an active one.

        Raises NotFound when there is none of this id.
        """
        pause = _FIRST_POLL_SECONDS
        while True:
            ingestion = self.describe(dataset_id, ingestion_id)
            if ingestion is None:
                raise NotFound(f"dataset {dataset_id} has no ingestion {ingestion_id}")
            if ingestion_phase(ingestion.status) != "active" or deadline.is_past(self._clock):
                return ingestion
            self._clock.sleep(min(pause, deadline.seconds_left(self._clock)))
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)


def _reaches(page: list[Ingestion], since: datetime) -> bool:
    return any(ingestion.created_at > since for ingestion in page)


def _ingestion(answer: Mapping[str, Any]) -> Ingestion:
    rows = answer.get("RowInfo", {})
    error = answer.get("ErrorInfo", {})
    return Ingestion(
        id=answer.get("IngestionId", ""),
        status=answer["IngestionStatus"],
        created_at=answer["CreatedTime"].astimezone(UTC),
        is_manual=answer.get("RequestSource", "MANUAL") == "MANUAL",
        error_type=error.get("Type", ""),
        error_message=redact(error.get("Message", "")),
        rows_dropped=rows.get("RowsDropped"),
        total_rows=rows.get("TotalRowsInDataset"),
    )

"""Makes the data source and the datasets that Quick does not have yet; leaves the others alone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.aws import call
from scheduler.clock import Clock, Deadline
from scheduler.errors import AlreadyExists, NotFound, ServiceRefused, TryLater, UnknownAnswer
from scheduler.quick.exposures import Definition
from scheduler.quick.requests import Connection, data_set_request, data_source_request
from scheduler.settings import PRODUCTION, Settings

_POLL_SECONDS = 0.5
_READY = frozenset({"CREATION_SUCCESSFUL", "UPDATE_SUCCESSFUL"})
_IN_PROGRESS = frozenset({"CREATION_IN_PROGRESS", "UPDATE_IN_PROGRESS"})
_BROKEN = frozenset({"CREATION_FAILED", "UPDATE_FAILED", "DELETED"})


@dataclass(frozen=True)
class Item:
    """One thing in Quick: `state` is `present`, `missing` (plan) or `created` (apply)."""

    kind: str
    id: str
    state: str


class Quick:
    """One Quick account, seen from one environment."""

    def __init__(self, client: Any, clock: Clock, *, account_id: str, settings: Settings) -> None:
        self._client = client
        self._clock = clock
        self._account = {"AwsAccountId": account_id}
        self._settings = settings
        self._data_source_id = settings.prefixed("redshift")
        self._owner_arn = settings.optional("owner_arn", "QUICK_OWNER_ARN")

    def plan(self, wanted: Sequence[Definition]) -> list[Item]:
        """What is there and what is missing; changes nothing."""
        found = "present" if self._data_source() else "missing"
        return [
            Item("data source", self._data_source_id, found),
            *(Item("dataset", self._id(d), self._state(d)) for d in wanted),
        ]

    def apply(
        self, wanted: Sequence[Definition], connection: Connection, deadline: Deadline
    ) -> list[Item]:
        """Make what is missing.

        Raises ServiceRefused with Quick's reason when it cannot, TryLater when the data source is
        not ready at the deadline.
        """
        planned = self.plan(wanted)
        if planned[0].state == "missing":
            self._create(
                self._client.create_data_source,
                data_source_request(
                    self._data_source_id, self._named("Redshift"), connection, self._owner_arn
                ),
            )
        arn = self._ready_data_source(deadline)
        for item, definition in zip(planned[1:], wanted, strict=True):
            if item.state == "missing":
                name = self._named(definition.name)
                self._create(
                    self._client.create_data_set,
                    data_set_request(item.id, name, definition, arn, self._owner_arn),
                )
        return [
            Item(item.kind, item.id, "created" if item.state == "missing" else item.state)
            for item in planned
        ]

    def _id(self, definition: Definition) -> str:
        return self._settings.prefixed(definition.dataset_id)

    def _named(self, name: str) -> str:
        environment = self._settings.environment
        return name if environment == PRODUCTION else f"{name} ({environment})"

    def _create(self, operation: Any, request: dict[str, Any]) -> None:
        # Another apply may be faster.
        with contextlib.suppress(AlreadyExists):
            call(operation, self._clock, **request, **self._account)

    def _state(self, definition: Definition) -> str:
        try:
            call(
                self._client.describe_data_set,
                self._clock,
                DataSetId=self._id(definition),
                **self._account,
            )
        except NotFound:
            return "missing"
        return "present"

    def _data_source(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = call(
                self._client.describe_data_source,
                self._clock,
                DataSourceId=self._data_source_id,
                **self._account,
            )["DataSource"]
        except NotFound:
            return None
        return found

    def _ready_data_source(self, deadline: Deadline) -> str:
        """Wait until the data source can be used; gives its ARN."""
        while True:
            data_source = self._data_source()
            status = data_source["Status"] if data_source else "DELETED"
            if data_source and status in _READY:
                arn: str = data_source["Arn"]
                return arn
            where = f"data source {self._data_source_id} is {status}"
            if status in _BROKEN:
                error = (data_source or {}).get("ErrorInfo", {})
                reason = f"{error.get('Type', '')} {error.get('Message', '')}".strip()
                raise ServiceRefused(
                    f"{where}: {reason}; delete it in Quick, mend its settings and apply again"
                )
            if status not in _IN_PROGRESS:
                raise UnknownAnswer(f"{where}, which this version does not know")
            if deadline.is_past(self._clock):
                raise TryLater(f"{where}; apply again")
            self._clock.sleep(_POLL_SECONDS)

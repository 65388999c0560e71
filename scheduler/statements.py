"""The Redshift Data API, as far as the scheduler needs it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from scheduler.aws import call
from scheduler.clock import Clock, Deadline
from scheduler.errors import ServiceRefused, StatementFailed, TryLater, UnknownAnswer
from scheduler.outcomes import Phase, redact, statement_phase
from scheduler.plan import Statement
from scheduler.slots import client_token

_log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-calling-considerations-long-polling.html
_LONGEST_POLL_SECONDS = 30
# The least time between two polls of a service that does not hold the request.
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """Where a statement stands; `error` is empty unless it failed, secrets removed."""

    id: str
    status: str
    error: str

    @property
    def phase(self) -> Phase:
        """Active, done or failed. Raises UnknownAnswer for a state not known here."""
        return statement_phase(self.status)


class Statements:
    """Statements of one database, as the caller's IAM identity sees them."""

    def __init__(self, client: Any, clock: Clock, *, workgroup: str, database: str) -> None:
        self._client = client
        self._clock = clock
        self._target = {"WorkgroupName": workgroup, "Database": database}

    def list(self, prefix: str) -> list[Statement]:
        """All statements of the last 24 hours whose names begin with `prefix`, in any state."""
        request: dict[str, Any] = {
            "StatementName": prefix,
            "Status": "ALL",
            "MaxResults": 100,
            **self._target,
        }
        found: list[Statement] = []
        while True:
            answer = call(self._client.list_statements, self._clock, **request)
            found += (
                Statement(
                    s["Id"],
                    s.get("StatementName", ""),
                    s["Status"],
                    s["CreatedAt"].astimezone(UTC),
                )
                for s in answer["Statements"]
            )
            if not answer.get("NextToken"):
                return found
            request["NextToken"] = answer["NextToken"]

    def submit(self, name: str, sql: str, parameters: Mapping[str, str]) -> str:
        """Send a statement and give its id; for 8 hours, the same name is the same statement."""
        request: dict[str, Any] = {
            "Sql": sql,
            "StatementName": name,
            "ClientToken": client_token(name),
            **self._target,
        }
        if parameters:
            request["Parameters"] = [{"name": k, "value": v} for k, v in parameters.items()]
        answer = call(self._client.execute_statement, self._clock, **request)
        identity: str = answer["Id"]
        _log.info("submitted %s as %s", name, identity)
        return identity

    def describe(self, identity: str, *, wait_seconds: int = 0) -> State:
        """Where a statement stands, after at most `wait_seconds` of waiting for its end."""
        request: dict[str, Any] = {"Id": identity}
        if wait_seconds > 0:
            request["WaitTimeSeconds"] = wait_seconds
        answer = call(self._client.describe_statement, self._clock, **request)
        return State(identity, answer["Status"], redact(answer.get("Error", "")))

    def wait(self, identity: str, deadline: Deadline) -> State:
        """Wait for a statement's end; at the deadline the state is still an active one."""
        while True:
            asked_at = self._clock.now()
            left = deadline.seconds_left(self._clock)
            state = self.describe(
                identity, wait_seconds=max(1, min(_LONGEST_POLL_SECONDS, int(left)))
            )
            if state.phase != "active" or deadline.is_past(self._clock):
                return state
            _log.info("%s is %s", identity, state.status)
            spent = (self._clock.now() - asked_at).total_seconds()
            self._clock.sleep(max(0.0, _POLL_SECONDS - spent))

    def cancel(self, identity: str) -> None:
        """Ask for a statement's end. One that has ended already is left as it is."""
        try:
            call(self._client.cancel_statement, self._clock, Id=identity)
        except ServiceRefused as error:
            if self.describe(identity).phase == "active":
                raise
            _log.info("%s had ended before it could be cancelled: %s", identity, error)

    def text(self, identity: str) -> str:
        """The one text that a finished CALL returned. Raises NotFound when it is no longer kept."""
        answer = call(self._client.get_statement_result, self._clock, Id=identity)
        records = answer["Records"]
        if len(records) != 1 or len(records[0]) != 1 or "stringValue" not in records[0][0]:
            raise UnknownAnswer(
                f"statement {identity} should return one text; it returned {str(records)[:200]}"
            )
        text: str = records[0][0]["stringValue"]
        return text

    def run(self, name: str, sql: str, parameters: Mapping[str, str], deadline: Deadline) -> str:
        """Send a short statement and wait for its end; gives its id.

        Raises StatementFailed, or TryLater at the deadline (the statement is cancelled).
        """
        identity = self.submit(name, sql, parameters)
        state = self.wait(identity, deadline)
        if state.phase == "active":
            self.cancel(identity)
            raise TryLater(f"statement {name} had not ended at the deadline and was cancelled")
        if state.phase == "failed":
            raise StatementFailed(name, state.status, state.error)
        return identity

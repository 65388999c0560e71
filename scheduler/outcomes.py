"""What an answer means: states, error texts, results of procedures, exit codes. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scheduler.errors import DONE, FAILED, SKIPPED, TRY_LATER, UnknownAnswer

Phase = Literal["active", "done", "failed"]

# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html
_STATEMENT_PHASES: Mapping[str, Phase] = {
    "SUBMITTED": "active",
    "PICKED": "active",
    "STARTED": "active",
    "FINISHED": "done",
    "FAILED": "failed",
    "ABORTED": "failed",
}
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_Ingestion.html
_INGESTION_PHASES: Mapping[str, Phase] = {
    "INITIALIZED": "active",
    "QUEUED": "active",
    "RUNNING": "active",
    "COMPLETED": "done",
    "FAILED": "failed",
    "CANCELLED": "failed",
}

# A statement that failed so may succeed when it is sent again, as a new statement.
_TRANSIENT = re.compile(
    "|".join(
        (
            # Both writers are right, one must begin anew:
            # https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
            r"ERROR:\s*1023\b",
            r"serializable isolation violation",
            r"could not serialize access",
            r"conflict with concurrent transaction",
            # Ours: a refresh that would have written over what a newer one read.
            r"ran at the same time",
            # https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html
            r"deadlock detected",
            # A throttle of the workgroup inside another error:
            # https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-troubleshooting.html
            r"ThrottlingException",
            r"rate exceeded",
            # The workgroup was patched, resized or restarted under the statement.
            r"terminating connection due to administrator command",
            r"\bconnection\b.{0,40}\b(?:lost|reset|closed|terminated|broke|failed|refused)\b",
            r"the database system is (?:starting up|shutting down|in recovery)",
        )
    ),
    re.IGNORECASE,
)

# A replica is readable only when Synced. No page has the words of the error; these are the states:
# https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
_UNREADABLE = re.compile(r"\bnot (?:in )?synced\b|Resync(?:Required|Initiated)", re.IGNORECASE)

# An ingestion that failed so may succeed when it is started again:
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_ErrorInfo.html
_TRANSIENT_INGESTION_ERRORS = frozenset(
    {
        "CONNECTION_FAILURE",
        "DATA_SOURCE_CONNECTION_FAILED",
        "INGESTION_SUPERSEDED",
        "INTERNAL_SERVICE_ERROR",
        "QUERY_TIMEOUT",
        "REFRESH_SUPPRESSED_BY_EDIT",
        "SOURCE_API_LIMIT_EXCEEDED_FAILURE",
        "SOURCE_RESOURCE_LIMIT_EXCEEDED",
        "SQL_EXCEPTION",
        "UNRESOLVABLE_HOST",
        "UNROUTABLE_HOST",
    }
)

_REFRESH_EXIT_CODES = {
    "done": DONE,
    "nothing_new": DONE,
    "slot_done": DONE,
    "superseded": SKIPPED,
    "paused": SKIPPED,
    "waiting_for_resync": TRY_LATER,
}

# Outcomes after which the slot is not used up.
_OPEN = frozenset({"paused", "waiting_for_resync"})

_SECRETS = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?i:(?<=password)|(?<=secret)|(?<=token)|(?<=passwd)|(?<=pwd))[\"']?\s*[=:]\s*[\"']?[^\s\"',;]+"
)


def statement_phase(status: str) -> Phase:
    """Where a statement of the Data API stands. Raises UnknownAnswer for a state not known here."""
    return _phase(_STATEMENT_PHASES, status, "statement")


def ingestion_phase(status: str) -> Phase:
    """Where an ingestion stands. Raises UnknownAnswer for a state not known here."""
    return _phase(_INGESTION_PHASES, status, "ingestion")


def _phase(phases: Mapping[str, Phase], status: str, what: str) -> Phase:
    try:
        return phases[status]
    except KeyError:
        known = ", ".join(phases)
        raise UnknownAnswer(
            f"the service reports a {what} as {status!r}; this version knows {known}: "
            "look at it by hand and update the project"
        ) from None


def is_transient(error: str) -> bool:
    """Whether a failed statement may succeed when sent again; what is not known is final."""
    return _TRANSIENT.search(error) is not None


def is_unreadable(error: str) -> bool:
    """Whether a statement failed because a replica cannot be read for now."""
    return _UNREADABLE.search(error) is not None


def is_transient_ingestion_error(error_type: str) -> bool:
    """Whether a failed ingestion may succeed when started again; what is not known is final."""
    return error_type in _TRANSIENT_INGESTION_ERRORS


def redact(text: str, *, length: int = 1000) -> str:
    """An error text fit for ledger and log: secrets removed, at most `length` characters."""
    return _SECRETS.sub("***", text).strip()[:length]


@dataclass(frozen=True)
class Change:
    """Rows a refresh took out of one model and put into it."""

    removed: int
    written: int


@dataclass(frozen=True)
class Refresh:
    """What a refresh procedure answered.

    `changed_refresh_id` is the newest refresh that changed a row of the subject, whoever ran it;
    None when none ever did. SPICE is current when it holds that one.
    """

    outcome: str
    refresh_id: int | None
    changed_refresh_id: int | None
    models: Mapping[str, Change]
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code that the outcome stands for."""
        return _REFRESH_EXIT_CODES[self.outcome]

    @property
    def is_open(self) -> bool:
        """Whether nothing was done and the slot may be tried again."""
        return self.outcome in _OPEN


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger; times as the ledger writes them, UTC."""

    step: str
    outcome: str
    mode: str
    name: str
    slot: str
    started_at: str
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """What a check procedure answered: failing tests with their rows, row counts per relation."""

    failures: Mapping[str, int]
    counts: Mapping[str, int]


def parse_refresh(text: str) -> Refresh:
    """Read the result of `refresh_<subject>`. Raises UnknownAnswer when it is another shape."""
    try:
        answer = json.loads(text)
        outcome = answer["outcome"]
        if outcome not in _REFRESH_EXIT_CODES:
            raise ValueError(f"outcome {outcome!r}")
        return Refresh(
            outcome,
            _optional_int(answer.get("refresh_id")),
            # Refreshes are counted from 1; 0 stands for none.
            _optional_int(answer.get("changed_refresh_id")) or None,
            {
                model: Change(int(rows["removed"]), int(rows["written"]))
                for model, rows in (answer.get("models") or {}).items()
            },
            str(answer.get("reason", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable("refresh", text, error) from error


def parse_check(text: str) -> Check:
    """Read the result of `check_<subject>`. Raises UnknownAnswer when it is another shape."""
    try:
        answer = json.loads(text)
        return Check(
            {failure["test"]: int(failure["rows"]) for failure in answer["failures"]},
            {relation: int(rows) for relation, rows in answer["counts"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable("check", text, error) from error


def parse_runs(text: str) -> list[Entry]:
    """Read the result of `read_runs`. Raises UnknownAnswer when it is another shape."""
    try:
        known = Entry.__dataclass_fields__
        return [
            Entry(**{key: str(value) for key, value in entry.items() if key in known})
            for entry in json.loads(text)
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable("read_runs", text, error) from error


def parse_lock(text: str) -> str:
    """Say what `explain_lock` answered. Raises UnknownAnswer when it is another shape."""
    try:
        lock = json.loads(text)
        if lock["waiting"] >= 0 and "pid" not in lock:
            return "nobody whom the procedures' owner may see holds the subject's lock"
        doing = f"it runs: {lock['statement']}" if lock["statement"] else "it runs nothing now"
        return (
            f"the subject's lock is held by {lock['user']} (pid {lock['pid']}) since "
            f"{lock['since']}; {redact(doing, length=300)}"
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable("explain_lock", text, error) from error


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _unreadable(procedure: str, text: str, error: Exception) -> UnknownAnswer:
    return UnknownAnswer(
        f"the {procedure} procedure answered what this version cannot read "
        f"({type(error).__name__}: {error}): {text[:200]!r}; deploy the procedures and the "
        "scheduler from one version"
    )


def worst(exit_codes: Iterable[int]) -> int:
    """The one exit code for several parts: failed, then try later, then skipped, then done."""
    order = (FAILED, TRY_LATER, SKIPPED, DONE)
    return min(exit_codes, key=order.index, default=DONE)

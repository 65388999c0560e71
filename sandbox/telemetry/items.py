"""Items as DynamoDB JSON: the twelve attributes of `pipeline-logs`, and those of `failed-jobs`."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

Item = dict[str, Any]

PIPELINE_LOGS = "pipeline-logs"
FAILED_JOBS = "failed-jobs"
# The key attributes, the partition key first.
KEYS = {PIPELINE_LOGS: ("log_key",), FAILED_JOBS: ("job_key", "failed_at")}
ACCOUNT = "000000000000"
REGION = "eu-central-1"


def text(value: str | None) -> Item:
    """A string, or DynamoDB's NULL."""
    return {"NULL": True} if value is None else {"S": value}


def number(value: int | None) -> Item:
    """A number, which DynamoDB writes as a string, or its NULL."""
    return {"NULL": True} if value is None else {"N": str(value)}


def moment(value: datetime | None) -> Item:
    """A UTC time to the second with a trailing Z, or NULL."""
    return text(None if value is None else spell(value))


def spell(value: datetime) -> str:
    """The time as the writers of the tables spell it."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(table: str, item: Item) -> tuple[str, ...]:
    """The key values of an item."""
    return tuple(str(item[name]["S"]) for name in KEYS[table])


@dataclass(frozen=True)
class StageLog:
    """One item of `pipeline-logs`: the newest word of one stage about one run."""

    source: str
    category: str | None
    stage: str
    run_on: date
    status: str
    started_at: datetime
    completed_at: datetime | None = None
    records: int | None = None
    error: str | None = None
    attempt: int = 1
    writer: str = "lambda"
    trigger: str = "schedule"
    enqueued_at: datetime | None = None
    secret: str | None = None

    @property
    def job_id(self) -> str:
        """What groups the stages of a run."""
        return f"{self.source}#{self.run_on:%Y%m%d}"

    @property
    def log_key(self) -> str:
        """The partition key, with four parts or, without category, three."""
        parts = (self.source, self.category, self.stage, f"{self.run_on:%Y%m%d}")
        return "#".join(part for part in parts if part is not None)

    def but(self, **changes: Any) -> "StageLog":
        """The same with other fields."""
        return replace(self, **changes)

    def item(self) -> Item:
        """All twelve attributes, the absent ones as NULL."""
        return {
            "log_key": text(self.log_key),
            "job_id": text(self.job_id),
            "source": text(self.source),
            "category": text(self.category),
            "stage": text(self.stage),
            "run_date": text(f"{self.run_on:%Y%m%d}"),
            "status": text(self.status),
            "started_at": moment(self.started_at),
            "completed_at": moment(self.completed_at),
            "records_processed": number(self.records),
            "error_message": text(self.error),
            "metadata": {"M": self._metadata()},
        }

    def _metadata(self) -> Item:
        name = f"{self.source}-{self.stage}"
        run = f"{self.log_key.replace('#', '-')}-{self.attempt}"
        found = {
            "execution_arn": text(f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{name}:{run}"),
            "attempt": number(self.attempt),
            "writer": text(self.writer),
            "trigger_type": text(self.trigger),
            "enqueued_at": moment(self.enqueued_at),
        }
        if self.records is not None:
            found["bytes"] = number(self.records * 212)
        return found | ({"api_token": text(self.secret)} if self.secret else {})


@dataclass(frozen=True)
class FailedJob:
    """One item of `failed-jobs`: one failed attempt, and what the retry pipeline will do."""

    log: StageLog
    failed_at: datetime
    error_type: str
    error: str
    attempt_count: int
    max_attempts: int
    eligible: bool
    next_retry_at: datetime | None
    expires_at: datetime
    resolved_at: datetime | None = None
    dlq_at: datetime | None = None

    def but(self, **changes: Any) -> "FailedJob":
        """The same with other fields."""
        return replace(self, **changes)

    def item(self) -> Item:
        """All attributes; `ttl` in seconds since 1970."""
        return {
            "job_key": text(self.log.log_key),
            "failed_at": moment(self.failed_at),
            "log_key": text(self.log.log_key),
            "job_id": text(self.log.job_id),
            "source": text(self.log.source),
            "stage": text(self.log.stage),
            "error_type": text(self.error_type),
            "error_message": text(self.error),
            "attempt_count": number(self.attempt_count),
            "max_attempts": number(self.max_attempts),
            "eligible": {"BOOL": self.eligible},
            "next_retry_at": moment(self.next_retry_at),
            "resolved_at": moment(self.resolved_at),
            "dlq": {"BOOL": self.dlq_at is not None},
            "dlq_at": moment(self.dlq_at),
            "ttl": number(int(self.expires_at.timestamp())),
        }

"""The writes that one daily run makes to DynamoDB.

Every write puts the whole item, so a retry replaces the FAILED item of its stage. Queue waits come
in steps of 300 s, and the retry pipeline looks every 15 minutes for failed jobs it may resubmit.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sandbox.telemetry import malformed
from sandbox.telemetry.courses import MAX_ATTEMPTS, Course
from sandbox.telemetry.dice import Dice
from sandbox.telemetry.errors import API_TOKEN, Error
from sandbox.telemetry.items import FAILED_JOBS, PIPELINE_LOGS, FailedJob, Item, StageLog, key_of
from sandbox.telemetry.plan import STAGES, Pipeline, Plan

SHARES = {"extract": 0.35, "clean": 0.25, "parquet": 0.15, "merge": 0.25}
HEARTBEAT = timedelta(minutes=5)
PAUSE = timedelta(seconds=2)
QUEUE_STEP = 300
RETRY_EVERY = timedelta(minutes=15)
JOB_LIFE = timedelta(days=14)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Write:
    """A write of one item at `micros` (microseconds since 1970); `item` None deletes it."""

    table: str
    key: tuple[str, ...]
    micros: int
    item: Item | None


def put(table: str, item: Item, at: datetime) -> Write:
    """The write of a whole item."""
    return Write(table, key_of(table, item), micros(at), item)


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def run_writes(plan: Plan, pipeline: Pipeline, day: date, course: Course) -> list[Write]:
    """All that a run writes, oldest first; nothing for a run that is missing."""
    if course.is_missing:
        return []
    run = _Run(plan, pipeline, day, course)
    return sorted(run.writes(), key=lambda write: write.micros)


class _Run:
    """One run: its clock moves on as its stages do."""

    def __init__(self, plan: Plan, pipeline: Pipeline, day: date, course: Course) -> None:
        self.course = course
        self.minutes = pipeline.minutes
        self.dice = Dice(plan.seed, "run", pipeline.id, day)
        weekend = 0.5 if day.weekday() >= 5 else 1.0
        self.records = int(pipeline.records * weekend * self.dice.factor(0.8, 1.2))
        queued = datetime.combine(day, pipeline.starts, UTC) + course.late
        queued += timedelta(seconds=self.dice.between(0, 60))
        self.clock = queued + timedelta(seconds=self._wait())
        self.base = StageLog(
            pipeline.source,
            pipeline.category,
            STAGES[0],
            day,
            "STARTED",
            self.clock,
            trigger="manual" if course.late else "schedule",
            enqueued_at=queued,
            secret=API_TOKEN if pipeline.source == "payments" else None,
        )

    def writes(self) -> Iterator[Write]:
        """Stage by stage, until all succeeded or one failed for good."""
        for stage in STAGES:
            jobs: list[tuple[FailedJob, malformed.Break]] = []
            failure = self.course.failures.get(stage)
            for attempt in range(1, failure.times + 1 if failure else 1):
                assert failure is not None
                log = yield from self._fail(stage, attempt, failure.error)
                breaks = malformed.FAILED_JOBS.get(failure.job_break or "", lambda item: item)
                jobs.append((_job(log, failure.error), breaks))
                yield from self._job_writes(*jobs[-1])
                if not jobs[-1][0].eligible:
                    return
                self._wait_for_retry()
            yield from self._succeed(stage, len(jobs) + 1)
            for job, breaks in jobs:
                solved = job.but(eligible=False, next_retry_at=None, resolved_at=self.clock)
                yield put(FAILED_JOBS, breaks(solved.item()), self._noticed(self.clock))

    def _fail(self, stage: str, attempt: int, error: Error) -> Generator[Write, None, StageLog]:
        log, end = yield from self._work(stage, attempt)
        log = log.but(status="FAILED", completed_at=end, error=error.message)
        yield put(PIPELINE_LOGS, log.item(), self._noticed(end))
        return log

    def _succeed(self, stage: str, attempt: int) -> Iterator[Write]:
        if self.course.is_empty and stage != STAGES[0]:
            log = self._log(stage, attempt).but(status="SKIPPED", completed_at=self.clock)
            yield put(PIPELINE_LOGS, log.item(), self._noticed(self.clock))
            self.clock += PAUSE
            return
        log, end = yield from self._work(stage, attempt)
        records = 0 if self.course.is_empty else self.records
        item = log.but(status="SUCCEEDED", completed_at=end, records=records).item()
        if stage in self.course.broken:
            item = malformed.STAGE_LOGS[self.course.broken[stage]](item)
        yield put(PIPELINE_LOGS, item, self._noticed(end))

    def _work(self, stage: str, attempt: int) -> Generator[Write, None, tuple[StageLog, datetime]]:
        """The start of an attempt, a heartbeat of a long one, its end."""
        log = self._log(stage, attempt)
        seconds = self.minutes * 60 * SHARES[stage] * self.dice.factor(0.7, 1.3)
        end = self.clock + timedelta(seconds=int(seconds))
        yield put(PIPELINE_LOGS, log.item(), self._noticed(self.clock))
        if end - self.clock > 2 * HEARTBEAT:
            beat = self._noticed(self.clock + HEARTBEAT)
            yield put(PIPELINE_LOGS, log.but(status="RUNNING").item(), beat)
        self.clock = end + PAUSE
        return log, end

    def _job_writes(self, job: FailedJob, breaks: malformed.Break) -> Iterator[Write]:
        yield put(FAILED_JOBS, breaks(job.item()), self._noticed(job.failed_at))
        # DynamoDB deletes an expired item within a few days, mostly much sooner.
        gone = job.expires_at + timedelta(minutes=self.dice.between(5, 300))
        yield replace(put(FAILED_JOBS, job.item(), gone), item=None)

    def _log(self, stage: str, attempt: int) -> StageLog:
        # Step Functions logs the stages that run no code of ours.
        writer = "step_functions" if stage == "parquet" else "lambda"
        return self.base.but(stage=stage, started_at=self.clock, attempt=attempt, writer=writer)

    def _noticed(self, at: datetime) -> datetime:
        """DynamoDB's own clock: a moment after the writer's."""
        return at + timedelta(microseconds=self.dice.between(20_000, 900_000))

    def _wait(self) -> int:
        """Seconds in the queue: a consumer that finds the pipeline busy looks again in 300 s."""
        steps = self.dice.between(1, 4) if self.dice.chance(0.12) else 0
        waited = steps * QUEUE_STEP + self.dice.between(1, 15)
        return waited if self.course.held is None else self.course.held

    def _wait_for_retry(self) -> None:
        self.clock = _next_retry(self.clock) + timedelta(seconds=self.dice.between(5, 50))


def _job(log: StageLog, error: Error) -> FailedJob:
    """The failed job of a FAILED log; the last attempt goes to the dead-letter queue."""
    assert log.completed_at is not None
    is_last = log.attempt >= MAX_ATTEMPTS
    retries = error.eligible and not is_last
    return FailedJob(
        log,
        log.completed_at,
        error.kind,
        error.message,
        attempt_count=log.attempt,
        max_attempts=MAX_ATTEMPTS,
        eligible=retries,
        next_retry_at=_next_retry(log.completed_at) if retries else None,
        expires_at=log.completed_at + JOB_LIFE,
        dlq_at=log.completed_at + timedelta(minutes=1) if is_last else None,
    )


def _next_retry(at: datetime) -> datetime:
    """The next quarter of an hour."""
    return EPOCH + (at - EPOCH) // RETRY_EVERY * RETRY_EVERY + RETRY_EVERY

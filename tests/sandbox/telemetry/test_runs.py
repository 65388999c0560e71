"""The writes of one run, by the course it takes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.telemetry.courses import MAX_ATTEMPTS, Course, Failure
from sandbox.telemetry.errors import ERRORS, Error
from sandbox.telemetry.items import FAILED_JOBS, PIPELINE_LOGS
from sandbox.telemetry.plan import PIPELINES, STAGES, Plan
from sandbox.telemetry.runs import run_writes

DAY = date(2026, 3, 10)
CURABLE = ERRORS[0]
FATAL = Error("SchemaMismatch", "no", eligible=False)


def writes(course: Course, table: str = PIPELINE_LOGS) -> list[Any]:
    found = run_writes(Plan(), PIPELINES[0], DAY, course)
    assert [write.micros for write in found] == sorted(write.micros for write in found)
    return [write.item for write in found if write.table == table]


def told(course: Course) -> list[tuple[str, str]]:
    return [(item["stage"]["S"], item["status"]["S"]) for item in writes(course)]


def time(item: Any, name: str) -> datetime:
    return datetime.fromisoformat(item[name]["S"])


def test_an_ordinary_run_does_its_stages_in_order() -> None:
    ended = [item for item in writes(Course()) if item["status"] == {"S": "SUCCEEDED"}]
    assert [item["stage"]["S"] for item in ended] == list(STAGES)
    assert all(time(item, "started_at") < time(item, "completed_at") for item in ended)
    for before, after in pairwise(ended):
        assert time(before, "completed_at") < time(after, "started_at")
    assert {tuple(item["job_id"].items()) for item in ended} == {(("S", "orders#20260310"),)}
    assert ended[0]["log_key"]["S"] == "orders#web#extract#20260310"


def test_a_retry_replaces_the_failed_item_and_resolves_its_job() -> None:
    course = Course(failures={"clean": Failure(CURABLE)})
    clean = [item for item in writes(course) if item["stage"] == {"S": "clean"}]
    ended = [item for item in clean if item["completed_at"] != {"NULL": True}]
    assert [item["status"]["S"] for item in ended] == ["FAILED", "SUCCEEDED"]
    assert [item["metadata"]["M"]["attempt"]["N"] for item in ended] == ["1", "2"]
    failed, solved, gone = writes(course, FAILED_JOBS)
    assert time(failed, "next_retry_at").minute % 15 == 0
    assert time(failed, "next_retry_at") <= time(ended[1], "started_at")
    assert failed["eligible"] == {"BOOL": True}
    assert solved["resolved_at"]["S"] >= ended[1]["completed_at"]["S"]
    assert (solved["eligible"], gone) == ({"BOOL": False}, None)
    life = int(failed["ttl"]["N"]) - time(failed, "failed_at").timestamp()
    assert life == timedelta(days=14).total_seconds()


@pytest.mark.parametrize(
    ("failure", "attempts", "is_dead"),
    [(Failure(CURABLE, MAX_ATTEMPTS), MAX_ATTEMPTS, True), (Failure(FATAL, 2), 1, False)],
)
def test_a_run_ends_with_a_failure_that_is_not_cured(
    failure: Failure, attempts: int, is_dead: bool
) -> None:
    course = Course(failures={"clean": failure})
    assert told(course)[-1] == ("clean", "FAILED")
    assert told(course).count(("clean", "FAILED")) == attempts
    jobs = [item for item in writes(course, FAILED_JOBS) if item]
    assert [int(job["attempt_count"]["N"]) for job in jobs] == list(range(1, attempts + 1))
    last = jobs[-1]
    assert (last["eligible"], last["dlq"]) == ({"BOOL": False}, {"BOOL": is_dead})
    assert ("S" in last["dlq_at"]) == is_dead


def test_a_day_without_records_skips_the_rest() -> None:
    ended = [one for one in told(Course(is_empty=True)) if one[1] not in {"STARTED", "RUNNING"}]
    assert ended == [("extract", "SUCCEEDED"), *((stage, "SKIPPED") for stage in STAGES[1:])]


def test_late_held_and_missing_runs() -> None:
    late = writes(Course(late=timedelta(days=2)))[0]
    assert late["run_date"] == {"S": "20260310"}
    assert time(late, "started_at").date() == date(2026, 3, 12)
    held = writes(Course(held=7200))[0]
    queued = datetime.fromisoformat(held["metadata"]["M"]["enqueued_at"]["S"])
    assert time(held, "started_at") - queued == timedelta(hours=2)
    assert queued.replace(second=0) in {datetime(2026, 3, 10, 2, at, tzinfo=UTC) for at in (0, 1)}
    assert writes(Course(is_missing=True)) == []


def test_only_the_end_of_a_stage_is_malformed() -> None:
    items = writes(Course(broken={"clean": "status_unknown"}))
    assert [item["status"]["S"] for item in items].count("DONE") == 1
    assert [item["stage"]["S"] for item in items if item["status"]["S"] == "DONE"] == ["clean"]

"""What refreshes must make of telemetry, in plain Python: no SQL, no feeds, all from scratch."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.refresh.telemetry import Item

Key = tuple[str, ...]
Row = tuple[Any, ...]
STATUSES = {
    "STARTED": "running",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "SKIPPED": "skipped",
}
STAGES = {"extract": 1, "clean": 2, "parquet": 3, "merge": 4}

DAYS_AHEAD = 2


@dataclass
class Seen:
    """An item as a refresh last saw it; gone is the reason why it has left the replica."""

    item: Item
    gone: str | None = None


@dataclass
class Observer:
    """What was seen of the two tables, one refresh of a staging model after the other."""

    logs: dict[Key, Seen] = field(default_factory=dict)
    reports: dict[Key, Seen] = field(default_factory=dict)
    versions: dict[Key, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    def see_logs(self, replica: dict[Key, Item]) -> None:
        _see(self.logs, replica)

    def see_reports(self, replica: dict[Key, Item]) -> None:
        _see(self.reports, replica)

    def see_versions(self) -> None:
        for key, seen in self.logs.items():
            if seen not in self.versions[key][-1:]:
                self.versions[key].append(Seen(seen.item, seen.gone))

    def marts(self) -> tuple[set[Row], set[Row]]:
        """The rows of fct_stage_runs and of fct_pipeline_runs."""
        live = (stage_run(seen.item) for seen in self.logs.values() if not seen.gone)
        stages = {run["log_key"]: run for run in live if run}
        failures = list(self._failures(stages))
        groups = defaultdict(list)
        for run in stages.values():
            groups[run["pipeline_id"], run["run_on"]].append(run)
        return (
            {tuple(run.values()) for run in stages.values()},
            {
                (*place, *pipeline_run(runs, [open_ for at, open_ in failures if at == place]))
                for place, runs in groups.items()
            },
        )

    def _failures(self, stages: dict[str, dict[str, Any]]) -> Iterable[tuple[Row, bool]]:
        """Where each failed attempt happened and whether it is open."""
        observed, reported = {}, {}
        for versions in self.versions.values():
            for version in versions:
                run = None if version.gone else stage_run(version.item)
                if run and run["status"] == "failed" and run["log_key"] in stages:
                    observed[run["log_key"], run["attempt"] or 1] = run
        for seen in sorted(self.reports.values(), key=lambda seen: text(seen.item, "failed_at")):
            failure = report(seen.item)
            if failure and seen.gone != "delete":
                reported[failure["log_key"], failure["attempt"]] = failure
        for attempt in observed.keys() | reported.keys():
            own, told = observed.get(attempt), reported.get(attempt)
            first: dict[str, Any] = told or own or {}
            failed_at = told["failed_at"] if told else first["completed_at"] or first["started_at"]
            stage = stages.get(attempt[0], {})
            has_succeeded = (
                stage.get("status") == "succeeded"
                and stage["completed_at"] is not None
                and stage["completed_at"] >= failed_at
            )
            is_resolved = bool(told and told["resolved_at"]) or has_succeeded
            yield (first["pipeline_id"], (own or first)["run_on"]), not is_resolved


def _see(seen: dict[Key, Seen], replica: dict[Key, Item]) -> None:
    for key, item in replica.items():
        seen[key] = Seen(item)
    for key, was in seen.items():
        if key not in replica and not was.gone:
            has_expired = int(was.item.get("ttl", {}).get("N", 2**40)) < 10**9
            seen[key] = Seen(was.item, "ttl" if has_expired else "delete")


def stage_run(item: Item) -> dict[str, Any] | None:
    """The row of a log item; None for one that cannot be used."""
    wrong = {"records_processed": "N", "metadata": "M"}
    if any(item[name].keys() - {wrong.get(name, "S"), "NULL"} for name in item):
        return None
    names = ("job_id", "source", "stage", "run_date", "status", "started_at")
    source, stage, run_date, status = (text(item, name) for name in names[1:5])
    pipeline = "#".join(filter(None, (source, text(item, "category"))))
    log_key = text(item, "log_key")
    run_on = day(run_date)
    records = item.get("records_processed", {}).get("N")
    if (
        not all(text(item, name) for name in names)
        or log_key != f"{pipeline}#{stage}#{log_key[-8:]}"
        or status not in STATUSES
        or run_on is None
        or (records is not None and not str(records).isdigit())
    ):
        return None
    started, completed = time(item, "started_at"), time(item, "completed_at")
    told = item.get("metadata", {}).get("M", {})
    if not started or (run_on - started.date()).days > DAYS_AHEAD:
        return None
    return {
        "log_key": log_key,
        "pipeline_id": pipeline,
        "run_on": run_on,
        "stage": stage,
        "status": STATUSES[status],
        "attempt": int(told["attempt"]["N"]) if "attempt" in told else None,
        "records_processed": None if records is None else int(records),
        "duration_seconds": seconds(started, completed),
        "queue_wait_seconds": seconds(time(told, "enqueued_at"), started),
        "started_at": started,
        "completed_at": completed,
    }


def report(item: Item) -> dict[str, Any] | None:
    """The failed attempt that an item of failed-jobs tells of; None for one that cannot be used."""
    log_key = text(item, "log_key")
    *pipeline, stage, run_date = log_key.split("#") if log_key else ("", "")
    attempt = str(item.get("attempt_count", {}).get("N", ""))
    if (
        not attempt.isdigit()
        or item.get("dlq", {}).keys() - {"BOOL", "NULL"}
        or (pipeline[:1], stage) != ([text(item, "source")], text(item, "stage"))
        or (run_on := day(run_date)) is None
        or (failed_at := time(item, "failed_at")) is None
        or (run_on - failed_at.date()).days > DAYS_AHEAD
    ):
        return None
    return {
        "log_key": log_key,
        "attempt": int(attempt),
        "pipeline_id": "#".join(pipeline),
        "run_on": run_on,
        "failed_at": failed_at,
        "resolved_at": time(item, "resolved_at"),
    }


def pipeline_run(runs: list[dict[str, Any]], failures_open: list[bool]) -> Row:
    """What fct_pipeline_runs says of the stages of one pipeline and day, after its key."""
    counted = Counter(run["status"] for run in runs)
    seen = {run["stage"] for run in runs} & STAGES.keys()
    status = (
        "failed"
        if counted["failed"]
        else "running"
        if counted["running"]
        else "partial"
        if len(seen) < len(STAGES)
        else "succeeded"
    )
    failed = sorted(
        (STAGES.get(run["stage"], 1000), run["started_at"], run["log_key"], run["stage"])
        for run in runs
        if run["status"] == "failed"
    )
    records = sorted(
        (STAGES.get(run["stage"], 0), run["started_at"], run["log_key"], run["records_processed"])
        for run in runs
        if run["records_processed"] is not None
    )
    busy = known(runs, "duration_seconds")
    first = min(run["started_at"] for run in runs)
    last = None if counted["running"] else max(known(runs, "completed_at"), default=None)
    retries = sum((run["attempt"] or 1) - 1 for run in runs)
    return (
        *(status, failed[0][-1] if failed else None, len(seen), len(runs)),
        *(counted[kind] for kind in ("succeeded", "failed", "running", "skipped")),
        *(retries, len(failures_open), sum(failures_open)),
        *(records[-1][-1] if records else None, sum(busy) if busy else None),
        *(seconds(first, last), min(known(runs, "queue_wait_seconds"), default=None)),
        status == "succeeded" and (retries > 0 or bool(failures_open)),
        *(first, last),
    )


def known(runs: list[dict[str, Any]], name: str) -> list[Any]:
    return [run[name] for run in runs if run[name] is not None]


def text(item: dict[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def time(item: dict[str, Any], name: str) -> datetime | None:
    held = text(item, name)
    return datetime.fromisoformat(held.removesuffix("Z")) if held else None


def day(compact: str) -> date | None:
    try:
        return date.fromisoformat(f"{compact[:4]}-{compact[4:6]}-{compact[6:]}")
    except ValueError:
        return None


def seconds(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None or end < start:
        return None
    return int((end - start).total_seconds())

"""What refreshes must make of telemetry, in plain Python: no SQL, no feeds, all from scratch."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from tests.refresh.telemetry import Item

Key = tuple[str, ...]
Row = tuple[Any, ...]
# Items by key; None: it has left.
Found = Mapping[Key, Item | None]
DAYS_AHEAD = 2
# The attributes of a log item that are texts.
TEXTS = (
    *("log_key", "job_id", "source", "category", "stage", "run_date", "status"),
    *("started_at", "completed_at", "error_message"),
)


@dataclass
class Seeds:
    """What the seeds say, of which the histories change some words."""

    stages: dict[str, int] = field(
        default_factory=lambda: {"extract": 1, "clean": 2, "parquet": 3, "merge": 4}
    )
    statuses: dict[str, str] = field(
        default_factory=lambda: {
            "STARTED": "running",
            "RUNNING": "running",
            "SUCCEEDED": "succeeded",
            "FAILED": "failed",
            "SKIPPED": "skipped",
        }
    )
    blocks_moved_days: bool = False


@dataclass
class Seen:
    """An item as a refresh last saw it, as the seeds judged it then.

    `sight` numbers the refresh that saw it come, change or go; gone is the reason why it has left.
    """

    item: Item
    sight: int
    run: dict[str, Any] | None = None
    gone: str | None = None


@dataclass
class Observer:
    """What was seen of the two tables, one refresh of a staging model after the other."""

    seeds: Seeds = field(default_factory=Seeds)
    logs: dict[Key, Seen] = field(default_factory=dict)
    reports: dict[Key, Seen] = field(default_factory=dict)
    versions: dict[Key, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    _sights: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def see_logs(self, found: Found) -> None:
        """What a refresh of the staging model of pipeline-logs found."""
        _see(self.logs, found, next(self._sights))
        for key, item in found.items():
            if item is not None:
                self.logs[key].run = stage_run(item, self.seeds)

    def see_reports(self, found: Found) -> None:
        """What a refresh of the staging model of failed-jobs found."""
        _see(self.reports, found, next(self._sights))

    def see_versions(self) -> None:
        """A refresh of the versions, which takes the items as staging holds them."""
        for key, seen in self.logs.items():
            if [seen.sight] != [version.sight for version in self.versions[key][-1:]]:
                self.versions[key].append(replace(seen))

    def marts(self) -> tuple[set[Row], set[Row]]:
        """The rows of fct_stage_runs and of fct_pipeline_runs."""
        live = (seen.run for seen in self.logs.values() if not seen.gone)
        stages = {run["log_key"]: run for run in live if run}
        failures = list(self._failures(stages))
        groups = defaultdict(list)
        for run in stages.values():
            groups[run["pipeline_id"], run["run_on"]].append(run)
        return (
            {tuple(run.values()) for run in stages.values()},
            {
                (
                    *place,
                    *pipeline_run(
                        runs,
                        [is_open for at, is_open in failures if at == place],
                        self.seeds.stages,
                    ),
                )
                for place, runs in groups.items()
            },
        )

    def _failures(self, stages: dict[str, dict[str, Any]]) -> Iterable[tuple[Row, bool]]:
        """Where each failed attempt happened and whether it is open."""
        observed, reported = {}, {}
        for versions in self.versions.values():
            for version in versions:
                run = None if version.gone else version.run
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


def _see(seen: dict[Key, Seen], found: Found, sight: int) -> None:
    for key, item in found.items():
        was = seen.get(key)
        if item is None:
            if was and not was.gone:
                has_expired = int(was.item.get("ttl", {}).get("N", 2**40)) < 10**9
                seen[key] = Seen(was.item, sight, was.run, "ttl" if has_expired else "delete")
        elif was is None or was.gone or was.item != item:
            seen[key] = Seen(item, sight)


def stage_run(item: Item, seeds: Seeds) -> dict[str, Any] | None:
    """The row of a log item; None for one that cannot be used."""
    types = dict.fromkeys(TEXTS, "S") | {"records_processed": "N", "metadata": "M"}
    if any(item[name].keys() - {types[name], "NULL"} for name in types.keys() & item.keys()):
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
        or status not in seeds.statuses
        or run_on is None
        or (records is not None and not str(records).isdigit())
    ):
        return None
    started, completed = time(item, "started_at"), time(item, "completed_at")
    told = item.get("metadata", {}).get("M", {})
    if not started or (run_on - started.date()).days > DAYS_AHEAD:
        return None
    if seeds.blocks_moved_days and log_key[-8:] != run_date:
        return None
    return {
        "log_key": log_key,
        "pipeline_id": pipeline,
        "run_on": run_on,
        "stage": stage,
        "stage_order": seeds.stages.get(stage),
        "status": seeds.statuses[status],
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


def pipeline_run(
    runs: list[dict[str, Any]], failures_open: list[bool], stages: dict[str, int]
) -> Row:
    """What fct_pipeline_runs says of the stages of one pipeline and day, after its key."""
    counted = Counter(run["status"] for run in runs)
    seen = {run["stage"] for run in runs} & stages.keys()
    status = (
        "failed"
        if counted["failed"]
        else "running"
        if counted["running"]
        else "partial"
        if len(seen) < len(stages)
        else "succeeded"
    )
    failed = sorted(
        (stages.get(run["stage"], 1000), run["started_at"], run["log_key"], run["stage"])
        for run in runs
        if run["status"] == "failed"
    )
    records = sorted(
        (stages.get(run["stage"], 0), run["started_at"], run["log_key"], run["records_processed"])
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

"""What the generated telemetry shows, beginning with the default plan."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.telemetry import malformed
from sandbox.telemetry.courses import Course, courses
from sandbox.telemetry.errors import PLANTED
from sandbox.telemetry.exports import generate
from sandbox.telemetry.items import FAILED_JOBS, KEYS, PIPELINE_LOGS, StageLog
from sandbox.telemetry.plan import PIPELINES, STAGES, Plan
from sandbox.zero_etl import catalogue
from tests.sandbox.telemetry.conftest import Exports, Item, apply, by_name, records

SEEDS = Path(__file__).parents[3] / "seeds"


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def items(exports: Exports, table: str = PIPELINE_LOGS, name: str = "full") -> list[Item]:
    return [one["Item"] for one in records(exports[name, table])]


def statuses(found: list[Item]) -> Counter[str]:
    return Counter(item.get("status", {}).get("S", "") for item in found if "status" in item)


def test_pipelines_are_those_of_the_registry() -> None:
    registry = {
        (row["source"], row["category"] or None, row["expected_start_utc"])
        for row in seed("pipeline_registry")
        if row["source"] != "returns"
    }
    assert registry == {(p.source, p.category, f"{p.starts:%H:%M}") for p in PIPELINES}
    assert [row["stage"] for row in seed("stage_catalog")] == list(STAGES)


def test_keys_are_those_of_the_source_yml() -> None:
    tables = {name: catalogue.find(name) for name in KEYS}
    assert {name: tuple(key for key, _ in table.keys) for name, table in tables.items()} == KEYS


def test_every_run_has_its_stages_and_every_day_its_runs(exports: Exports, plan: Plan) -> None:
    runs = Counter(
        (item["job_id"]["S"], item["category"].get("S"))
        for item in items(exports)
        if {"job_id", "category", "status"} <= item.keys()
    )
    assert len(runs) > 0.95 * plan.days * len(plan.pipelines)
    assert Counter(runs.values()).most_common(1)[0][0] == len(STAGES)


def test_a_well_formed_item_has_all_twelve_attributes(exports: Exports) -> None:
    names = (
        StageLog(
            "s", None, "extract", date(2026, 3, 1), "STARTED", exports["full", PIPELINE_LOGS].ends
        )
        .item()
        .keys()
    )
    assert len(names) == 12
    incomplete = [item for item in items(exports) if item.keys() != names]
    breaks = ("attribute_missing", "start_missing", "only_keys", "partial_update")
    assert len(incomplete) == len(breaks)


def test_every_status_is_seen_and_one_is_unknown(exports: Exports) -> None:
    known = {row["status"] for row in seed("status_vocabulary")}
    assert statuses(items(exports)).keys() - {""} == known | {"DONE"}


def test_every_malformed_kind_is_in_the_full_export(plan: Plan) -> None:
    found = {
        kind
        for course in courses_of(plan)
        for kind in [*course.broken.values(), *(f.job_break for f in course.failures.values())]
    }
    assert found >= malformed.STAGE_LOGS.keys() | malformed.FAILED_JOBS.keys()
    assert {stage for course in courses_of(plan) for stage in course.broken} == set(STAGES)


def courses_of(plan: Plan) -> list[Course]:
    return list(courses(plan).of.values())


@pytest.mark.parametrize("secret", PLANTED)
def test_every_secret_is_in_the_full_export(exports: Exports, secret: str) -> None:
    assert any(secret in line for line in exports["full", PIPELINE_LOGS].lines)


def test_same_plan_same_exports_other_seed_others(plan: Plan, exports: Exports) -> None:
    assert by_name(generate(plan)) == exports
    assert by_name(generate(replace(plan, seed=8))) != exports


def test_an_increment_starts_from_what_was_there(plan: Plan) -> None:
    found = generate(replace(plan, days=20, increments=4))
    for table in KEYS:
        state: dict[str, Item] = {}
        for export in (one for one in found if one.table == table):
            apply(state, table, export)
        assert state


def changes(exports: Exports, table: str = PIPELINE_LOGS) -> list[tuple[Item, Item]]:
    return [
        (one.get("OldImage", {}), one.get("NewImage", {}))
        for one in records(exports["increment-1", table])
    ]


def test_an_increment_holds_what_it_promises(exports: Exports) -> None:
    logs = changes(exports)
    both = [(old, new) for old, new in logs if old and new]
    day = "20260331"
    moved = [n for o, n in both if o["run_date"] != n["run_date"] and n["run_date"]["S"].isdigit()]
    broken = [n for o, n in both if not n["run_date"]["S"].isdigit()]
    retried = [n for o, n in both if statuses([o])["FAILED"] and statuses([n])["SUCCEEDED"]]
    ended = [n for o, n in both if statuses([o])["RUNNING"] and statuses([n])["SUCCEEDED"]]
    repaired = [n for o, n in both if "status" not in o and "status" in n]
    deleted = [o for o, n in logs if not n]
    late = [n for o, n in logs if not o and n["run_date"]["S"] < day]
    assert [len(found) for found in (moved, broken, retried, ended, repaired, deleted)] == [1] * 6
    assert len(late) == len(STAGES)
    assert late[0]["metadata"]["M"]["trigger_type"] == {"S": "manual"}
    assert retried[0]["metadata"]["M"]["attempt"] == {"N": "2"}
    assert moved[0]["job_id"]["S"].endswith(moved[0]["run_date"]["S"])
    assert sum(not o and n["run_date"]["S"] > day for o, n in logs) > 20


def test_failed_jobs_are_resolved_and_expire(exports: Exports) -> None:
    jobs = changes(exports, FAILED_JOBS)
    gone = [old for old, new in jobs if not new]
    assert gone
    end = exports["increment-1", FAILED_JOBS].ends
    assert all(int(old["ttl"]["N"]) < end.timestamp() for old in gone)
    assert [new["eligible"] for old, new in jobs if old and "S" in new.get("resolved_at", {})] == [
        {"BOOL": False}
    ]


def test_writes_of_an_increment_lie_in_its_window(exports: Exports) -> None:
    export = exports["increment-1", PIPELINE_LOGS]
    assert export.begins
    times = [int(r["Metadata"]["WriteTimestampMicros"]["N"]) / 1e6 for r in records(export)]
    assert export.begins.timestamp() < min(times)
    assert max(times) <= export.ends.timestamp()


def test_a_longer_plan_keeps_the_cuts_a_day_apart() -> None:
    cuts = Plan(increments=3).cuts
    assert {(after - before).days for before, after in pairwise(cuts)} == {1}
    assert cuts[0] == datetime.fromisoformat("2026-03-31T12:00:00Z")


@settings(max_examples=30, deadline=None)
@given(
    days=st.integers(1, 5),
    increments=st.integers(0, 3),
    pipelines=st.lists(st.sampled_from(PIPELINES), min_size=1, max_size=3, unique=True),
    end=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    chance=st.integers(0, 1000),
)
def test_plans_of_any_size_hold_together(
    days: int, increments: int, pipelines: list[object], end: date, chance: int
) -> None:
    plan = Plan(days, end, chance, increments, tuple(p for p in PIPELINES if p in pipelines))
    state: dict[str, dict[str, Item]] = {table: {} for table in KEYS}
    for export in generate(plan):
        apply(state[export.table], export.table, export)


def test_more_items_on_demand() -> None:
    found = by_name(generate(Plan(days=5, increments=0).with_items(2000)))
    assert 1800 < len(found["full", PIPELINE_LOGS].lines) < 2200

"""What a person does to a subject: pause it, keep only what is needed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from redshift_connector.error import Error

from tests.refresh.project import MARTS, Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_deploy import procedures

SUBJECT = "pipeline_health"


def operate(project: Project, operation: str, **arguments: str) -> str:
    """A run-operation that must succeed."""
    outcome = project.dbt("run-operation", operation, "--args", json.dumps(arguments))
    assert outcome.success, outcome.messages
    return outcome.messages


@contextmanager
def paused(project: Project, reason: str = "the source moves") -> Iterator[None]:
    operate(project, "pause", subject=SUBJECT, reason=reason)
    try:
        yield
    finally:
        operate(project, "resume", subject=SUBJECT)


def state(project: Project) -> set[tuple[object, ...]]:
    return project.table(f"state_{SUBJECT}", schema="ops")


def test_a_paused_subject_writes_nothing_but_the_ledger(project: Project) -> None:
    project.refresh()
    before, slot = project.marts(), project.next_slot()
    with paused(project, reason='it\'s "moving" to \\server'):
        project.replicas.put(log_item(category="paused"))
        held = state(project)
        results = [
            project.refresh(slot),
            project.refresh(slot, mode="reconcile"),
            project.retain("feeds", slot),
            project.reprocess("2026-03-01", "2026-03-02", slot),
        ]
        assert project.marts() == before
        assert state(project) == held

    assert {result["outcome"] for result in results} == {"paused"}
    assert {result["reason"] for result in results} == {"it's 'moving' to /server"}
    runs = project.schema("ops") + ".runs"
    assert project.rows(
        "select mode, outcome, refresh_id, detail from"
        f" {runs} where slot_at = cast('{slot}' as timestamp) order by mode"
    ) == [
        (mode, "paused", None, "it's 'moving' to /server")
        for mode in ("incremental", "reconcile", "reprocess", "retain feeds")
    ]
    operations = f"select outcome from {runs} where step = 'pause' order by started_at desc"
    assert project.rows(f"{operations} limit 2") == [("resumed",), ("paused",)]
    assert project.refresh(slot)["outcome"] == "done", "the pause used up no slot"
    assert project.marts() != before


def test_a_deploy_of_a_paused_subject_alters_but_does_not_call(project: Project) -> None:
    project.refresh()
    before, texts = project.marts(), procedures(project)
    with paused(project):
        project.replicas.put(log_item(category="deployed_in_pause"))
        outcome = project.dbt("run", variables={"mass_change_rows": 1001})
        assert outcome.success, outcome.messages
        assert procedures(project) != texts
        assert project.marts() == before
    assert project.dbt("run").success
    assert project.marts() != before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subject": "nobody", "reason": "x"}, "no subject nobody; there is pipeline_health"),
        ({"subject": SUBJECT, "reason": " "}, "the reason is empty"),
    ],
)
def test_a_pause_without_subject_or_reason_is_refused(
    project: Project, arguments: dict[str, str], message: str
) -> None:
    outcome = project.dbt("run-operation", "pause", "--args", json.dumps(arguments))
    assert not outcome.success
    assert message in outcome.messages


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("resume", {}),
        ("explain_lock", {}),
        ("late_arrivals", {}),
        ("allow_mass_change", {"slot": "2026-04-01 00:00"}),
    ],
)
def test_an_operation_on_a_subject_that_does_not_exist_says_which_do(
    project: Project, operation: str, arguments: dict[str, str]
) -> None:
    given = json.dumps({"subject": "nobody"} | arguments)
    outcome = project.dbt("run-operation", operation, "--args", given)
    assert not outcome.success
    assert "no subject nobody; there is pipeline_health" in outcome.messages


@pytest.fixture(scope="module")
def hasty(project: Project) -> Iterator[Project]:
    """The project where nothing is kept that need not be."""
    node = ("run", "--select", "retain_pipeline_health")
    assert project.dbt(*node, variables={"feed_refreshes_kept": 3, "ledger_days_kept": 30}).success
    yield project
    assert project.dbt(*node).success


def test_feeds_keep_the_newest_refreshes_and_a_mark(hasty: Project) -> None:
    feed = f"{hasty.schema('ops')}.stg_pipeline_logger__pipeline_logs__changes"
    newest = 0
    for status in ("STARTED", "FAILED", "SUCCEEDED", "SUCCEEDED"):
        hasty.replicas.put(
            log_item(category="trim", status=status, error_message={"S": str(newest)})
        )
        newest = hasty.refresh()["refresh_id"]
    before = hasty.marts()
    changed = hasty.refresh()["changed_refresh_id"]

    def kept() -> list[tuple[Any, ...]]:
        return hasty.rows(f"select feed_refresh_id, image from {feed} group by 1, 2 order by 1, 2")

    first = hasty.retain("feeds")
    assert kept() == [(newest - 1, "trim"), (newest, "new"), (newest, "old")]
    second = hasty.retain("feeds")
    assert kept() == [(newest, "trim")]
    third = hasty.retain("feeds")
    assert kept() == [(newest, "trim")], "a mark stays where it is"

    assert (
        first["models"][feed.split(".")[1]]["removed"]
        > second["models"][feed.split(".")[1]]["removed"]
    )
    assert (third["outcome"], third["changed_refresh_id"]) == ("nothing_new", changed)
    assert hasty.marts() == before
    assert hasty.refresh()["outcome"] == "nothing_new", "nobody is behind the mark"


def test_the_ledger_forgets_the_old_but_never_the_newest_refresh(hasty: Project) -> None:
    runs = f"{hasty.schema('ops')}.runs"
    hasty.refresh()
    old = f"select count(*) from {runs} where started_at < '2026-01-01'"
    hasty.rows(f"update {runs} set started_at = '2025-12-31' where subject = '{SUBJECT}'")
    assert hasty.value(old) > 1

    result = hasty.retain("ledger")

    assert result["outcome"] == "nothing_new", "the newest refresh is as old as all others"
    newest = hasty.refresh()["slot"]
    arrivals = f"{hasty.schema('ops')}.arrivals"
    hasty.rows(
        f"insert into {arrivals} (subject, model, refresh_id, late_hours, items, counted_at)"
        f" select '{SUBJECT}', 'old', 1, 0, 1, cast('2025-12-31' as timestamp)"
    )
    result = hasty.retain("ledger")
    assert result["models"]["runs"]["removed"] > 1
    assert hasty.value(f"select count(*) from {arrivals} where model = 'old'") == 0
    assert hasty.value(old) == 0
    view = f"{hasty.schema('bi_reports')}.pipeline_health"
    assert (
        hasty.value(f'select to_char(max(data_as_of), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') from {view}')
        == newest
    )


def days(project: Project, table: str) -> set[str]:
    marts = project.schema("bi_reports")
    column = "key_on" if table in ("fct_stage_runs", "fct_pipeline_failures") else "run_on"
    return {str(day) for (day,) in project.rows(f"select {column} from {marts}.{table} group by 1")}


@pytest.fixture
def forgetful(project: Project) -> Iterator[Project]:
    """The project where facts are kept for 25 days; afterwards it holds what it held."""
    node = ("run", "--select", "retain_pipeline_health")
    project.replicas.put(log_item(category="forgotten", status="FAILED", run_date="20260302"))
    project.refresh(mode="reconcile")
    before = project.marts()
    assert project.dbt(*node, variables={"retention_days": {SUBJECT: 25}}).success
    yield project
    assert project.dbt(*node).success
    state = f"{project.schema('ops')}.state_{SUBJECT}"
    project.rows(f"delete from {state} where entry like 'retained %'")
    project.refresh(mode="reconcile")
    assert before["fct_stage_runs"] <= project.marts()["fct_stage_runs"], "all came back"


def test_facts_below_the_horizon_go_from_every_table_and_stay_away(forgetful: Project) -> None:
    slot = forgetful.next_slot()
    horizon = str(date.fromisoformat(slot[:10]) - timedelta(days=25))
    before = {name: days(forgetful, name) for name in MARTS}
    assert all(min(held) < horizon for held in before.values()), before

    result = forgetful.retain("facts", slot)

    after = {name: days(forgetful, name) for name in MARTS}
    assert after == {name: {d for d in held if d >= horizon} for name, held in before.items()}
    assert result["outcome"] == "done"
    assert result["changed_refresh_id"] == result["refresh_id"], "datasets are loaded again"
    marts = forgetful.marts()
    late = log_item(category="forgotten", stage="late", run_date="20260303")
    forgetful.replicas.put(late)
    assert forgetful.refresh()["models"]["fct_stage_runs"] == {"removed": 0, "written": 0}
    assert forgetful.refresh(mode="reconcile")["outcome"] == "nothing_new", "a rebuild agrees"
    assert forgetful.retain("facts", f"{slot[:10]} 23:59:00")["outcome"] == "nothing_new"
    assert forgetful.marts() == marts

    tomorrow = date.fromisoformat(slot[:10]) + timedelta(days=1)
    assert forgetful.retain("facts", f"{tomorrow} 00:00:00")["outcome"] == "done"
    gone = {horizon}
    assert {name: days(forgetful, name) for name in MARTS} == {
        name: held - gone for name, held in after.items()
    }, "the horizon moves on with the slot"
    assert forgetful.retain("facts", f"{slot[:10]} 23:59:30")["outcome"] == "superseded"
    assert forgetful.refresh(mode="reconcile")["outcome"] == "nothing_new", "and never back"


def test_a_reprocess_mends_its_days_and_no_other(project: Project) -> None:
    project.refresh()
    before, slot = project.marts(), project.next_slot()
    staging = f"{project.schema('staging')}.stg_pipeline_logger__pipeline_logs"
    runs = f"{project.schema('bi_reports')}.fct_pipeline_runs"
    project.rows(f"update {staging} set records_processed = 7 where source = 'payments'")
    project.rows(f"update {runs} set records_processed = 8 where source = 'customers'")

    result = project.reprocess("2026-03-02", "2026-03-03", slot)

    def broken(table: str, day: str, value: int) -> list[str]:
        found = project.rows(
            f"select {day} from {table} where records_processed = {value} group by 1 order by 1"
        )
        return [str(on) for (on,) in found]

    rest = [f"2026-03-{day:02}" for day in (1, *range(4, 16))]
    assert broken(staging, "key_on", 7) == rest
    assert broken(runs, "run_on", 8) == rest
    assert result["models"]["stg_pipeline_logger__pipeline_logs"] == {"removed": 8, "written": 8}
    assert project.reprocess("2026-03-02", "2026-03-03", slot)["outcome"] == "nothing_new"
    assert project.reprocess("2026-01-01", "2026-03-31", slot)["outcome"] == "done"
    assert project.marts() == before
    assert project.refresh(slot)["outcome"] == "nothing_new", "it used up no slot"


def test_a_range_that_ends_before_it_begins_is_refused(project: Project) -> None:
    with pytest.raises(Error, match="the first not after the last; it got 2026-03-03 to 2026-03-0"):
        project.reprocess("2026-03-03", "2026-03-01")


def test_a_part_is_retained_once_a_slot(project: Project) -> None:
    slot = project.next_slot()
    assert project.retain("ledger", slot)["outcome"] in ("done", "nothing_new")
    assert project.retain("ledger", slot)["outcome"] == "slot_done"
    assert project.retain("feeds", slot)["outcome"] in ("done", "nothing_new")
    assert project.refresh(slot)["outcome"] != "slot_done", "a part uses up no slot of a refresh"

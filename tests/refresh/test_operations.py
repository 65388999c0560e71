"""What a person does to a subject: pause it, keep only what is needed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.refresh.project import Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_deploy import procedures

SUBJECT = "pipeline_health"
PROCEDURES = ("refresh", "reprocess", "retain")


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
        ({"subject": SUBJECT, "reason": " "}, "give a reason"),
    ],
)
def test_a_pause_without_subject_or_reason_is_refused(
    project: Project, arguments: dict[str, str], message: str
) -> None:
    outcome = project.dbt("run-operation", "pause", "--args", json.dumps(arguments))
    assert not outcome.success
    assert message in outcome.messages


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
    result = hasty.retain("ledger")
    assert result["models"]["runs"]["removed"] > 1
    assert hasty.value(old) == 0
    view = f"{hasty.schema('bi_reports')}.pipeline_health"
    assert (
        hasty.value(f'select to_char(max(data_as_of), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') from {view}')
        == newest
    )


def test_a_part_is_retained_once_a_slot(project: Project) -> None:
    slot = project.next_slot()
    assert project.retain("ledger", slot)["outcome"] in ("done", "nothing_new")
    assert project.retain("ledger", slot)["outcome"] == "slot_done"
    assert project.retain("feeds", slot)["outcome"] in ("done", "nothing_new")
    assert project.refresh(slot)["outcome"] != "slot_done", "a part uses up no slot of a refresh"

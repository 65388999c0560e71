"""Who may do what, tried as each user."""

import json

import pytest

from tests.refresh.project import MARTS, Project, refused

STAGING = "stg_pipeline_logger__pipeline_logs"


@pytest.fixture
def everything(project: Project) -> list[str]:
    """A query for one relation of every kind."""
    ops, staging, marts = (project.schema(name) for name in ("ops", "staging", "bi_reports"))
    return [
        f"select 1 from {marts}.fct_pipeline_runs",
        f"select 1 from {marts}.pipeline_health",
        f"select 1 from {staging}.{STAGING}",
        f"select 1 from {staging}.pipeline_registry",
        f"select 1 from {ops}.runs",
        f"select 1 from {ops}.state_pipeline_health",
        f"select 1 from {ops}.{STAGING}__changes",
        'select 1 from zero_etl_pipeline_logs.public."pipeline-logs"',
    ]


def test_the_refresher_calls_and_reads_nothing(project: Project, everything: list[str]) -> None:
    assert project.refresh()["outcome"] in ("done", "nothing_new")
    connection = project.warehouse.connect("scheduler")
    try:
        for statement in everything:
            assert "permission denied" in refused(connection, statement), statement
    finally:
        connection.close()


def test_the_refresher_writes_nothing_and_calls_no_model_alone(project: Project) -> None:
    ops, marts = project.schema("ops"), project.schema("bi_reports")
    connection = project.warehouse.connect("scheduler")
    try:
        for statement in (
            f"delete from {marts}.fct_pipeline_runs",
            f"update {ops}.state_pipeline_health set counter = 0",
            f"create table {ops}.planted (one integer)",
            "create table public.planted (one integer)",
            f"call {ops}.fct_stage_runs__refresh(1, 'reconcile', sysdate, null, null, 0, 0)",
        ):
            assert "permission denied" in refused(connection, statement), statement
    finally:
        connection.close()


def test_readers_see_marts_and_nothing_else(project: Project, everything: list[str]) -> None:
    marts = project.schema("bi_reports")
    connection = project.warehouse.connect("quick")
    try:
        for name in (*MARTS, "pipeline_health", "pipeline_live"):
            connection.cursor().execute(f"select count(*) from {marts}.{name}")
        for statement in everything:
            if f"from {marts}." not in statement:
                assert "permission denied" in refused(connection, statement), statement
        call = f"call {project.schema('ops')}.check_pipeline_health()"
        assert "permission denied" in refused(connection, call)
        assert "permission denied" in refused(connection, f"delete from {marts}.dim_run_days")
    finally:
        connection.close()


def test_the_scheduler_learns_counts_and_failures_without_reading(project: Project) -> None:
    call = f"call {project.schema('ops')}.check_pipeline_health()"
    checked = json.loads(project.value(call, user="scheduler"))

    runs = project.value(f"select count(*) from {project.schema('bi_reports')}.pipeline_health")
    assert checked["failures"] == []
    assert checked["counts"]["pipeline_health"] == runs


def test_an_outcome_is_recorded_once_and_read_back(project: Project) -> None:
    ops = project.schema("ops")
    call = (
        f"call {ops}.record_outcome('pipeline_health', 'incremental',"
        " cast('2026-03-31 12:00' as timestamp), 'ingestion', 'pipeline_health-r7',"
        " 'COMPLETED', '')"
    )
    project.rows(call, user="scheduler")
    project.rows(call, user="scheduler")

    runs = json.loads(
        project.value(f"call {ops}.read_runs('pipeline_health', 100)", user="scheduler")
    )
    assert [run["outcome"] for run in runs if run["name"] == "pipeline_health-r7"] == ["COMPLETED"]

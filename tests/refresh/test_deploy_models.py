"""Models that change: one deploy of many changes leaves what a fresh environment would hold."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.refresh.edited import EditedProject
from tests.refresh.project import MARTS, VERSIONS, Project
from tests.refresh.telemetry import log_item

STAGING = "stg_pipeline_logger__pipeline_logs"
# Of the items that were written for this test, wherever others have left theirs.
OWN = "orders#edited#"


def add_a_column(project: EditedProject) -> None:
    project.replace(
        f"{STAGING}.sql",
        "        known.is_failure,\n",
        "        known.is_failure,\n        nvl(known.attempt > 1, false) as is_retry,\n",
    )
    project.put_in(STAGING, "is_retry", "boolean", before="is_failure")


def widen_and_narrow(project: EditedProject) -> None:
    sql = "fct_stage_runs.sql"
    project.replace(sql, "        writer,\n", "        cast(writer as varchar(32)) as writer,\n")
    project.retype("fct_stage_runs", "writer", "varchar(32)")
    project.replace(
        sql,
        "        error_message,\n",
        "        cast(left(error_message, 5) as varchar(5)) as error_message,\n",
    )
    project.retype("fct_stage_runs", "error_message", "varchar(5)")


def narrow_and_retype_what_no_mart_reads(project: EditedProject) -> None:
    sql = f"{STAGING}.sql"
    project.replace(
        sql,
        "        known.job_id,\n",
        "        cast(left(known.job_id, 10) as varchar(10)) as job_id,\n",
    )
    project.retype(STAGING, "job_id", "varchar(10)")
    project.replace(sql, "        known.status,\n", "        cast(null as integer) as status,\n")
    project.retype(STAGING, "status", "integer")


def retype_what_a_view_shows(project: EditedProject) -> None:
    project.replace(
        "fct_pipeline_runs.sql",
        "        queue_wait_seconds,\n\n",
        "        cast(queue_wait_seconds as varchar(20)) as queue_wait_seconds,\n\n",
    )
    for relation in ("fct_pipeline_runs", "pipeline_health"):
        project.retype(relation, "queue_wait_seconds", "varchar(20)")


def drop_what_views_show(project: EditedProject) -> None:
    project.replace("fct_pipeline_runs.sql", "        failed_stage,\n\n", "\n")
    project.replace(
        "fct_pipeline_runs.sql",
        "sort=['run_on'],",
        "sort=['run_on'],\n    on_schema_change='sync_all_columns',",
    )
    project.take_out("fct_pipeline_runs", "failed_stage")
    for view, alias in (("pipeline_health", "runs"), ("pipeline_live", "newest_runs")):
        project.replace(
            f"{view}.sql", f"{alias}.failed_stage", "cast(null as varchar(64)) as failed_stage"
        )


def name_a_key_anew(project: EditedProject) -> None:
    """Without a word of what it was called before: a mart is computed again."""
    sql = "fct_pipeline_failures.sql"
    project.replace(
        sql, "unique_key=['log_key', 'attempt']", "unique_key=['log_key', 'attempt_number']"
    )
    project.replace(
        sql,
        "        attempt,\n        pipeline_id,\n\n",
        "        attempt as attempt_number,\n        pipeline_id,\n\n",
    )
    project.take_out("fct_pipeline_failures", "attempt")
    project.put_in("fct_pipeline_failures", "attempt_number", "integer", before="pipeline_id")
    project.replace(
        "fct_pipeline_failures.yml",
        "columns: [log_key, attempt]",
        "columns: [log_key, attempt_number]",
    )


def rename_a_distribution_key(project: EditedProject) -> None:
    sql = "agg_pipeline_daily.sql"
    project.replace(
        sql, "unique_key=['pipeline_id', 'run_on']", "unique_key=['pipeline_key', 'run_on']"
    )
    project.replace(sql, "dist='pipeline_id'", "dist='pipeline_key'")
    project.replace(
        sql,
        "        places.pipeline_id,\n        places.source",
        "        places.pipeline_id as pipeline_key,\n        places.source",
    )
    project.take_out("agg_pipeline_daily", "pipeline_id")
    project.put_in(
        "agg_pipeline_daily",
        "pipeline_key",
        "varchar(129)",
        before="source",
        extra=", constraints: [{type: not_null}], config: {meta: {renamed_from: pipeline_id}}",
    )
    project.replace(
        "agg_pipeline_daily.yml",
        "columns: [pipeline_id, run_on]",
        "columns: [pipeline_key, run_on]",
    )
    project.replace(
        "pipeline_health.sql",
        "        daily.pipeline_id,\n",
        "        daily.pipeline_key as pipeline_id,\n",
    )
    project.replace("pipeline_health.sql", "on daily.pipeline_id =", "on daily.pipeline_key =")


def add_a_model(project: EditedProject) -> None:
    write_model(
        project,
        "fct_long_stages",
        "log_key",
        "select runs.log_key, runs.run_on, runs.duration_seconds from runs"
        " where runs.duration_seconds > 60",
    )


def make_a_key_coarser(project: EditedProject) -> None:
    """To columns that the table has: of a day's rows one stays, and may be equal to one stored."""
    write_model(
        project,
        "fct_newest_stages",
        "run_on",
        "select max(runs.log_key) as log_key, runs.run_on,"
        " max(runs.duration_seconds) as duration_seconds from runs group by 2",
    )


def write_model(project: EditedProject, name: str, key: str, select: str) -> None:
    """A model of the stage runs with the given key, which refresh_pipeline_health refreshes."""
    folder = "models/marts/pipeline_health"
    project.write(
        f"{folder}/{name}.sql",
        f"""{{{{ config(unique_key=['{key}'], dist='even', sort=['run_on'],
    meta={{'refresh': {{'reads': {{'fct_stage_runs': ['{key}']}}}}}}) }}}}
with affected as ({{{{ affected_keys() }}}}),
runs as (
    select stage_runs.* from {{{{ ref('fct_stage_runs') }}}} as stage_runs
    inner join affected on stage_runs.{key} = affected.{key}
)
{select}
""",
    )
    project.write(
        f"{folder}/{name}.yml",
        f"""models:
  - name: {name}
    description: Made up.
    columns:
      - {{name: log_key, data_type: varchar(2048), description: Made up.}}
      - {{name: run_on, data_type: date, description: Made up.}}
      - {{name: duration_seconds, data_type: bigint, description: Made up.}}
""",
    )
    procedure = project.file("refresh_pipeline_health.sql").read_text()
    last = "    ref('agg_pipeline_daily'),\n"
    if name not in procedure:
        project.replace("refresh_pipeline_health.sql", last, f"{last}    ref('{name}'),\n")


CHANGES = (
    add_a_column,
    widen_and_narrow,
    narrow_and_retype_what_no_mart_reads,
    retype_what_a_view_shows,
    drop_what_views_show,
    name_a_key_anew,
    rename_a_distribution_key,
    add_a_model,
    make_a_key_coarser,
)


@dataclass
class Changed:
    """An environment before and after a deploy of all changes, and one that was built after it."""

    project: EditedProject
    fresh: EditedProject
    before: dict[str, list[dict[str, Any]]]
    grants: list[tuple[Any, ...]]
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def own(self, table: str, schema: str = "bi_reports") -> list[dict[str, Any]]:
        """The rows of the items that were written for this test."""
        return [
            row for row in self.project.contents(table, schema) if row["log_key"].startswith(OWN)
        ]


def grants(project: Project) -> list[tuple[Any, ...]]:
    return sorted(
        project.rows(
            "select relation_name, privilege_type, identity_name from svv_relation_privileges"
            f" where namespace_name = '{project.schema('bi_reports')}'"
        )
    )


@pytest.fixture(scope="module")
def changed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    edited = EditedProject.beside(project, tmp_path_factory.mktemp("edited"), "edited")
    failed = log_item(category="edited", status="FAILED")
    gone = log_item(category="edited", stage="clean", status="FAILED")
    project.replicas.put(failed, gone)
    write_model(
        edited,
        "fct_newest_stages",
        "log_key",
        "select runs.log_key, runs.run_on, runs.duration_seconds from runs",
    )
    outcome = edited.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.success, outcome.messages
    members = "{members: {refresher: [scheduler]}}"
    assert edited.dbt("run-operation", "grant_roles", "--args", members).success
    project.replicas.delete(gone)
    edited.refresh()
    before = {name: edited.contents(name) for name in (*MARTS, "pipeline_health")}
    before |= {name: edited.contents(name, "staging") for name in (STAGING, VERSIONS)}
    since = edited.value(f"select max(refresh_id) from {edited.schema('ops')}.runs")
    granted = grants(edited)
    for change in CHANGES:
        change(edited)
    outcome = edited.dbt("run")
    assert outcome.success, outcome.messages
    counts = {
        name: (removed, written)
        for name, removed, written in edited.rows(
            f"select name, rows_removed, rows_written from {edited.schema('ops')}.runs"
            f" where refresh_id > {since} and step = 'refresh'"
        )
    }
    fresh = edited.in_environment("fresh")
    outcome = fresh.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.success, outcome.messages
    return Changed(edited, fresh, before, granted, counts)


@pytest.mark.parametrize(
    "table", [*MARTS, "fct_long_stages", "fct_newest_stages", "pipeline_health"]
)
def test_a_table_is_as_in_a_fresh_environment(changed: Changed, table: str) -> None:
    columns = changed.fresh.columns(table)
    kept = changed.project.columns(table)
    left_out = {"data_as_of", "first_observed_at"}
    assert {name: kept[name] for name in columns} == columns
    assert [
        {name: row[name] for name in columns if name not in left_out}
        for row in changed.project.contents(table)
    ] == [
        {name: row[name] for name in columns if name not in left_out}
        for row in changed.fresh.contents(table)
    ]


def test_a_new_column_makes_no_version_and_no_row_downstream(changed: Changed) -> None:
    rows = changed.project.contents(STAGING, "staging")
    columns = set(rows[0]) - {"is_retry", "job_id", "status"}
    kept, before = (
        {row["log_key"]: {name: row[name] for name in columns} for row in those}
        for those in (rows, changed.before[STAGING])
    )
    assert kept == before, "bookkeeping stays"
    own = changed.own(STAGING, "staging")
    assert {row["is_retry"] for row in own if not row["is_deleted"]} == {False}
    assert changed.project.contents(VERSIONS, "staging") == changed.before[VERSIONS]
    assert changed.counts[VERSIONS] == (0, 0)
    assert changed.counts["dim_run_days"] == (0, 0)


def test_what_no_call_writes_again_keeps_the_converted_value(changed: Changed) -> None:
    """Cut to as many characters as surely fit into 10 bytes; a word is no integer."""
    own = {row["is_deleted"]: row for row in changed.own(STAGING, "staging")}
    was = {row["log_key"]: (row["job_id"], row["status"]) for row in changed.before[STAGING]}
    for is_deleted, job_id in ((True, "or"), (False, "orders#202")):
        assert was[own[is_deleted]["log_key"]] == ("orders#20260301", "FAILED")
        assert (own[is_deleted]["job_id"], own[is_deleted]["status"]) == (job_id, None)


def test_a_column_that_a_view_shows_is_retyped(changed: Changed) -> None:
    for relation in ("fct_pipeline_runs", "pipeline_health"):
        columns = changed.project.columns(relation)
        assert columns["queue_wait_seconds"] == "character varying(20)"


def test_a_dropped_column_goes_with_the_last_view_that_showed_it(changed: Changed) -> None:
    assert "failed_stage" in changed.before["fct_pipeline_runs"][0]
    assert "failed_stage" not in changed.project.columns("fct_pipeline_runs")
    assert "failed_stage" in changed.project.columns("pipeline_health")


def test_a_key_that_left_the_contract_may_be_null(changed: Changed) -> None:
    rows = changed.own("fct_pipeline_failures")
    assert {row["attempt"] for row in rows} == {None}
    assert {row["attempt_number"] for row in rows} == {1}


def test_a_renamed_column_keeps_its_values(changed: Changed) -> None:
    assert "pipeline_id" not in changed.project.columns("agg_pipeline_daily")
    assert changed.counts["agg_pipeline_daily"] == (0, 0)


def test_a_new_model_fills_itself(changed: Changed) -> None:
    assert changed.project.contents("fct_long_stages")


def test_grants_outlive_a_view_that_is_made_again(changed: Changed) -> None:
    now = [grant for grant in grants(changed.project) if grant[0] != "fct_long_stages"]
    assert now == changed.grants


def test_a_changed_project_goes_on_as_any_other(changed: Changed) -> None:
    for mode in ("incremental", "reconcile"):
        assert changed.project.refresh(mode=mode)["outcome"] == "nothing_new"
    outcome = changed.project.dbt("run")
    assert outcome.success, outcome.messages

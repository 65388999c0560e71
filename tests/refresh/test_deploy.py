"""dbt beside refreshes: what a deploy changes, and what it leaves alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.refresh.project import Project
from tests.refresh.telemetry import log_item


def procedures(project: Project) -> dict[str, str]:
    """The text of every procedure of the environment."""
    return dict(
        project.rows(
            "select proname, prosrc from pg_proc inner join pg_namespace"
            " on pg_proc.pronamespace = pg_namespace.oid"
            f" where nspname = '{project.schema('ops')}'"
        )
    )


def test_a_second_run_changes_nothing(project: Project) -> None:
    project.refresh()
    before, texts = project.marts(), procedures(project)

    outcome = project.dbt("run")

    assert outcome.success, outcome.messages
    assert project.marts() == before
    assert procedures(project) == texts
    assert texts


def test_empty_leaves_procedures_and_rows_alone(project: Project) -> None:
    project.refresh()
    before, texts = project.marts(), procedures(project)

    outcome = project.dbt("run", "--empty")

    assert outcome.success, outcome.messages
    assert procedures(project) == texts
    assert project.marts() == before


def test_sample_is_refused_and_leaves_all_alone(project: Project) -> None:
    project.refresh()
    before, texts = project.marts(), procedures(project)

    outcome = project.dbt("run", "--sample", "3 days", "--select", "fct_stage_runs")

    assert not outcome.success
    assert "altered text never becomes a procedure" in outcome.messages
    assert procedures(project) == texts
    assert project.marts() == before


@pytest.mark.parametrize("model", ["fct_pipeline_runs", "pipeline_health"])
def test_a_deferred_upstream_is_refused(project: Project, model: str) -> None:
    other = Project(project.warehouse, project.replicas, project.folder, environment="deferred")
    state = project.folder / "deferred_state"
    state.mkdir(exist_ok=True)
    manifest = project.folder / "target" / "manifest.json"
    assert project.dbt("parse").success
    (state / "manifest.json").write_bytes(manifest.read_bytes())

    outcome = other.dbt("run", "--select", model, "--defer", "--state", str(state))

    assert not outcome.success
    assert "never deployed with --defer" in outcome.messages


def test_a_session_that_folds_names_is_refused_by_dbt(project: Project) -> None:
    project.refresh()
    before, texts = project.marts(), procedures(project)
    project.rows("alter user deployer set enable_case_sensitive_identifier to false", user="admin")
    try:
        outcome = project.dbt("run")
    finally:
        project.rows("alter user deployer reset enable_case_sensitive_identifier", user="admin")

    assert not outcome.success
    assert "enable_case_sensitive_identifier" in outcome.messages
    assert procedures(project) == texts
    assert project.marts() == before


def test_a_run_beside_refreshes_loses_nothing(project: Project) -> None:
    days = [f"202603{day:02}" for day in range(1, 11)]

    def refreshes() -> None:
        for day in days:
            project.replicas.put(log_item(category="beside", run_date=day))
            project.refresh()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(refreshes)
        outcome = project.dbt("run")
        running.result()

    assert outcome.success, outcome.messages
    project.refresh()
    keys = project.rows(
        f"select log_key, count(*) from {project.schema('bi_reports')}.fct_stage_runs"
        " where pipeline_id = 'orders#beside' group by log_key"
    )
    assert sorted(keys) == [(f"orders#beside#extract#{day}", 1) for day in days]
    before = project.marts()
    assert project.refresh(mode="reconcile")["outcome"] == "nothing_new"
    assert project.marts() == before


def test_only_a_changed_model_is_called_where_only_changes_are(project: Project) -> None:
    one = ("run", "--select", "stg_pipeline_logger__failed_jobs")
    calls = f"select count(*) from {project.schema('ops')}.runs where mode = 'deploy'"
    only_changes = {"refresh_on_run": "changed"}
    before = project.value(calls)

    assert project.dbt(*one, variables=only_changes).success
    assert project.value(calls) == before

    assert project.dbt(*one, variables=only_changes | {"mass_change_rows": 998}).success
    assert project.value(calls) == before + 1
    assert project.dbt(*one).success


def test_history_is_forgotten_only_by_a_persons_word(project: Project) -> None:
    gone = log_item(category="forgotten")
    project.replicas.put(gone)
    project.refresh()
    project.replicas.delete(gone)
    project.refresh()
    key = gone["log_key"]["S"]
    kept = [
        f"select count(*) from {project.schema('staging')}.{table} where log_key = '{key}'"
        for table in (
            "stg_pipeline_logger__pipeline_logs",
            "stg_pipeline_logger__pipeline_log_versions",
        )
    ]
    assert [project.value(count) for count in kept] == [1, 2]

    outcome = project.dbt("run", "--full-refresh", variables={"forget_history": True})

    assert outcome.success, outcome.messages
    assert [project.value(count) for count in kept] == [0, 0]
    assert project.refresh(mode="reconcile")["outcome"] == "nothing_new"


@pytest.mark.parametrize("rebuild", [["--full-refresh"], []], ids=["full refresh", "run"])
def test_a_rebuild_keeps_versions_and_tombstones(project: Project, rebuild: list[str]) -> None:
    category = f"kept{len(rebuild)}"
    gone = log_item(category=category)
    for status in ("STARTED", "SUCCEEDED"):
        project.replicas.put(log_item(category=category, status=status))
        project.refresh()
    project.replicas.delete(gone)
    project.refresh()
    history = (
        "select log_key, refresh_id, is_deleted from"
        f" {project.schema('staging')}.stg_pipeline_logger__pipeline_log_versions"
        f" where log_key = '{gone['log_key']['S']}'"
    )
    before = sorted(project.rows(history))

    outcome = project.dbt("run", "--select", "staging", *rebuild)

    assert outcome.success, outcome.messages
    assert len(before) == 3
    assert sorted(project.rows(history)) == before


def test_a_procedure_of_another_engine_version_is_refused(project: Project) -> None:
    state = f"{project.schema('ops')}.state_pipeline_health"
    entry = "entry = 'model fct_stage_runs'"
    version = project.value(f"select counter from {state} where {entry}")
    project.rows(f"update {state} set counter = 0 where {entry}")
    try:
        with pytest.raises(Exception, match="dbt run --select"):
            project.refresh()
    finally:
        project.rows(f"update {state} set counter = {version} where {entry}")


def test_models_are_whole_in_the_subject_procedure(project: Project) -> None:
    """A model that refresh_pipeline_health forgot would never be refreshed."""
    body = (Path(__file__).parents[2] / "procedures" / "refresh_pipeline_health.sql").read_text()
    tables = {
        name.removesuffix("__refresh") for name in procedures(project) if name.endswith("__refresh")
    }
    assert tables == {name for name in tables if f"ref('{name}')" in body}


def test_a_reader_behind_a_trimmed_feed_recomputes_everything(project: Project) -> None:
    project.replicas.put(log_item(category="trimmed"))
    project.refresh()
    stage_runs = f"{project.schema('bi_reports')}.fct_stage_runs"
    feed = f"{project.schema('ops')}.stg_pipeline_logger__pipeline_logs__changes"
    node = ("run", "--select", "retain_pipeline_health")
    assert project.dbt(*node, variables={"feed_refreshes_kept": 0}).success
    assert project.retain("feeds")["outcome"] == "done"
    assert project.dbt(*node).success
    before = project.marts()
    project.rows(f"update {stage_runs} set duration_seconds = 7 where source = 'payments'")
    assert project.rows(f"select distinct image from {feed}") == [("trim",)]

    assert project.refresh()["outcome"] == "nothing_new", "nobody is behind"
    assert project.marts() != before
    project.rows(
        f"update {project.schema('ops')}.state_pipeline_health set counter = 1"
        " where entry = 'consumed fct_stage_runs from stg_pipeline_logger__pipeline_logs'"
    )
    project.refresh()

    assert project.marts() == before


def test_a_view_that_shows_other_rows_is_news_for_its_dataset(project: Project) -> None:
    """Another text: no table moves, SPICE must take it."""
    before = project.refresh()["changed_refresh_id"]
    assert project.dbt("run", "--select", "pipeline_health").success
    assert project.refresh()["changed_refresh_id"] == before, "the same view again is no news"

    state = f"{project.schema('ops')}.state_pipeline_health"
    project.rows(f"update {state} set counter = 1 where entry = 'text pipeline_health'")
    assert project.dbt("run", "--select", "pipeline_health").success

    assert project.refresh()["changed_refresh_id"] > before


def test_data_is_as_of_the_last_reading_of_every_replica(project: Project) -> None:
    view = f"{project.schema('bi_reports')}.pipeline_health"
    as_of = f"select to_char(max(data_as_of), 'YYYY-MM-DD HH24:MI:SS') from {view}"
    logs, jobs = (f"stg_pipeline_logger__{name}" for name in ("pipeline_logs", "failed_jobs"))
    for model in (jobs, logs):
        assert project.dbt("run", "--select", model).success
    before = project.value(as_of)

    state = f"{project.schema('ops')}.state_pipeline_health"
    project.rows(f"update {state} set counter = 1 where entry = 'text pipeline_health'")
    for model in ("pipeline_health", "fct_stage_runs", logs):
        assert project.dbt("run", "--select", model).success
        assert project.value(as_of) == before, model

    assert project.dbt("run", "--select", jobs).success
    assert project.value(as_of) > before, "both have been read since"

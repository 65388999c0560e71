"""Marts after a history of refreshes, beside those of an environment that is built afterwards."""

from typing import Any

from tests.refresh.project import MARTS, Project
from tests.refresh.telemetry import log_item, malformed

CATEGORY = "rebuilt"
# What only observed history tells, which a rebuild elsewhere has not seen.
OBSERVED = {
    "fct_pipeline_failures": {"first_observed_at"},
    "fct_pipeline_runs": {"failed_attempts", "open_failures", "has_recovered"},
    "agg_pipeline_daily": {"failed_attempts"},
}


def test_marts_equal_a_rebuild_in_another_environment(project: Project) -> None:
    """After overwritten, malformed and deleted items; and the two targets never meet."""
    item = log_item(category=CATEGORY, stage="extract", run_date="20260305", status="STARTED")
    gone = log_item(category=CATEGORY, stage="clean", run_date="20260305")
    failed = log_item(category=CATEGORY, stage="merge", run_date="20260305", status="FAILED")
    project.replicas.put(item, gone, failed)
    project.refresh()
    project.replicas.put(item | {"status": {"S": "FAILED"}}, *malformed(CATEGORY))
    project.replicas.delete(gone)
    project.refresh()
    project.replicas.put(log_item(category=CATEGORY, stage="extract", run_date="20260305"))
    project.refresh()
    before = project.marts()

    rebuilt = Project(project.warehouse, project.replicas, project.folder, environment="rebuilt")
    outcome = rebuilt.dbt("build", "--exclude-resource-type", "test", "unit_test")

    assert outcome.success, outcome.messages
    assert project.marts() == before
    for name in MARTS:
        ours, theirs = _comparable(project, name), _comparable(rebuilt, name)
        assert theirs, name
        assert theirs <= ours, name
        assert name == "fct_pipeline_failures" or ours == theirs, name


def _comparable(project: Project, name: str) -> set[tuple[Any, ...]]:
    """A mart without what only observed history tells; of the failures, those observed."""
    columns = [
        column
        for (column,) in project.rows(
            f"select column_name from information_schema.columns where table_name = '{name}'"
            f" and table_schema = '{project.schema('bi_reports')}' order by ordinal_position"
        )
        if column not in OBSERVED.get(name, set())
    ]
    rows = f"select {', '.join(columns)} from {project.schema('bi_reports')}.{name}"
    return set(project.rows(rows + " where is_observed" * (name == "fct_pipeline_failures")))

"""dbt killed by -9 at three points of a deploy: the next run needs no repair."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.deadline import Deadline
from sandbox.zero_etl.session import service
from tests.refresh.project import ROOT, Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_deploy import procedures

STAGING = "stg_pipeline_logger__pipeline_logs"


@contextmanager
def held(project: Project, table: str, mode: str) -> Iterator[None]:
    """A lock that another session holds on a table."""
    with service(project.warehouse.home) as cursor:
        cursor.execute("begin")
        cursor.execute(f"lock table {table} in {mode} mode")
        yield
        cursor.execute("rollback")


def wait_for_waiter(project: Project) -> None:
    with service(project.warehouse.home) as cursor:

        def somebody_waits() -> bool:
            cursor.execute("select count(*) from pg_locks where not granted")
            return bool(cursor.fetchone()[0])

        assert Deadline.after(240).wait(somebody_waits), "nobody waits for the lock"


@pytest.mark.parametrize(
    ("schema", "table", "mode"),
    [
        ("ops", "state_pipeline_health", "access exclusive"),
        ("staging", STAGING, "share update exclusive"),
        ("ops", "runs", "share"),
    ],
    ids=[
        "before the deploy",
        "in the deploy, its procedure replaced",
        "in the call, its rows written",
    ],
)
def test_a_killed_run_is_made_up_by_the_next(
    project: Project, schema: str, table: str, mode: str
) -> None:
    item = log_item(category=f"killed{table}")
    project.refresh()
    before, texts = project.marts(), procedures(project)
    project.replicas.put(item)
    variables = {"environment": project.environment, "mass_change_rows": 999 + len(table)}
    with held(project, f"{project.schema(schema)}.{table}", mode):
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dbt.cli.main", "run", "--quiet", "--select", STAGING),
                *("--vars", json.dumps(variables), "--project-dir", str(ROOT)),
                *("--profiles-dir", str(project.folder)),
                *("--target-path", str(project.folder / "killed")),
                *("--log-path", str(project.folder / "logs")),
            ],
            env=os.environ | project.warehouse.environment("deployer"),
        )
        try:
            wait_for_waiter(project)
        finally:
            process.kill()
            process.wait()

    after_call = table == "runs"
    assert (procedures(project) == texts) is not after_call, "the deploy is whole or not at all"
    assert project.marts() == before
    outcome = project.dbt("run")
    assert outcome.success, outcome.messages
    key = item["log_key"]["S"]
    found = project.rows(
        f"select 1 from {project.schema('bi_reports')}.fct_stage_runs where log_key = '{key}'"
    )
    assert len(found) == 1
    assert procedures(project) == texts

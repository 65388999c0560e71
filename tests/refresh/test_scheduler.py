"""The scheduler's command line on the real subject: telemetry to SPICE."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.refresh.project import ROOT, Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_operations import paused


def scheduler(project: Project, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run the scheduler to its end, which is `code`; its report."""
    ended = subprocess.run(
        [sys.executable, "-m", "scheduler", *arguments, "--json"],
        cwd=ROOT,
        env={
            **os.environ,
            **project.warehouse.environment(),
            "REFRESH_ENVIRONMENT": project.environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert (ended.stderr == "") == (code != 1), ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def run(project: Project, slot: str, *options: str, code: int = 0) -> dict[str, Any]:
    """Run one slot of pipeline_health, with no time between two ingestions."""
    name = f"{slot[:16].replace(' ', 'T')}Z"
    given = ("--slot", name, "--ingestion-spacing", "0s", *options)
    return scheduler(project, "run", "pipeline_health", *given, code=code)


def test_new_telemetry_reaches_spice_once(project: Project) -> None:
    # The newest manifest in this folder may be another environment's.
    outcome = project.dbt("parse")
    assert outcome.success, outcome.messages
    manifest = str(project.folder / "target" / "manifest.json")
    scheduler(project, "quick", "apply", "--manifest", manifest)
    run(project, project.next_slot())
    moved = log_item("scheduled", "extract", "20260310")
    project.replicas.put(moved, log_item("scheduled", "clean", "20260310"))
    slot = project.next_slot()

    first, again = run(project, slot), run(project, slot)
    nothing_new = run(project, project.next_slot())
    project.replicas.delete(moved)
    last = run(project, project.next_slot())

    assert [r["outcome"] for r in (first, again, nothing_new, last)] == [
        "done",
        "slot_done",
        "nothing_new",
        "done",
    ]
    assert again["models"] == {}
    assert all(c == {"removed": 0, "written": 0} for c in nothing_new["models"].values())
    spice = [report["datasets"][0] for report in (first, again, nothing_new, last)]
    assert [d["outcome"] for d in spice] == ["refreshed", "current", "current", "refreshed"]
    assert len({d["ingestion_id"] for d in spice[:3]}) == 1
    assert first["datasets"][1]["outcome"] == "direct_query"
    marts = project.schema("bi_reports")
    assert spice[3]["rows"] == project.value(f"select count(*) from {marts}.pipeline_health")


def test_after_an_outage_only_the_newest_slot_runs(project: Project) -> None:
    missed = [project.next_slot() for _ in range(3)]
    project.replicas.put(log_item("scheduled", "outage", "20260311"))

    newest = run(project, project.next_slot(), "--no-quick")
    late = [run(project, slot, "--no-quick", code=4) for slot in missed]
    again = run(project, missed[0], "--no-quick", code=4)

    assert newest["outcome"] == "done"
    assert [report["outcome"] for report in [*late, again]] == ["superseded"] * 4
    assert [late[0]["how"], again["how"]] == ["submitted", "already_finished"]
    slots = ", ".join(f"cast('{slot}' as timestamp)" for slot in missed)
    assert (
        project.rows(
            f"select outcome from {project.schema('ops')}.runs where slot_at in ({slots})"
            " and step = 'refresh' order by slot_at"
        )
        == [("superseded",)] * 3
    )


def test_a_paused_subject_is_skipped_and_made_up_in_the_same_slot(project: Project) -> None:
    run(project, project.next_slot(), "--no-quick")
    slot = project.next_slot()
    project.replicas.put(log_item("scheduled", "paused", "20260311"))
    with paused(project, "moving"):
        report = run(project, slot, "--no-quick", code=4)
        again = run(project, slot, "--no-quick", code=4)
        status = scheduler(project, "status", "pipeline_health")

    assert (report["outcome"], report["reason"]) == ("paused", "moving")
    assert (again["outcome"], again["statement"][-1]) == ("paused", "2")
    assert status["is_paused"]
    assert [e["outcome"] for e in status["entries"][:3]] == ["paused"] * 3
    assert run(project, slot, "--no-quick")["outcome"] == "done"
    status = scheduler(project, "status", "pipeline_health", "--count", "3")
    assert (status["is_paused"], len(status["entries"])) == (False, 3)


@pytest.fixture
def present(project: Project) -> Iterator[None]:
    """Slots of the present, of which the others here know nothing, are forgotten afterwards."""
    yield
    state = f"{project.schema('ops')}.state_pipeline_health"
    project.rows(f"update {state} set moment = null where entry in ('slot reconcile')")
    project.rows(f"delete from {state} where entry like 'slot retain %'")


@pytest.mark.usefixtures("present")
def test_a_night_reconciles_and_retains_once(project: Project) -> None:
    first = scheduler(project, "nightly", "pipeline_health", "--no-quick")
    again = scheduler(project, "nightly", "pipeline_health", "--no-quick")

    modes = ["reconcile", "retain-facts", "retain-feeds", "retain-ledger"]
    assert [step["mode"] for step in first["steps"]] == modes
    assert {step["outcome"] for step in first["steps"]} <= {"done", "nothing_new"}
    assert [step["how"] for step in first["steps"]] == ["submitted"] * 4
    assert {step["outcome"] for step in again["steps"]} == {"slot_done"}
    assert {step["how"] for step in again["steps"]} == {"already_finished"}


def test_a_range_of_days_is_reprocessed(project: Project) -> None:
    days = ("--from", "2026-03-01", "--to", "2026-03-03")
    report = scheduler(project, "reprocess", "pipeline_health", *days, "--no-quick")

    assert report["mode"] == "reprocess-20260301-20260303"
    assert report["outcome"] in ("done", "nothing_new")
    assert "fct_stage_runs" in report["models"]
    [(mode, detail)] = project.rows(
        f"select mode, detail from {project.schema('ops')}.runs"
        f" where refresh_id = {report['refresh_id']}"
    )
    assert (mode, detail) == ("reprocess", "2026-03-01 to 2026-03-03")

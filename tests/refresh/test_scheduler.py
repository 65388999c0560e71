"""The scheduler's command line on the real subject: telemetry to SPICE."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.refresh.project import ROOT, Project
from tests.refresh.telemetry import log_item


def scheduler(project: Project, *arguments: str) -> dict[str, Any]:
    """Run the scheduler to its end; its report."""
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
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def run(project: Project, slot: str) -> dict[str, Any]:
    """Run one slot of pipeline_health, with no time between two ingestions."""
    name = f"{slot[:16].replace(' ', 'T')}Z"
    spacing = ("--ingestion-spacing", "0s")
    return scheduler(project, "run", "pipeline_health", "--slot", name, *spacing)


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

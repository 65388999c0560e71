"""Change detection in the modes `history` (pipeline-logs) and `watermark` (failed-jobs)."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from redshift_connector.error import Error

from sandbox import lifecycle
from sandbox.home import Home
from tests.conftest import Warehouse
from tests.refresh.project import ROOT, VERSIONS, Project
from tests.refresh.telemetry import Item, Replicas, log_item
from tests.refresh.test_refresh import begun

MODES = {"change_detection": {"pipeline-logs": "history", "failed-jobs": "watermark"}}
JOBS = "failed-jobs"
HISTORY_MODE = (
    "alter database zero_etl_pipeline_logs integration set history_mode = true"
    ' for table public."pipeline-logs"'
)


@pytest.fixture(scope="module")
def modes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("modes")
    home = Home(folder / "sandbox")
    try:
        lifecycle.up(home, {"wire": 0, "aws": 0})
        warehouse = Warehouse(home)
        shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
        replicas = Replicas(home, folder)
        replicas.put(log_item("first"))
        replicas.put(report("first", "2026-03-20T02:00:00Z"), table="failed-jobs")
        built = Project(warehouse, replicas, folder)
        built.rows(HISTORY_MODE, user="admin")
        outcome = built.dbt("build", "--exclude-resource-type", "unit_test", variables=MODES)
        assert outcome.success, outcome.messages
        members = "{members: {refresher: [scheduler], bi_reader: [quick]}}"
        outcome = built.dbt("run-operation", "grant_roles", "--args", members)
        assert outcome.success, outcome.messages
        yield built
    finally:
        lifecycle.down(home, delete=True)


def report(source: str, failed_at: str, attempt: int = 1) -> Item:
    """An item of failed-jobs about the extract stage of a day of March."""
    return {
        "job_key": {"S": f"{source}#{attempt}"},
        "failed_at": {"S": failed_at},
        "log_key": {"S": f"{source}#extract#20260301"},
        "job_id": {"S": f"{source}#20260301"},
        "source": {"S": source},
        "stage": {"S": "extract"},
        "attempt_count": {"N": str(attempt)},
    }


def versions(project: Project, source: str) -> list[tuple[Any, ...]]:
    return project.rows(
        f"select normalised_status, is_deleted from {project.schema('staging')}.{VERSIONS}"
        f" where source = '{source}' order by refresh_id"
    )


def reports(project: Project, source: str) -> list[tuple[Any, ...]]:
    return project.rows(
        "select failed_at, is_deleted"
        f" from {project.schema('staging')}.stg_pipeline_logger__failed_jobs"
        f" where source = '{source}' order by failed_at"
    )


def test_each_state_between_two_refreshes_becomes_a_version(modes: Project) -> None:
    for status in ("STARTED", "FAILED", "SUCCEEDED"):
        modes.replicas.put(log_item("states", status=status))
    written = modes.refresh()["models"]
    assert written["stg_pipeline_logger__pipeline_logs"] == {"removed": 2, "written": 3}
    assert written[VERSIONS] == {"removed": 0, "written": 3}, "each state adds to the result"
    assert versions(modes, "states") == [
        ("running", False),
        ("failed", False),
        ("succeeded", False),
    ]
    failures = f"select is_observed from {modes.schema('bi_reports')}.fct_pipeline_failures"
    assert modes.rows(f"{failures} where source = 'states'") == [(True,)]
    assert modes.refresh()["outcome"] == "nothing_new"
    assert modes.refresh(mode="reconcile")["outcome"] == "nothing_new"


def test_a_key_that_ends_in_a_blank_is_left_out(modes: Project) -> None:
    """Redshift would take it for the key without the blank, and so for a second row of one key."""
    plain, job = log_item("blank"), report("blank", "2026-03-20T02:00:00Z")
    modes.replicas.put(plain, plain | {"log_key": {"S": f"{plain['log_key']['S']} "}})
    spaced = job | {"job_key": {"S": "blank#1 "}}
    modes.replicas.put(job, spaced, job | {"failed_at": {"S": "2026-03-20T02:00:00Z "}}, table=JOBS)

    assert modes.refresh()["outcome"] == "done"

    assert versions(modes, "blank") == [("succeeded", False)]
    assert reports(modes, "blank") == [("2026-03-20T02:00:00Z", False)]
    assert modes.refresh(mode="reconcile")["outcome"] == "nothing_new"
    outcome = modes.dbt("test", "--select", "source:*", variables=MODES)
    assert "every_log_key_ends_in_no_blank" in outcome.messages
    assert "every_job_key_ends_in_no_blank" in outcome.messages


def test_states_of_one_key_keep_their_order_beside_those_of_others(modes: Project) -> None:
    modes.replicas.put(log_item("calm"), log_item("busy", status="STARTED"))
    modes.refresh()
    modes.replicas.put(log_item("busy", status="FAILED"), log_item("new", status="STARTED"))
    modes.replicas.put(log_item("busy"), log_item("new", status="FAILED"))
    modes.refresh()
    assert versions(modes, "calm") == [("succeeded", False)]
    assert [status for status, _ in versions(modes, "busy")] == ["running", "failed", "succeeded"]
    assert [status for status, _ in versions(modes, "new")] == ["running", "failed"]


def test_states_that_end_as_they_began_reach_the_marts(modes: Project) -> None:
    """The last state is written by no one, so the marts have to hear of those before it."""
    item = log_item("returning")
    modes.replicas.put(item)
    modes.refresh()
    modes.replicas.put(log_item("returning", status="FAILED"))
    modes.replicas.put(item)
    modes.replicas.delete(item)
    modes.replicas.put(item)
    models = modes.refresh()["models"]
    assert models[VERSIONS]["written"] == 2
    assert models["fct_pipeline_failures"]["written"] == 1
    assert modes.refresh()["outcome"] == "nothing_new"


def test_a_replica_in_history_mode_that_nobody_told_of_is_refused(modes: Project) -> None:
    """Its former states would be taken for items; a staging table would grow with each refresh."""
    model = "stg_pipeline_logger__pipeline_logs"
    modes.replicas.put(log_item("untold"))
    modes.replicas.put(log_item("untold", status="FAILED"))
    modes.refresh()
    full = {"change_detection": MODES["change_detection"] | {"pipeline-logs": "full"}}
    before = modes.table(model, schema="staging")
    outcome = modes.dbt("run", "--select", model, variables=full)
    assert not outcome.success
    assert "come more than once; nothing was written" in outcome.messages
    assert modes.table(model, schema="staging") == before
    assert modes.dbt("run", "--select", model, variables=MODES).success
    assert modes.refresh()["outcome"] == "nothing_new"


def test_an_item_that_came_and_went_unseen_leaves_its_states(modes: Project) -> None:
    item = log_item("brief", status="FAILED")
    modes.replicas.put(item)
    modes.replicas.delete(item)
    modes.refresh()
    assert versions(modes, "brief") == [("failed", False), ("failed", True)]
    assert modes.refresh()["outcome"] == "nothing_new"


def test_an_item_that_was_deleted_and_came_back_is_live(modes: Project) -> None:
    item = log_item("phoenix")
    modes.replicas.put(item)
    modes.refresh()
    modes.replicas.delete(item)
    modes.replicas.put(log_item("phoenix", status="FAILED"))
    modes.refresh()
    runs = f"select run_status from {modes.schema('bi_reports')}.fct_pipeline_runs"
    assert modes.rows(f"{runs} where source = 'phoenix'") == [("failed",)]
    modes.replicas.delete(item)
    modes.refresh()
    assert modes.rows(f"{runs} where source = 'phoenix'") == []


def test_a_reconcile_replays_the_states_too(modes: Project) -> None:
    for status in ("STARTED", "FAILED"):
        modes.replicas.put(log_item("reconciled", status=status))
    modes.refresh(mode="reconcile")
    assert [status for status, _ in versions(modes, "reconciled")] == ["running", "failed"]


def test_a_record_from_before_the_overlap_waits_for_the_reconcile(modes: Project) -> None:
    modes.refresh()
    modes.replicas.put(log_item("overlooked"), is_late=True)
    modes.refresh()
    assert versions(modes, "overlooked") == []
    modes.refresh(mode="reconcile")
    assert versions(modes, "overlooked") == [("succeeded", False)]


def test_a_watermark_finds_what_lies_within_the_lookback(modes: Project) -> None:
    modes.replicas.put(report("within", "2026-03-17T12:00:00Z"), table="failed-jobs")
    modes.replicas.put(report("before", "2026-03-16T23:59:59Z"), table="failed-jobs")
    modes.refresh()
    assert reports(modes, "within") == [("2026-03-17T12:00:00Z", False)]
    assert reports(modes, "before") == []
    modes.refresh(mode="reconcile")
    assert reports(modes, "before") == [("2026-03-16T23:59:59Z", False)]


def test_a_watermark_misses_a_delete_until_the_reconcile(modes: Project) -> None:
    item = report("deleted", "2026-03-20T01:00:00Z")
    modes.replicas.put(item, table="failed-jobs")
    modes.refresh()
    modes.replicas.delete(item, table="failed-jobs")
    modes.refresh()
    assert [is_deleted for _, is_deleted in reports(modes, "deleted")] == [False]
    modes.refresh(mode="reconcile")
    assert [is_deleted for _, is_deleted in reports(modes, "deleted")] == [True]


def test_a_time_in_the_future_does_not_move_the_watermark(modes: Project) -> None:
    modes.replicas.put(report("future", "2999-01-01T00:00:00Z"), table="failed-jobs")
    modes.refresh()
    modes.replicas.put(report("after", "2026-03-20T03:00:00Z"), table="failed-jobs")
    modes.refresh()
    assert reports(modes, "after") == [("2026-03-20T03:00:00Z", False)]


def test_an_item_without_a_readable_time_waits_for_the_reconcile(modes: Project) -> None:
    modes.replicas.put(report("unreadable", "yesterday"), table="failed-jobs")
    modes.refresh()
    assert reports(modes, "unreadable") == []
    modes.refresh(mode="reconcile")
    assert reports(modes, "unreadable") == [("yesterday", False)]


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("refresh", "'reconcile'"), ("reprocess", "'2026-03-01', '2026-03-02'")],
)
def test_what_looks_at_every_item_is_not_done_by_being_outrun(
    modes: Project, verb: str, arguments: str
) -> None:
    """The other one may have read a part of the replica only, as a watermark does."""
    slots = [modes.next_slot() for _ in range(2)]
    with begun(modes) as call:
        modes.refresh(slots[0])
        with pytest.raises(Error, match="ran at the same time"):
            call(verb, slots[1], arguments)
    assert modes.refresh(slots[1], mode="reconcile")["outcome"] != "slot_done"


def test_late_items_are_counted_by_the_hours_that_they_are_behind(modes: Project) -> None:
    modes.replicas.put(log_item("newest", run_date="20260325"))
    modes.refresh()
    result = modes.refresh()
    for _ in range(2):
        modes.replicas.put(log_item("late", run_date="20260324"))
        modes.replicas.put(log_item("late", stage="clean", run_date="20260325"))
    modes.refresh()
    late = modes.rows(
        f"select late_hours, items from {modes.schema('ops')}.arrivals"
        f" where refresh_id > {result['refresh_id']} order by late_hours"
    )
    assert late == [(0, 1), (24, 1)]


def test_the_lookback_that_catches_all_but_one_in_a_thousand_is_told(modes: Project) -> None:
    """Of a thousand items one may come later than that, of fewer none."""
    arrivals = f"{modes.schema('ops')}.arrivals"
    kept = "stg_pipeline_logger__failed_jobs"
    modes.rows(f"delete from {arrivals}")
    for late_hours, items in ((0, 900), (2, 60), (25, 39), (700, 1)):
        modes.rows(
            f"insert into {arrivals} (subject, model, refresh_id, late_hours, items, counted_at)"
            f" values ('pipeline_health', '{kept}', 1, {late_hours}, {items}, '2026-04-01')"
        )
    arguments = ("run-operation", "late_arrivals", "--args", "{subject: pipeline_health}")
    first = modes.dbt(*arguments)
    modes.rows(f"update {arrivals} set items = 2 where late_hours = 700")
    second = modes.dbt(*arguments)
    modes.rows(f"delete from {arrivals}")
    nothing = modes.dbt(*arguments)
    assert first.success, first.messages
    assert first.told == (
        f"{kept}: 1000 items came, 100 of them late, the latest by 700 hours;"
        " a lookback of 25 hours (2 days) would have caught 99.9 %"
    )
    assert "a lookback of 700 hours (30 days) would have caught 99.9 %" in second.told
    assert nothing.told == "nothing has come since the first build of pipeline_health"


def test_a_delete_is_told_by_its_own_moment(modes: Project) -> None:
    """A person deleted it before its time to live was over, whenever a refresh sees that."""
    model = "stg_pipeline_logger__failed_jobs"
    switch = HISTORY_MODE.replace("pipeline_logs", "failed_jobs")
    switch = switch.replace("pipeline-logs", "failed-jobs")
    both = {"change_detection": MODES["change_detection"] | {"failed-jobs": "history"}}
    modes.rows(switch, user="admin")
    try:
        assert modes.dbt("run", "--select", model, variables=both).success
        # Writes are of the second of February 2026.
        item = report("impatient", "2026-02-02T02:00:00Z") | {"ttl": {"N": "1772000000"}}
        modes.replicas.put(item, table="failed-jobs")
        modes.refresh()
        modes.replicas.delete(item, table="failed-jobs")
        modes.refresh()
        assert modes.rows(
            f"select deleted_reason from {modes.schema('staging')}.{model}"
            " where source = 'impatient'"
        ) == [("delete",)]
    finally:
        modes.rows(switch.replace("true", "false"), user="admin")
        assert modes.dbt("run", "--select", model, variables=MODES).success

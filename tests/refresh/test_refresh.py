"""What a refresh does to staging and marts, called as the scheduler calls it."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redshift_connector.error import Error

from tests.refresh.project import MARTS, Project, refused
from tests.refresh.telemetry import Item, log_item, malformed

STAGING = "stg_pipeline_logger__pipeline_logs"
_categories = itertools.count(1)


@pytest.fixture
def category() -> str:
    """A category of `orders` that no other test uses."""
    return f"test{next(_categories)}"


def live_rows_match_replica(project: Project, table: str) -> bool:
    model = f"stg_pipeline_logger__{table.replace('-', '_')}"
    database = f"zero_etl_{table.replace('-', '_')}"
    staged = project.value(
        f"select count(*) from {project.schema('staging')}.{model} where not is_deleted"
    )
    return bool(staged == project.value(f'select count(*) from {database}.public."{table}"'))


def test_every_item_is_staged_and_each_malformed_one_says_why(
    project: Project, category: str
) -> None:
    report = {"job_key": {"S": category}, "failed_at": {"S": "no time"}}
    project.replicas.put(*malformed(category))
    project.replicas.put(report, table="failed-jobs")

    project.refresh()

    assert live_rows_match_replica(project, "pipeline-logs")
    assert live_rows_match_replica(project, "failed-jobs")
    project.replicas.delete(report, table="failed-jobs")
    project.refresh()
    assert live_rows_match_replica(project, "failed-jobs")
    issues = {
        key.split("#")[2]: issue
        for key, issue in project.rows(
            f"select log_key, contract_issues from {project.schema('staging')}.{STAGING}"
            f" where log_key like 'orders#{category}#%'"
        )
    }
    assert "bad_type" in issues["bad_status"]
    assert "bad_run_date" in issues["bad_run_date"]
    assert "bad_type" in issues["bad_type"]
    assert "missing_attribute" in issues["only_key"]
    in_marts = project.rows(
        f"select stage from {project.schema('bi_reports')}.fct_stage_runs"
        f" where pipeline_id = 'orders#{category}'"
    )
    assert [stage for (stage,) in in_marts] == ["long"]


def test_the_same_slot_twice_is_done_once(project: Project, category: str) -> None:
    slot = project.next_slot()
    project.replicas.put(log_item(category=category))

    first = project.refresh(slot)
    project.replicas.put(log_item(category=category, status="FAILED"))
    before = project.marts()
    second = project.refresh(slot)

    assert (first["outcome"], second["outcome"]) == ("done", "slot_done")
    assert second["changed_refresh_id"] == first["changed_refresh_id"]
    assert project.marts() == before


def test_a_slot_with_nothing_new_writes_no_row(project: Project, category: str) -> None:
    project.replicas.put(log_item(category=category))
    first = project.refresh()

    second = project.refresh()

    assert second["outcome"] == "nothing_new"
    assert second["changed_refresh_id"] == first["changed_refresh_id"]
    assert all(counts == {"removed": 0, "written": 0} for counts in second["models"].values())
    assert not [name for name in second["models"] if name in MARTS], "no mart needs to be called"


def test_an_older_slot_is_superseded_and_recorded(project: Project) -> None:
    older, newer = project.next_slot(), project.next_slot()
    project.refresh(newer)

    assert project.refresh(older)["outcome"] == "superseded"
    assert project.rows(
        f"select outcome from {project.schema('ops')}.runs"
        f" where slot_at = cast('{older}' as timestamp) and mode = 'incremental'"
    ) == [("superseded",)]


def test_rows_written_are_the_rows_that_changed(project: Project, category: str) -> None:
    items = [log_item(category=category, stage=stage) for stage in ("extract", "clean")]
    project.replicas.put(*items)
    project.refresh()

    project.replicas.put(items[0], log_item(category=category, stage="clean", status="FAILED"))
    result = project.refresh()

    assert result["models"][STAGING] == {"removed": 1, "written": 1}
    assert result["models"]["fct_stage_runs"] == {"removed": 1, "written": 1}
    assert result["models"]["fct_pipeline_runs"] == {"removed": 1, "written": 1}


def test_a_row_that_moves_leaves_no_trace_where_it_was(project: Project, category: str) -> None:
    item = log_item(category=category, stage="extract", run_date="20260303")
    project.replicas.put(item)
    project.refresh()

    project.replicas.put(item | {"run_date": {"S": "20260304"}, "job_id": {"S": "orders#20260304"}})
    project.refresh()

    days = project.rows(
        f"select run_on from {project.schema('bi_reports')}.fct_pipeline_runs"
        f" where pipeline_id = 'orders#{category}'"
    )
    assert [str(day) for (day,) in days] == ["2026-03-04"]


def test_a_deleted_item_leaves_the_marts_and_stays_as_a_tombstone(
    project: Project, category: str
) -> None:
    item = log_item(category=category)
    project.replicas.put(item)
    project.refresh()

    project.replicas.delete(item)
    project.refresh()

    key = item["log_key"]["S"]
    tombstone = project.rows(
        f"select is_deleted, deleted_reason from {project.schema('staging')}.{STAGING}"
        f" where log_key = '{key}'"
    )
    assert tombstone == [(True, "delete")]
    assert not project.rows(
        f"select 1 from {project.schema('bi_reports')}.fct_stage_runs where log_key = '{key}'"
    )
    project.replicas.put(item)
    project.refresh()
    assert project.rows(
        f"select 1 from {project.schema('bi_reports')}.fct_stage_runs where log_key = '{key}'"
    )


def test_every_observed_version_is_kept(project: Project, category: str) -> None:
    for status in ("STARTED", "FAILED", "SUCCEEDED"):
        project.replicas.put(log_item(category=category, status=status))
        project.refresh()

    versions = project.rows(
        "select normalised_status from"
        f" {project.schema('staging')}.stg_pipeline_logger__pipeline_log_versions"
        f" where log_key like 'orders#{category}#%' order by refresh_id"
    )
    assert [status for (status,) in versions] == ["running", "failed", "succeeded"]


def test_days_without_telemetry_are_filled_to_the_newest_day(
    project: Project, category: str
) -> None:
    newest = project.value(f"select max(run_on) from {project.schema('bi_reports')}.dim_run_days")
    project.replicas.put(log_item(category=category, run_date="20260320"))

    project.refresh()

    assert str(newest) <= "2026-03-20"
    filled = project.value(
        f"select count(*) from {project.schema('bi_reports')}.agg_pipeline_daily"
        " where pipeline_id = 'payments' and run_on between '2026-03-16' and '2026-03-20'"
    )
    assert filled == 5


def test_a_reconcile_changes_nothing_after_refreshes(project: Project, category: str) -> None:
    project.replicas.put(log_item(category=category), *malformed(category))
    project.refresh()
    before = project.marts()

    result = project.refresh(mode="reconcile")

    assert result["outcome"] == "nothing_new", result
    assert project.marts() == before


def test_a_reconcile_mends_what_was_broken_by_hand(project: Project, category: str) -> None:
    project.replicas.put(log_item(category=category))
    project.refresh()
    before = project.marts()
    runs = f"{project.schema('bi_reports')}.fct_pipeline_runs"
    project.rows(f"update {runs} set records_processed = 7 where pipeline_id = 'orders#{category}'")
    assert project.marts() != before

    project.refresh(mode="reconcile")

    assert project.marts() == before


def test_a_mass_change_needs_a_persons_word(project: Project, category: str) -> None:
    items = [
        log_item(category=category, stage=f"step{number}", run_date=f"202603{day:02}")
        for number in range(80)
        for day in range(1, 16)
    ]
    project.replicas.put(*items)
    project.refresh()
    before = project.marts()
    project.replicas.delete(*items)
    slot = project.next_slot()

    with pytest.raises(Error, match=r"1200 of .* allow_mass_change"):
        project.refresh(slot)
    assert project.marts() == before

    word = f"{{subject: pipeline_health, slot: '{slot}'}}"
    assert project.dbt("run-operation", "allow_mass_change", "--args", word).success
    assert project.refresh(slot)["models"][STAGING] == {"removed": 1200, "written": 1200}

    project.replicas.put(*items)
    day = project.value("select to_char(sysdate, 'YYYY-MM-DD')")
    deploy = ("run", "--select", STAGING)
    outcome = project.dbt(*deploy)
    assert not outcome.success, "the word was for one slot"
    assert f'slot: "{day} 00:00:00"' in outcome.messages
    word = f"{{subject: pipeline_health, slot: '{day} 00:00:00'}}"
    assert project.dbt("run-operation", "allow_mass_change", "--args", word).success
    assert project.dbt(*deploy).success
    project.refresh()
    assert project.marts() == before
    project.replicas.delete(*items)
    assert project.dbt(*deploy).success, "a deploy has the day"


def test_a_session_that_folds_names_is_refused_by_call(project: Project, category: str) -> None:
    project.replicas.put(log_item(category=category))
    project.refresh()
    before = project.marts()
    project.replicas.put(log_item(category=category, status="FAILED"))
    slot = project.next_slot()
    connection = project.warehouse.connect("scheduler")
    try:
        connection.autocommit = True
        connection.cursor().execute("set enable_case_sensitive_identifier to false")
        message = refused(
            connection,
            f"call {project.schema('ops')}.refresh_pipeline_health("
            f"cast('{slot}' as timestamp), 'incremental')",
        )
    finally:
        connection.close()

    assert "enable_case_sensitive_identifier" in message
    assert project.marts() == before
    assert project.refresh(slot)["outcome"] == "done"


def test_an_unknown_mode_is_refused(project: Project) -> None:
    with pytest.raises(Error, match="incremental or reconcile"):
        project.refresh(mode="everything")


@contextmanager
def begun(project: Project) -> Iterator[Callable[[str, str, str], dict[str, Any]]]:
    """A transaction of the scheduler's that began here, and calls a procedure in it later."""
    connection = project.warehouse.connect("scheduler")
    try:
        cursor = connection.cursor()
        cursor.execute("begin")

        def call(verb: str, slot: str, arguments: str) -> dict[str, Any]:
            cursor.execute(
                f"call {project.schema('ops')}.{verb}_pipeline_health("
                f"cast('{slot}' as timestamp), {arguments})"
            )
            result = json.loads(cursor.fetchall()[0][0])
            connection.commit()
            return dict(result)

        yield call
    finally:
        connection.close()


def test_a_refresh_that_was_outrun_brings_nothing_older_back(project: Project) -> None:
    """Its transaction began before the other one's, so on Redshift it sees an older replica."""
    slots = [project.next_slot() for _ in range(2)]
    project.replicas.put(log_item("outrun"))
    with begun(project) as call:
        assert project.refresh(slots[0])["outcome"] == "done"
        result = call("refresh", slots[1], "'incremental'")
    assert (result["outcome"], result["models"]) == ("nothing_new", {})
    assert project.refresh(slots[1])["outcome"] == "slot_done"


def test_a_refresh_is_outrun_only_in_the_replicas_that_the_other_one_read(
    project: Project,
) -> None:
    """What `dbt run` of one staging model read says nothing of the other replica."""
    project.refresh()
    report: Item = {
        "job_key": {"S": "outrun"},
        "failed_at": {"S": "2026-03-01T02:00:00Z"},
        "log_key": {"S": "outrun#extract#20260301"},
    }
    project.replicas.put(report, table="failed-jobs")
    with begun(project) as call:
        assert project.dbt("run", "--select", STAGING).success
        models = call("refresh", project.next_slot(), "'incremental'")["models"]
    assert models["stg_pipeline_logger__failed_jobs"] == {"removed": 0, "written": 1}
    assert STAGING not in models


@pytest.mark.parametrize("verb", ["refresh", "retain", "reprocess"])
def test_a_slot_that_has_not_begun_is_refused(project: Project, verb: str) -> None:
    """It would supersede every slot until then, and let retention remove all there is."""
    calls: dict[str, Callable[[str], dict[str, Any]]] = {
        "refresh": project.refresh,
        "retain": lambda slot: project.retain("facts", slot),
        "reprocess": lambda slot: project.reprocess("2026-03-01", "2026-03-02", slot),
    }
    before = project.marts()
    with pytest.raises(Error, match="has not begun; nothing was changed"):
        calls[verb]("9999-01-01 00:00:00")
    assert project.marts() == before


def test_a_callers_time_zone_moves_no_clock(project: Project, category: str) -> None:
    """A clock that is hours ahead would take every refresh of these hours for outrun."""
    connection = project.warehouse.connect("scheduler")
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("set timezone to 'Asia/Tokyo'")
        cursor.execute(
            f"call {project.schema('ops')}.refresh_pipeline_health("
            f"cast('{project.next_slot()}' as timestamp), 'incremental')"
        )
    finally:
        connection.close()
    project.replicas.put(log_item(category=category))
    assert project.refresh()["models"][STAGING] == {"removed": 0, "written": 1}
    assert (
        project.rows(
            f"select 1 from {project.schema('ops')}.runs"
            " where finished_at > dateadd(hour, 1, sysdate)"
        )
        == []
    )

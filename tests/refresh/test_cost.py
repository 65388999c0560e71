"""What a refresh reads and writes, counted by the warehouse; the bench holds it on more rows."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bench.refresh.results import unwarranted
from bench.refresh.run import STAGING_MODELS
from bench.refresh.session import Counts, Refresh, Session
from tests.refresh.project import MARTS, Project
from tests.refresh.statements import counted, executed
from tests.refresh.telemetry import log_item

STAGED = (*STAGING_MODELS, "stg_pipeline_logger__pipeline_log_versions")
REPLICAS = {"pipeline-logs", "failed-jobs"}
# Of all procedures that a refresh calls, all nine models or the two that read the replicas.
STATEMENTS_WITHOUT_NEWS = 35
STATEMENTS_OF_A_CHANGE = 210


@pytest.fixture
def session(project: Project) -> Iterator[Session]:
    """The deployer; every refresh is taken back, so its slots may lie ahead of the others."""
    project.refresh()
    opened = Session(project.warehouse.environment("deployer"), datetime(2026, 11, 1, tzinfo=UTC))
    yield opened
    opened.close()


def written(refresh: Refresh) -> dict[str, tuple[int, int]]:
    """Rows deleted and inserted in every table of the subject, as the warehouse counted them."""
    return {
        name: (counts.deleted, counts.inserted)
        for (schema, name), counts in refresh.tables.items()
        if name in STAGED + MARTS and not schema.endswith("_ops")
        if counts.deleted or counts.inserted
    }


def tables(project: Project) -> dict[str, set[tuple[object, ...]]]:
    staged = {name: project.table(name, "staging") for name in STAGED}
    return staged | {name: project.table(name) for name in MARTS}


@pytest.mark.parametrize("mode", ["incremental", "reconcile"])
def test_each_replica_is_read_once(project: Project, session: Session, mode: str) -> None:
    project.replicas.put(log_item("once", run_date="20260311"))
    done = session.try_refresh(mode)
    scans = {name: counts.scans for (_, name), counts in done.tables.items() if name in REPLICAS}
    assert scans == dict.fromkeys(REPLICAS, 1)
    project.refresh()


def test_without_news_no_mart_is_called_read_or_written(session: Session) -> None:
    done = session.try_refresh()
    assert done.outcome == "nothing_new"
    assert set(done.models) == STAGING_MODELS
    assert unwarranted(done.tables, STAGING_MODELS | REPLICAS) == []


def test_a_model_whose_upstreams_did_not_move_is_not_called(
    project: Project, session: Session
) -> None:
    """An item that no mart shows is news for staging and for its direct readers alone."""
    project.replicas.put(log_item("stray", run_date="20260311", status="no such word"))
    done = session.try_refresh()
    moved = {"stg_pipeline_logger__pipeline_logs", "stg_pipeline_logger__pipeline_log_versions"}
    assert set(written(done)) == moved
    assert not {"fct_pipeline_runs", "dim_run_days", "agg_pipeline_daily"} & set(done.models)
    project.refresh()


def test_every_table_writes_the_rows_that_changed_and_no_others(
    project: Project, session: Session
) -> None:
    runs = [log_item("exact", stage, "20260312") for stage in ("extract", "clean")]
    project.replicas.put(*runs)
    project.refresh()
    before = tables(project)
    project.replicas.put(
        log_item("exact", "extract", "20260312", records_processed={"N": "101"}),
        log_item("exact", "merge", "20260312", status="FAILED"),
    )
    counted = written(session.try_refresh())
    project.refresh()
    after = tables(project)
    changed = {
        name: (len(before[name] - after[name]), len(after[name] - before[name]))
        for name in before
        if before[name] != after[name]
    }
    assert {"fct_stage_runs", "fct_pipeline_runs", "fct_pipeline_failures"} < set(changed)
    assert counted == changed


def test_statements_follow_what_changed_and_not_how_much(project: Project) -> None:
    """A refresh without news, of one item that moves every table, and of many such items."""
    project.refresh()
    idle = executed(project, project.call("refresh", None, "incremental"))
    few = log_item("counted", run_date="20260401", status="FAILED")
    project.replicas.put(few)
    one = executed(project, project.call("refresh", None, "incremental"))
    many = [log_item("counted", f"step{number}", "20260401") for number in range(40)]
    project.replicas.put(*many)
    all_of_them = executed(project, project.call("refresh", None, "incremental"))
    project.refresh()
    project.replicas.delete(few, *many)
    project.refresh()
    assert idle <= STATEMENTS_WITHOUT_NEWS
    assert idle < one <= STATEMENTS_OF_A_CHANGE
    assert one == all_of_them


def test_statements_are_counted_where_they_begin() -> None:
    body = """
    begin
        lock table a;
        v_x := case when b then 1 else 2 end;
        if v_x > 0 then
            -- Why.
            insert into a select c from (select 1 as c) as d;
        else
            delete from a;
        end if;
    end;
    """
    assert counted(body).count("nextval") == 3


def test_what_a_refresh_without_news_may_not_do_is_told() -> None:
    tables = {
        ("sandbox_ops", "runs"): Counts(inserted=1),
        ("sandbox_ops", "state_pipeline_health"): Counts(rows_read=50, updated=4),
        ("sandbox_staging", "stg_a"): Counts(rows_read=10),
        ("sandbox_bi_reports", "fct_a"): Counts(rows_read=10),
        ("sandbox_ops", "fct_a__changes"): Counts(inserted=1),
    }
    told = unwarranted(tables, {"stg_a"})
    assert [line.split(" ")[0] for line in told] == [
        "sandbox_bi_reports.fct_a",
        "sandbox_ops.fct_a__changes",
    ]

"""A cycle's second half against Quick: ingestions that are due, and what became of them."""

from __future__ import annotations

from datetime import timedelta

from scheduler.errors import DONE, FAILED, TRY_LATER
from scheduler.report import DatasetReport, Report
from tests.scheduler.conftest import Order, until
from tests.scheduler.stand_in import StandIn

HOUR = timedelta(hours=1)


def dataset(report: Report) -> DatasetReport:
    return report.datasets[0]


def ended(subject: StandIn) -> list[str]:
    """The states of our ingestions, oldest first, when none is on its way."""
    return list(reversed(subject.ingestion_states()))[1:]


def test_spice_follows_the_refreshes_that_change_rows(with_quick: StandIn) -> None:
    subject = with_quick
    subject.arrive(3)
    first, again = subject.cycle(0).run(), subject.cycle(0).run()
    nothing_new = subject.cycle(1).run()
    subject.arrive(2)
    third = subject.cycle(2).run()
    found = [(dataset(r).outcome, dataset(r).rows) for r in (first, again, nothing_new, third)]
    assert found == [("refreshed", 3), ("current", 3), ("current", 3), ("refreshed", 5)]
    assert subject.own_ingestions() == ["r1", "r3"]
    assert first.datasets[1].outcome == "direct_query"
    assert {report.exit_code for report in (first, again, nothing_new, third)} == {DONE}
    assert [f"{subject.dataset_id}-r1", "completed"] in subject.ledger("ingestion")


def test_before_any_change_there_is_nothing_to_show(with_quick: StandIn) -> None:
    assert dataset(with_quick.cycle(0).run()).outcome == "nothing_to_show"
    assert with_quick.own_ingestions() == []


def test_an_ingestion_that_nobody_started_is_made_up(with_quick: StandIn) -> None:
    with_quick.arrive(1)
    with_quick.cycle(0, quick=False).run()
    assert dataset(with_quick.cycle(1).run()).ingestion_id == f"{with_quick.dataset_id}-r1"


def test_the_spacing_leaves_it_to_a_later_wake(with_quick: StandIn) -> None:
    with_quick.arrive(1)
    with_quick.cycle(0).run()
    with_quick.arrive(1)
    deferred = with_quick.cycle(1, spacing=HOUR).run()
    assert (dataset(deferred).outcome, deferred.exit_code) == ("deferred", DONE)
    assert dataset(with_quick.cycle(2).run()).outcome == "refreshed"
    assert with_quick.own_ingestions() == ["r1", "r2"]


def test_quicks_own_quota_is_a_reason_to_try_later(with_quick: StandIn, order_fault: Order) -> None:
    error = "LimitExceededException"
    order_fault(operation="CreateIngestion", error=error, status=409, count=None)
    with_quick.arrive(1)
    report = with_quick.cycle(0).run()
    assert (dataset(report).outcome, report.exit_code) == ("quota_reached", TRY_LATER)
    assert report.outcome == "done"


def test_a_busy_quick_is_a_reason_to_try_later(with_quick: StandIn, order_fault: Order) -> None:
    order_fault(operation="CreateIngestion", error="ThrottlingException", status=429, count=None)
    with_quick.arrive(1)
    report = with_quick.cycle(0).run()
    assert (report.outcome, dataset(report).outcome) == ("done", "try_later")
    assert report.exit_code == TRY_LATER


def test_a_passing_failure_is_tried_again_under_a_new_id(
    with_quick: StandIn, order_fault: Order
) -> None:
    order_fault(operation="Ingestion", error="CONNECTION_FAILURE", message="gone")
    with_quick.arrive(1)
    report = with_quick.cycle(0).run()
    assert dataset(report).ingestion_id == f"{with_quick.dataset_id}-r1-2"
    assert ended(with_quick) == ["FAILED", "COMPLETED"]


def test_a_lasting_failure_is_not_repeated(with_quick: StandIn) -> None:
    subject = with_quick
    subject.sql(f"revoke select on {subject.marts}.health from quick")
    subject.arrive(1)
    reports = [subject.cycle(0).run(), subject.cycle(1).run()]
    assert [dataset(report).outcome for report in reports] == ["failed", "failed"]
    assert reports[0].exit_code == FAILED
    assert "PERMISSION_DENIED" in dataset(reports[0]).detail
    assert "not tried again before" in dataset(reports[0]).detail
    assert ended(subject) == ["FAILED"]
    assert [f"{subject.dataset_id}-r1", "failed"] in subject.ledger("ingestion")


def test_an_ingestion_on_its_way_is_waited_for(with_quick: StandIn, order_fault: Order) -> None:
    with_quick.arrive(1)
    with_quick.cycle(0, quick=False).run()
    order_fault(operation="Ingestion", delay=2)
    late = with_quick.cycle(1, timeout=timedelta(seconds=1)).run()
    assert (dataset(late).outcome, late.exit_code) == ("still_running", TRY_LATER)
    assert dataset(with_quick.cycle(1).run()).outcome in ("refreshed", "current")
    assert with_quick.own_ingestions() == ["r1"]


def test_dropped_rows_fail_until_an_ingestion_drops_none(
    with_quick: StandIn, order_fault: Order
) -> None:
    order_fault(operation="Ingestion", set={"RowsDropped": 2})
    with_quick.arrive(3)
    reports = [with_quick.cycle(0).run(), with_quick.cycle(1).run()]
    with_quick.arrive(1)
    reports.append(with_quick.cycle(2).run())
    outcomes = [dataset(report).outcome for report in reports]
    assert outcomes == ["rows_dropped", "rows_dropped", "refreshed"]
    assert [report.exit_code for report in reports] == [FAILED, FAILED, DONE]


def test_spice_must_show_as_many_rows_as_the_mart(with_quick: StandIn, order_fault: Order) -> None:
    changes = {"Ingestion.RowInfo.TotalRowsInDataset": 99}
    where = {"IngestionId": f"{with_quick.dataset_id}-r1"}
    order_fault(operation="DescribeIngestion", where=where, set=changes, count=None, skip=1)
    with_quick.arrive(3)
    report = with_quick.cycle(0).run()
    assert (dataset(report).outcome, report.exit_code) == ("count_differs", FAILED)
    assert dataset(report).detail == "SPICE holds 99 rows, health 3"


def test_a_failing_check_keeps_spice_as_it_is(with_quick: StandIn) -> None:
    subject = with_quick
    subject.sql(f"insert into {subject.ops}.failing (test, failing_rows) select 'unique_id', 3")
    subject.arrive(1)
    report = subject.cycle(0).run()
    assert (dataset(report).outcome, report.exit_code) == ("check_failed", FAILED)
    assert dataset(report).detail == "unique_id (3 rows)"
    assert subject.own_ingestions() == []
    subject.sql(f"delete from {subject.ops}.failing")
    assert dataset(subject.cycle(0).run()).outcome == "refreshed"


def test_the_warehouse_is_asked_for_checks_only_when_an_ingestion_is_due(
    with_quick: StandIn,
) -> None:
    with_quick.arrive(1)
    with_quick.cycle(0).run()
    listed = with_quick.cycle(0).statements.list
    before = len(listed(f"{with_quick.environment}/"))
    with_quick.cycle(0).run()
    assert len(listed(f"{with_quick.environment}/")) == before
    with_quick.cycle(1).run()
    assert len(listed(f"{with_quick.environment}/health/check/")) == 1


def test_a_missing_dataset_fails_and_does_not_stop_the_refresh(subject: StandIn) -> None:
    report = subject.cycle(0).run()
    assert report.outcome == "nothing_new"
    assert [d.outcome for d in report.datasets] == ["missing", "missing"]
    assert "scheduler quick apply" in dataset(report).detail
    assert report.exit_code == FAILED


def test_trouble_in_quick_does_not_stop_the_refresh(
    with_quick: StandIn, order_fault: Order
) -> None:
    order_fault(operation="DescribeDataSet", error="AccessDeniedException", count=None, status=401)
    report = with_quick.cycle(0).run()
    assert report.outcome == "nothing_new"
    assert dataset(report).outcome == "failed"
    assert "AccessDenied" in dataset(report).detail


def test_apply_makes_what_is_missing_and_leaves_the_rest(subject: StandIn) -> None:
    environment = subject.environment
    assert subject.apply_quick() == [
        f"data source {environment}_redshift created",
        f"dataset {environment}_health created",
        f"dataset {environment}_live created",
    ]
    until(lambda: set(subject.ingestion_states()) == {"COMPLETED"})
    assert {line.rsplit(" ", 1)[1] for line in subject.apply_quick()} == {"present"}
    assert len(subject.ingestions()) == 1
    found = subject.client("quicksight").describe_data_set(
        AwsAccountId=subject.variables["QUICK_ACCOUNT_ID"], DataSetId=subject.dataset_id
    )["DataSet"]
    assert found["Name"] == f"Health ({environment})"
    assert {c["Name"]: c["Description"] for c in found["OutputColumns"]} == {
        "id": "The id.",
        "noted_at": "The noted_at.",
    }

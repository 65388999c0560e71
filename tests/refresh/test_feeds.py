"""Change feeds read from afar: by a subject of its own pace, behind, new or beyond the trim."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.refresh.project import Project
from tests.refresh.subjects import DAYS, RUNS, SUMS, TwoSubjects
from tests.refresh.telemetry import log_item
from tests.refresh.test_kills import held, wait_for_waiter


@pytest.fixture(scope="module")
def two(project: Project, tmp_path_factory: pytest.TempPathFactory) -> TwoSubjects:
    both = TwoSubjects.deployed(project, tmp_path_factory.mktemp("two"), "two")
    both.refresh()
    both.refresh_operations()
    return both


def test_new_consumers_fill_themselves(two: TwoSubjects) -> None:
    assert two.contents(DAYS)
    two.check()
    assert two.refresh_operations("reconcile")["outcome"] == "nothing_new"


def test_a_slower_subject_reads_all_that_happened_since(two: TwoSubjects) -> None:
    two.log("slow", "20260301", "20260302")
    two.log("slow", "20260302", status="FAILED")
    two.log("slow", "20260305")

    assert two.written() == {DAYS: 3, SUMS: 3}
    two.check()


def test_an_upstream_that_did_not_move_calls_nobody(two: TwoSubjects) -> None:
    two.refresh_operations()
    two.refresh()

    result = two.refresh_operations()

    assert (result["outcome"], result["models"]) == ("nothing_new", {})


def test_a_trim_of_what_was_read_costs_nothing(two: TwoSubjects) -> None:
    two.log("trimmed", "20260301")
    two.refresh_operations()
    two.trim(RUNS)

    assert two.refresh_operations()["models"] == {}
    two.log("trimmed", "20260302")
    assert two.written() == {DAYS: 1, SUMS: 1}
    two.check()


def test_a_consumer_beyond_the_trim_computes_everything(two: TwoSubjects) -> None:
    two.log("beyond", "20260301")
    two.trim(RUNS)

    assert two.written() == {DAYS: 1, SUMS: 1}, "and writes what differs"
    two.check()


def test_nobody_waits_for_the_other_subject(two: TwoSubjects) -> None:
    two.log("unlocked", "20260301")
    with held(two, f"{two.schema('ops')}.state_pipeline_health", "access exclusive"):
        assert two.refresh_operations()["outcome"] == "done"
    two.replicas.put(log_item("feeds", category="unlocked", run_date="20260302"))
    with held(two, f"{two.schema('ops')}.state_operations", "access exclusive"):
        assert two.refresh()["outcome"] == "done"
    two.refresh_operations()
    two.check()


def test_what_comes_while_a_feed_is_read_is_not_lost(two: TwoSubjects) -> None:
    two.refresh_operations()
    two.log("between", "20260301")
    with ThreadPoolExecutor(1) as other:
        with held(two, f"{two.schema('bi_reports')}.{DAYS}", "share"):
            slow = other.submit(two.refresh_operations)
            wait_for_waiter(two)
            two.log("between", "20260302")
        assert slow.result()["outcome"] == "done"

    two.refresh_operations()

    two.check()


def test_a_deploy_of_one_subject_leaves_the_other_alone(two: TwoSubjects) -> None:
    two.log("deployed", "20260301")
    with held(two, f"{two.schema('ops')}.state_pipeline_health", "access exclusive"):
        outcome = two.dbt("run", "--select", DAYS, SUMS)
    assert outcome.success, outcome.messages
    two.check()

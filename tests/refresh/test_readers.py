"""Who reads in a loop beside refreshes: whole subjects, no error, no wait."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redshift_connector.core import Connection

from tests.refresh.callers import PATIENCE_SECONDS, Reader, connect, run
from tests.refresh.project import Project
from tests.refresh.telemetry import Item, log_item
from tests.refresh.test_kills import held, wait_for_waiter

Reading = Callable[[Project], list[str]]
ITEMS = 3
# Enough for a statement on a busy machine, and less than a refresh is held for.
READ_SECONDS = 15


def counts(project: Project) -> list[str]:
    """What three tables and a view make of the log items, and until when they know of them."""
    marts = project.schema("bi_reports")
    return [
        f"select count(*) from {marts}.fct_stage_runs",
        f"select sum(stage_runs) from {marts}.fct_pipeline_runs",
        f"select sum(stage_runs) from {marts}.agg_pipeline_daily",
        f"select sum(records_processed), max(data_as_of) from {marts}.pipeline_health",
    ]


def in_one_statement(project: Project) -> list[str]:
    stages, runs, daily, view = counts(project)
    return [f"select ({stages}), ({runs}), ({daily}), seen.* from ({view}) as seen"]


def in_one_transaction(project: Project) -> list[str]:
    return ["begin", *counts(project), "commit"]


def items(name: str, number: int) -> list[Item]:
    return [log_item(category=name, stage=f"{number}_{stage}") for stage in range(ITEMS)]


def call(project: Project) -> str:
    ops = project.schema("ops")
    slot = project.next_slot()
    return f"call {ops}.refresh_pipeline_health(cast('{slot}' as timestamp), 'incremental')"


@pytest.fixture
def reader(project: Project) -> Iterator[Connection]:
    connection = connect(project, "quick", READ_SECONDS)
    yield connection
    connection.close()


@pytest.fixture
def caller(project: Project) -> Iterator[Connection]:
    connection = connect(project, "scheduler")
    yield connection
    connection.close()


@pytest.mark.parametrize("reading", [in_one_statement, in_one_transaction])
def test_a_reader_in_a_loop_sees_whole_refreshes(
    project: Project, reader: Connection, caller: Connection, reading: Reading
) -> None:
    statements = reading(project)
    project.refresh()
    whole = {run(reader, in_one_statement(project))[0]}
    with Reader(reader, statements) as seen:
        seen.wait_for_reads(1)
        for number in range(8):
            project.replicas.put(*items(f"loop{len(statements)}", number))
            (answer,) = run(caller, [call(project)])
            assert json.loads(answer[0])["outcome"] == "done"
            whole.add(project.rows(in_one_statement(project)[0], user="quick")[0])
            seen.wait_for_reads(2)

    assert seen.error is None
    assert len({row[0] for row in whole}) == 9
    assert set(seen.seen) == whole


@pytest.mark.parametrize(
    ("schema", "table", "mode"),
    [
        ("bi_reports", "fct_pipeline_runs", "share row exclusive"),
        ("bi_reports", "agg_pipeline_daily", "share row exclusive"),
        ("ops", "runs", "share row exclusive"),
    ],
    ids=["between two marts", "before the last mart", "with all rows written"],
)
def test_no_reader_waits_for_a_refresh_that_is_held(
    project: Project, reader: Connection, caller: Connection, schema: str, table: str, mode: str
) -> None:
    """The refresh stands still until the reader has read: no measure of time is needed."""
    project.refresh()
    (before,) = run(reader, in_one_statement(project))
    project.replicas.put(*items(f"held_{table}", 1))
    with ThreadPoolExecutor(1) as pool:
        with held(project, f"{project.schema(schema)}.{table}", mode):
            running = pool.submit(run, caller, [call(project)])
            wait_for_waiter(project)
            for reading in (in_one_statement, in_one_transaction):
                with Reader(reader, reading(project)) as seen:
                    seen.wait_for_reads(3)
                assert seen.error is None
                assert set(seen.seen) == {before}
            assert not running.done()
        running.result(PATIENCE_SECONDS)
    (after,) = run(reader, in_one_statement(project))
    assert [count - ITEMS for count in after[:3]] == list(before[:3])


def test_no_reader_waits_for_a_transaction_that_holds_a_whole_refresh(
    project: Project, reader: Connection, caller: Connection
) -> None:
    project.refresh()
    (before,) = run(reader, in_one_statement(project))
    project.replicas.put(*items("open", 1))

    run(caller, ["begin", call(project)])
    assert run(reader, in_one_statement(project)) == [before]
    run(caller, ["commit"])

    (after,) = run(reader, in_one_statement(project))
    assert after[0] == before[0] + ITEMS

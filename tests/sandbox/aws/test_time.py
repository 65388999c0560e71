"""What changes as hours pass, with a clock that the test moves."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.__main__ import login
from sandbox.aws.callers import Caller
from sandbox.aws.data_api.execution import Execution
from sandbox.aws.data_api.records import KEPT_SECONDS, TOKEN_SECONDS, Statements
from sandbox.aws.data_api.service import DataApi
from sandbox.aws.errors import ServiceError
from sandbox.aws.faults import Fault, Faults
from sandbox.aws.quick.records import QUOTA, QUOTA_SECONDS, DataSetRecord, QuickRecords
from sandbox.aws.store import FILE_NAME, Store
from sandbox.errors import HomeBroken
from tests.conftest import Warehouse

CALLER = Caller("SCHEDULER0SANDBOX000", "scheduler")
REQUEST = {"Sql": "select 1", "WorkgroupName": "sandbox", "Database": "dev"}
NOON = 1_774_958_400.0


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """The Data API in this process: two statements at most, on a clock that the test moves."""

    data_api: DataApi
    clock: Clock
    faults: Faults

    def run(self, **more: Any) -> str:
        answer = self.data_api.execute(CALLER, {**REQUEST, "WaitTimeSeconds": 20, **more})
        assert answer["Status"] == "FINISHED"
        return str(answer["Id"])


@pytest.fixture
def bench(store: Store, warehouse: Warehouse) -> Bench:
    statements, clock, faults = Statements(store), Clock(), Faults()
    execution = Execution(
        statements, lambda user, database: login(warehouse.home, user, database), clock, faults
    )
    return Bench(DataApi(statements, execution, clock, active_statements=2), clock, faults)


def test_a_token_is_remembered_for_eight_hours(bench: Bench) -> None:
    token = {"ClientToken": uuid.uuid4().hex}
    first = bench.run(**token)
    bench.clock.now += TOKEN_SECONDS - 1
    assert bench.run(**token) == first
    bench.clock.now += 2
    assert bench.run(**token) != first


def test_a_statement_is_kept_for_a_day(bench: Bench) -> None:
    id_ = bench.run()
    bench.clock.now += KEPT_SECONDS - 1
    assert bench.data_api.result(CALLER, {"Id": id_})["TotalNumRows"] == 1
    assert len(bench.data_api.list(CALLER, {})["Statements"]) == 1
    bench.clock.now += 2
    with pytest.raises(ServiceError, match="Query does not exist"):
        bench.data_api.result(CALLER, {"Id": id_})
    assert bench.data_api.list(CALLER, {})["Statements"] == []


def test_only_so_many_statements_are_active(bench: Bench) -> None:
    bench.faults.order(Fault("Statement", delay=600, count=2))
    held = [bench.data_api.execute(CALLER, REQUEST)["Id"] for _ in range(2)]
    with pytest.raises(ServiceError) as refused:
        bench.data_api.execute(CALLER, REQUEST)
    assert refused.value.code == "ActiveStatementsExceededException"
    for id_ in held:
        bench.data_api.cancel(CALLER, {"Id": id_})
    bench.run()


def test_the_quota_counts_the_last_24_hours(store: Store) -> None:
    records = QuickRecords(store)
    definition = {"Name": "x", "ImportMode": "SPICE"}
    records.add_data_set(DataSetRecord("x", definition, (), None, NOON, NOON), "first")
    for number in range(QUOTA):
        assert records.request_ingestion("x", f"r-{number}", "FULL_REFRESH", NOON + number)
    last = NOON + QUOTA_SECONDS
    assert records.request_ingestion("x", "late", "FULL_REFRESH", last - 1) == "quota"
    assert records.request_ingestion("x", "late", "FULL_REFRESH", last) == "QUEUED"
    assert records.request_ingestion("x", "later", "FULL_REFRESH", last) == "quota"


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    store = Store(path)
    with store.change() as change:
        change.execute("pragma user_version = 99")
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(HomeBroken, match="another version of the sandbox: delete"):
        Store(path)

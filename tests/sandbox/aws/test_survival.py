"""The AWS server killed by -9 at work, and started again by `sandbox up`."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from sandbox import lifecycle
from sandbox.aws.__main__ import login
from sandbox.aws.callers import Caller
from sandbox.aws.data_api.execution import Execution
from sandbox.aws.data_api.records import Statements
from sandbox.aws.data_api.service import DataApi
from sandbox.aws.faults import Faults
from sandbox.aws.store import Store
from sandbox.aws.warehouse import Login
from sandbox.home import Home
from tests.conftest import Connect, Warehouse
from tests.sandbox.aws.conftest import client_of, count
from tests.sandbox.aws.quick_client import ACCOUNT, until

WHERE = {"WorkgroupName": "sandbox", "Database": "dev"}


def kill_aws(home: Home) -> None:
    """Kill the server and start it again; its port stays."""
    aws = home.state().aws
    assert aws is not None
    assert aws.pid is not None
    os.kill(aws.pid, signal.SIGKILL)
    until(lambda: not home.alive("aws"))
    again = lifecycle.up(home).aws
    assert again is not None
    assert again.port == aws.port


def execute(data_api: Any, sql: str, **more: Any) -> Any:
    sent = data_api.execute_statement(Sql=sql, WaitTimeSeconds=20, **WHERE, **more)
    assert sent["Status"] == "FINISHED", data_api.describe_statement(Id=sent["Id"])["Error"]
    return sent["Id"]


def test_a_killed_server_remembers_and_goes_on(new_home: Home) -> None:
    lifecycle.up(new_home, {"wire": 0, "aws": 0})
    warehouse = Warehouse(new_home)
    deployer = client_of(warehouse, "redshift-data", "deployer")
    quick = client_of(warehouse, "quicksight")
    for sql in (
        "create schema kept",
        "create table kept.rows (a integer)",
        "insert into kept.rows values (1)",
        "grant usage on schema kept to quick",
        "grant select on kept.rows to quick",
    ):
        execute(deployer, sql)
    done = execute(deployer, "select a from kept.rows", StatementName="kept/1")
    data_set = _data_set(quick, warehouse)

    holder = warehouse.connect("deployer")
    holder.cursor().execute("lock table kept.rows")
    held = deployer.execute_statement(
        Sql="insert into kept.rows values (2)", StatementName="kept/2", **WHERE
    )["Id"]
    until(lambda: deployer.describe_statement(Id=held)["Status"] == "STARTED")
    quick.create_ingestion(DataSetId=data_set, IngestionId="r-2", **ACCOUNT)
    until(lambda: _status(quick, data_set, "r-2") == "RUNNING")

    kill_aws(new_home)

    assert deployer.get_statement_result(Id=done)["Records"] == [[{"longValue": 1}]]
    lost = deployer.describe_statement(Id=held)
    assert lost["Status"] == "FAILED"
    assert "connection was lost" in lost["Error"]
    listed = deployer.list_statements(StatementName="kept/", Status="ALL")["Statements"]
    assert [one["Status"] for one in listed] == ["FAILED", "FINISHED"]
    holder.rollback()
    holder.close()
    until(lambda: _status(quick, data_set, "r-2") == "COMPLETED")
    # The backend of the lost statement was stopped: FAILED means that it did not commit.
    again = execute(deployer, "select count(*) from kept.rows")
    assert deployer.get_statement_result(Id=again)["Records"] == [[{"longValue": 1}]]


def test_recovery_stops_the_backends_it_finds(
    warehouse: Warehouse, store: Store, table: Callable[..., str], connect: Connect
) -> None:
    def way(user: str, database: str) -> Login:
        return login(warehouse.home, user, database)

    def backends() -> int:
        sql = "select count(*) from pg_stat_activity where application_name = %s"
        return count(connect("admin"), sql, f"data-api {held}")

    locked = table("a integer")
    holder = connect("deployer")
    holder.cursor().execute(f"lock table {locked}")
    statements, faults = Statements(store), Faults()
    first = Execution(statements, way, time.time, faults)
    api, caller = DataApi(statements, first, time.time), Caller("DEPLOYER00SANDBOX000", "deployer")
    held = api.execute(caller, {"Sql": f"select * from {locked}", **WHERE})["Id"]
    until(lambda: backends() == 1)
    Execution(statements, way, time.time, faults).recover("rdsdb", "dev")
    assert backends() == 0
    described = api.describe(caller, {"Id": held, "WaitTimeSeconds": 20})
    assert described["Status"] == "FAILED"
    holder.rollback()


def _data_set(quick: Any, warehouse: Warehouse) -> str:
    wire = warehouse.state.wire
    assert wire is not None
    where = {"Host": wire.host, "Port": wire.port, "Database": "dev"}
    pair = {"Username": "quick", "Password": "Sandbox-1"}
    source = quick.create_data_source(
        DataSourceId="warehouse",
        Name="Warehouse",
        Type="REDSHIFT",
        DataSourceParameters={"RedshiftParameters": where},
        Credentials={"CredentialPair": pair},
        **ACCOUNT,
    )["Arn"]
    relation = {
        "DataSourceArn": source,
        "Schema": "kept",
        "Name": "rows",
        "InputColumns": [{"Name": "a", "Type": "INTEGER"}],
    }
    first = quick.create_data_set(
        DataSetId="rows",
        Name="Rows",
        ImportMode="SPICE",
        PhysicalTableMap={"t": {"RelationalTable": relation}},
        **ACCOUNT,
    )["IngestionId"]
    until(lambda: _status(quick, "rows", first) == "COMPLETED")
    return "rows"


def _status(quick: Any, data_set: str, id_: str) -> str:
    found = quick.describe_ingestion(DataSetId=data_set, IngestionId=id_, **ACCOUNT)
    return str(found["Ingestion"]["IngestionStatus"])

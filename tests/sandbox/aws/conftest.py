import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from redshift_connector.core import Connection

from sandbox.aws.store import FILE_NAME, Store
from tests.conftest import Warehouse
from tests.sandbox.aws.quick_client import Quick

Client = Callable[..., Any]
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=40)


def client_of(warehouse: Warehouse, service: str, user: str = "scheduler", **more: Any) -> Any:
    """A boto3 client that asks once, as the AWS caller of a database user."""
    environment = warehouse.environment(caller=user)
    return boto3.client(
        service,
        endpoint_url=environment[f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        **{"config": ONCE, **more},
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / FILE_NAME)
    yield opened
    opened.close()


@pytest.fixture
def client(warehouse: Warehouse) -> Client:
    """`client(service, user)` gives a boto3 client."""
    return lambda service, user="scheduler", **more: client_of(warehouse, service, user, **more)


@pytest.fixture
def run(warehouse: Warehouse) -> Callable[..., Any]:
    """`run(sql, user)` runs one statement through the Data API and gives its description."""

    def run_one(sql: str, user: str = "deployer", **more: Any) -> Any:
        data_api = client_of(warehouse, "redshift-data", user)
        where = {"WorkgroupName": "sandbox", "Database": "dev"}
        sent = data_api.execute_statement(Sql=sql, WaitTimeSeconds=20, **where, **more)
        return data_api.describe_statement(Id=sent["Id"])

    return run_one


@pytest.fixture
def table(run: Callable[..., Any]) -> Iterator[Callable[..., str]]:
    """`table("a integer", "grant select on {} to quick")` makes a table and gives its name."""
    made: list[str] = []

    def make(columns: str, *statements: str) -> str:
        name = f"api_tests.t_{uuid.uuid4().hex}"
        for sql in (
            "create schema if not exists api_tests",
            "grant usage on schema api_tests to scheduler",
            "grant usage on schema api_tests to quick",
            f"create table {name} ({columns})",
            *(sql.format(name) for sql in statements),
        ):
            described = run(sql)
            assert described["Status"] == "FINISHED", (sql, described.get("Error"))
        made.append(name)
        return name

    yield make
    for name in made:
        run(f"drop table {name}")


@pytest.fixture
def fault(warehouse: Warehouse) -> Iterator[Callable[..., None]]:
    """`fault(operation=..., ...)` orders a fault; all are forgotten when the test ends."""
    aws = warehouse.state.aws
    assert aws is not None
    url = f"http://{aws.host}:{aws.port}/_faults"

    def order(**fields: Any) -> None:
        body = json.dumps(fields).encode()
        with urllib.request.urlopen(urllib.request.Request(url, body, method="POST")) as answer:
            assert answer.status == 200

    yield order
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


def count(connection: Connection, sql: str, *values: Any) -> int:
    """The number that a query gives."""
    cursor = connection.cursor()
    cursor.execute(sql, list(values))
    [[number]] = cursor.fetchall()
    return int(number)


@pytest.fixture
def quick(client: Client, warehouse: Warehouse) -> Quick:
    wire = warehouse.state.wire
    assert wire is not None
    return Quick(client("quicksight"), wire.host, wire.port)

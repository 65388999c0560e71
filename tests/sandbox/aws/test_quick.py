"""Amazon Quick as boto3 sees it, against the running sandbox."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from sandbox.aws.quick.records import QUOTA
from sandbox.aws.store import FILE_NAME
from sandbox.cli import main
from tests.conftest import Connect, Warehouse
from tests.sandbox.aws.conftest import count
from tests.sandbox.aws.quick_client import ACCOUNT, Quick, until

Table = Callable[..., str]
Run = Callable[..., Any]


def run_command(warehouse: Warehouse, *arguments: str) -> Result:
    """`sandbox spice` with arguments."""
    return CliRunner().invoke(main, ["--home", str(warehouse.home.path), "spice", *arguments])


@pytest.fixture
def spice(warehouse: Warehouse) -> Callable[[str], list[dict[str, Any]]]:
    """`spice(data_set)` gives the rows in SPICE."""

    def rows(data_set: str) -> list[dict[str, Any]]:
        shown = run_command(warehouse, data_set, "--json")
        assert shown.exit_code == 0, shown.output
        found: list[dict[str, Any]] = json.loads(shown.output)["rows"]
        return found

    return rows


Spice = Callable[[str], Sequence[dict[str, Any]]]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def readable(table: Table, *statements: str) -> str:
    return table("a integer, b varchar(3000)", "grant select on {} to quick", *statements)


COLUMNS = {"a": "INTEGER", "b": "STRING"}


def test_data_sources_and_sets_are_listed_and_unique(quick: Quick, table: Table) -> None:
    source = quick.source()
    made = quick.data_set(readable(table), COLUMNS, source=source)
    pages = quick.client.get_paginator("list_data_sources").paginate(
        **ACCOUNT, PaginationConfig={"PageSize": 1}
    )
    assert source in [one["DataSourceId"] for page in pages for one in page["DataSources"]]
    listed = quick.client.list_data_sets(**ACCOUNT)["DataSetSummaries"]
    assert [one["ImportMode"] for one in listed if one["DataSetId"] == made] == ["SPICE"]
    definition = quick.client.describe_data_set(DataSetId=made, **ACCOUNT)["DataSet"]
    with pytest.raises(ClientError) as twice:
        quick.client.create_data_set(
            DataSetId=made,
            Name="Again",
            ImportMode="SPICE",
            PhysicalTableMap=definition["PhysicalTableMap"],
            **ACCOUNT,
        )
    assert code(twice) == "ResourceExistsException"


def test_a_new_spice_data_set_is_filled_at_once(quick: Quick, table: Table, spice: Spice) -> None:
    name = readable(table, "insert into {} values (1, 'x'), (2, null)")
    made = quick.data_set(name, COLUMNS)
    [first] = quick.ingestions(made)["Ingestions"]
    assert (first["IngestionStatus"], first["RequestType"]) == ("COMPLETED", "INITIAL_INGESTION")
    assert first["RowInfo"] == {"RowsIngested": 2, "RowsDropped": 0, "TotalRowsInDataset": 2}
    assert spice(made) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    described = quick.client.describe_data_set(DataSetId=made, **ACCOUNT)["DataSet"]
    assert described["ConsumedSpiceCapacityInBytes"] > 0
    assert [column["Name"] for column in described["OutputColumns"]] == ["a", "b"]


def test_an_ingestion_brings_what_the_relation_holds_now(
    quick: Quick, table: Table, run: Run, spice: Spice, warehouse: Warehouse
) -> None:
    name = readable(table, "insert into {} values (1, 'old')")
    made = quick.data_set(name, COLUMNS)
    run(f"update {name} set b = 'new'")
    assert spice(made) == [{"a": 1, "b": "old"}]
    assert quick.ingest(made, "r-2")["RequestType"] == "FULL_REFRESH"
    assert spice(made) == [{"a": 1, "b": "new"}]
    with closing(sqlite3.connect(warehouse.home.path / FILE_NAME)) as store:
        kept = store.execute(
            "select count(*) from spice_rows where ingestion in"
            " (select n from ingestions where data_set_id = ?)",
            [made],
        ).fetchone()
    assert kept == (1,)


def test_rows_that_do_not_convert_are_dropped_and_long_texts_cut(
    quick: Quick, table: Table, spice: Spice
) -> None:
    name = readable(table, "insert into {} values (1, '12'), (2, 'twelve'), (3, '13')")
    made = quick.data_set(name, {"a": "INTEGER", "b": "INTEGER"})
    [first] = quick.ingestions(made)["Ingestions"]
    assert first["RowInfo"] == {"RowsIngested": 2, "RowsDropped": 1, "TotalRowsInDataset": 2}
    assert spice(made) == [{"a": 1, "b": 12}, {"a": 3, "b": 13}]
    long = readable(table, "insert into {} values (1, repeat('x', 2048))")
    [row] = spice(quick.data_set(long, COLUMNS))
    assert row["b"] == "x" * 2047


@pytest.mark.parametrize(
    ("relation", "columns", "type_"),
    [
        ("{}_missing", COLUMNS, "SQL_TABLE_NOT_FOUND"),
        ("{}", {"a": "INTEGER", "c": "STRING"}, "SQL_SCHEMA_MISMATCH_ERROR"),
        ("{}", {"a": "INTEGER", "s": "STRING"}, "SQL_SCHEMA_MISMATCH_ERROR"),
        ("private", COLUMNS, "PERMISSION_DENIED"),
    ],
)
def test_an_ingestion_that_cannot_read_says_why(
    quick: Quick, table: Table, relation: str, columns: dict[str, str], type_: str
) -> None:
    grants = () if relation == "private" else ("grant select on {} to quick",)
    name = table("a integer, b varchar(9), s super", *grants)
    read = name if relation == "private" else relation.format(name)
    [failed] = quick.ingestions(quick.data_set(read, columns))["Ingestions"]
    assert failed["IngestionStatus"] == "FAILED"
    assert failed["ErrorInfo"]["Type"] == type_
    assert "RowInfo" not in failed


def test_a_failed_ingestion_keeps_the_old_rows(
    quick: Quick, table: Table, run: Run, spice: Spice
) -> None:
    name = readable(table, "insert into {} values (1, 'x')")
    made = quick.data_set(name, COLUMNS)
    run(f"revoke select on {name} from quick")
    assert quick.ingest(made, "r-2")["ErrorInfo"]["Type"] == "PERMISSION_DENIED"
    assert spice(made) == [{"a": 1, "b": "x"}]


def test_an_ingestion_id_is_taken_once(quick: Quick, table: Table) -> None:
    made = quick.data_set(readable(table), COLUMNS)
    quick.ingest(made, "r-7")
    with pytest.raises(ClientError, match="INGESTION r-7 already exists") as taken:
        quick.client.create_ingestion(DataSetId=made, IngestionId="r-7", **ACCOUNT)
    assert code(taken) == "ResourceExistsException"
    assert taken.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_day_has_only_so_many_refreshes(quick: Quick, table: Table) -> None:
    made = quick.data_set(readable(table), COLUMNS)
    for number in range(QUOTA):
        quick.client.create_ingestion(DataSetId=made, IngestionId=f"r-{number}", **ACCOUNT)
    with pytest.raises(ClientError) as limited:
        quick.client.create_ingestion(DataSetId=made, IngestionId="r-too-many", **ACCOUNT)
    assert code(limited) == "LimitExceededException"
    quick.ended(made, f"r-{QUOTA - 1}")
    pages = quick.client.get_paginator("list_ingestions").paginate(
        DataSetId=made, **ACCOUNT, PaginationConfig={"PageSize": 20}
    )
    ids = [one["IngestionId"] for page in pages for one in page["Ingestions"]]
    assert ids[:-1] == [f"r-{number}" for number in reversed(range(QUOTA))]


def test_one_ingestion_runs_and_others_queue(
    quick: Quick, table: Table, fault: Callable[..., None]
) -> None:
    made = quick.data_set(readable(table), COLUMNS)
    fault(operation="Ingestion", where={"DataSetId": made, "IngestionId": "slow"}, delay=600)
    quick.client.create_ingestion(DataSetId=made, IngestionId="slow", **ACCOUNT)
    until(lambda: quick.ingestion(made, "slow")["IngestionStatus"] == "RUNNING")
    queued = quick.client.create_ingestion(DataSetId=made, IngestionId="next", **ACCOUNT)
    assert queued["IngestionStatus"] == "QUEUED"
    waiting = quick.ingestion(made, "next")
    assert waiting["QueueInfo"] == {"WaitingOnIngestion": "next", "QueuedIngestion": "slow"}
    quick.client.cancel_ingestion(DataSetId=made, IngestionId="slow", **ACCOUNT)
    cancelled = quick.ingestion(made, "slow")
    assert cancelled["IngestionStatus"] == "CANCELLED"
    assert cancelled["ErrorInfo"]["Type"] == "INGESTION_CANCELED"
    assert quick.ended(made, "next")["IngestionStatus"] == "COMPLETED"


def test_a_cancel_ends_an_ingestion_at_its_backend(
    quick: Quick, table: Table, connect: Connect
) -> None:
    name = readable(table)
    made = quick.data_set(name, COLUMNS)
    holder = connect("deployer")
    holder.cursor().execute(f"lock table {name}")
    quick.client.create_ingestion(DataSetId=made, IngestionId="stuck", **ACCOUNT)
    quick.client.create_ingestion(DataSetId=made, IngestionId="behind", **ACCOUNT)
    admin = connect("admin")
    reading = "select count(*) from pg_stat_activity where state = 'active' and query like %s"

    def readers() -> int:
        return count(admin, reading, f"select%{name.split('.')[1]}%")

    until(lambda: readers() > 0)
    assert readers() == 1
    assert quick.ingestion(made, "stuck")["IngestionStatus"] == "RUNNING"
    for id_ in ("behind", "stuck"):
        quick.client.cancel_ingestion(DataSetId=made, IngestionId=id_, **ACCOUNT)
        assert quick.ingestion(made, id_)["IngestionStatus"] == "CANCELLED"
    holder.rollback()
    with pytest.raises(ClientError, match="has ended and cannot be cancelled"):
        quick.client.cancel_ingestion(DataSetId=made, IngestionId="stuck", **ACCOUNT)


def test_ordered_faults_reach_ingestions(
    quick: Quick, table: Table, fault: Callable[..., None]
) -> None:
    made = quick.data_set(readable(table, "insert into {} values (1, 'x'), (2, 'y')"), COLUMNS)
    only = {"DataSetId": made}
    fault(operation="Ingestion", where=only, error="INTERNAL_SERVICE_ERROR", message="try again")
    failed = quick.ingest(made, "r-1")
    assert failed["ErrorInfo"] == {"Type": "INTERNAL_SERVICE_ERROR", "Message": "try again"}
    fault(operation="Ingestion", where=only, set={"RowsDropped": 1})
    rows = quick.ingest(made, "r-2")["RowInfo"]
    assert rows == {"RowsIngested": 1, "RowsDropped": 1, "TotalRowsInDataset": 1}
    fault(operation="DescribeIngestion", set={"Ingestion.IngestionStatus": "PAUSED"})
    assert quick.ingestion(made, "r-2")["IngestionStatus"] == "PAUSED"
    fault(operation="CreateIngestion", error="ThrottlingException", status=429)
    with pytest.raises(ClientError) as throttled:
        quick.client.create_ingestion(DataSetId=made, IngestionId="r-3", **ACCOUNT)
    assert code(throttled) == "ThrottlingException"


def test_a_direct_query_has_no_ingestions(quick: Quick, table: Table) -> None:
    made = quick.data_set(readable(table), COLUMNS, mode="DIRECT_QUERY")
    assert quick.ingestions(made)["Ingestions"] == []
    with pytest.raises(ClientError, match="is a direct query") as refused:
        quick.client.create_ingestion(DataSetId=made, IngestionId="r-1", **ACCOUNT)
    assert code(refused) == "InvalidParameterValueException"


def test_an_incremental_refresh_needs_its_configuration(quick: Quick, table: Table) -> None:
    made = quick.data_set(readable(table), COLUMNS)
    with pytest.raises(ClientError, match="no incremental refresh configured"):
        quick.client.create_ingestion(
            DataSetId=made, IngestionId="r-1", IngestionType="INCREMENTAL_REFRESH", **ACCOUNT
        )


@pytest.mark.parametrize(
    ("operation", "request_", "error"),
    [
        ("describe_data_source", {"DataSourceId": "none"}, "ResourceNotFoundException"),
        ("describe_data_set", {"DataSetId": "none"}, "ResourceNotFoundException"),
        ("describe_data_set_permissions", {"DataSetId": "none"}, "ResourceNotFoundException"),
        ("list_ingestions", {"DataSetId": "none"}, "ResourceNotFoundException"),
        (
            "describe_ingestion",
            {"DataSetId": "none", "IngestionId": "x"},
            "ResourceNotFoundException",
        ),
        ("list_data_sets", {"AwsAccountId": "111111111111"}, "AccessDeniedException"),
        ("list_data_sets", {"NextToken": "?"}, "InvalidNextTokenException"),
        ("list_data_sets", {"MaxResults": 101}, "InvalidParameterValueException"),
        ("list_users", {"Namespace": "default"}, "UnknownOperationException"),
    ],
)
def test_errors_have_their_names(
    quick: Quick, operation: str, request_: dict[str, Any], error: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(quick.client, operation)(**{**ACCOUNT, **request_})
    assert code(refused) == error


def test_permissions_are_kept(quick: Quick, table: Table) -> None:
    made = quick.data_set(readable(table), COLUMNS)
    told = quick.client.describe_data_set_permissions(DataSetId=made, **ACCOUNT)
    assert "Permissions" not in told
    definition = quick.client.describe_data_set(DataSetId=made, **ACCOUNT)["DataSet"]
    owner = {"Principal": "arn:aws:quicksight::owner", "Actions": ["quicksight:PassDataSet"]}
    quick.client.create_data_set(
        DataSetId=f"{made}-owned",
        Name="Owned",
        ImportMode="DIRECT_QUERY",
        PhysicalTableMap=definition["PhysicalTableMap"],
        Permissions=[owner],
        **ACCOUNT,
    )
    told = quick.client.describe_data_set_permissions(DataSetId=f"{made}-owned", **ACCOUNT)
    assert told["Permissions"] == [owner]


def test_the_command_shows_rows_and_ingestions(
    quick: Quick, table: Table, warehouse: Warehouse
) -> None:
    made = quick.data_set(readable(table, "insert into {} values (1, 'shown')"), COLUMNS)
    shown = run_command(warehouse, made)
    assert shown.exit_code == 0
    assert "1 rows in SPICE" in shown.output
    assert "shown" in shown.output
    assert "COMPLETED" in shown.output
    assert max(len(line) for line in shown.output.splitlines()) <= 100
    chosen = run_command(warehouse, made, "--columns", "a")
    assert "shown" not in chosen.output
    for arguments, words in ((["nothing"], made), ([made, "--columns", "z"], "it has a, b")):
        wrong = run_command(warehouse, *arguments)
        assert wrong.exit_code == 2
        assert words in wrong.output

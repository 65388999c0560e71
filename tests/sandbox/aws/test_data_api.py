"""The Data API as boto3 sees it, against the running sandbox."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.conftest import Connect
from tests.sandbox.aws.conftest import Client
from tests.sandbox.aws.quick_client import until

WHERE = {"WorkgroupName": "sandbox", "Database": "dev"}
Run = Callable[..., Any]
Table = Callable[..., str]


@pytest.fixture
def data_api(client: Client) -> Any:
    return client("redshift-data")


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_statement_runs_as_the_callers_user_and_answers_typed_fields(data_api: Any) -> None:
    sql = (
        "select current_user::varchar(20) as who, 7::bigint as n, 1.50::decimal(10,2) as d,"
        " true as b, null::integer as nothing, timestamp '2026-03-31 12:00:00' as t"
    )
    sent = data_api.execute_statement(Sql=sql, WaitTimeSeconds=20, **WHERE)
    assert sent["Status"] == "FINISHED"
    assert sent["HasResultSet"] is True
    result = data_api.get_statement_result(Id=sent["Id"])
    assert result["Records"] == [
        [
            {"stringValue": "scheduler"},
            {"longValue": 7},
            {"stringValue": "1.50"},
            {"booleanValue": True},
            {"isNull": True},
            {"stringValue": "2026-03-31 12:00:00"},
        ]
    ]
    types = [column["typeName"] for column in result["ColumnMetadata"]]
    assert types == ["varchar", "int8", "numeric", "bool", "int4", "timestamp"]
    assert result["TotalNumRows"] == 1
    described = data_api.describe_statement(Id=sent["Id"])
    assert described["ResultRows"] == 1
    assert described["ResultSize"] > 0
    assert described["RedshiftPid"] > 0
    assert described["DbUser"] == "scheduler"


def test_parameters_are_bound_as_values(data_api: Any) -> None:
    evil = "'; drop table x; --"
    sent = data_api.execute_statement(
        Sql="select :text as a, :n + 1 as b, ':text' as c",
        Parameters=[{"name": "text", "value": evil}, {"name": "n", "value": "41"}],
        WaitTimeSeconds=20,
        **WHERE,
    )
    [[text, number, quoted]] = data_api.get_statement_result(Id=sent["Id"])["Records"]
    assert text == {"stringValue": evil}
    assert number == {"longValue": 42}
    assert quoted == {"stringValue": ":text"}


def test_changes_count_their_rows_and_have_no_result(
    client: Client, run: Run, table: Table
) -> None:
    inserted = run(f"insert into {table('a integer')} values (1), (2), (3)")
    assert (inserted["ResultRows"], inserted["HasResultSet"]) == (3, False)
    with pytest.raises(ClientError, match="does not have result") as refused:
        client("redshift-data", "deployer").get_statement_result(Id=inserted["Id"])
    assert code(refused) == "ResourceNotFoundException"


def test_a_call_with_a_result_gives_it(data_api: Any, run: Run, table: Table) -> None:
    name = table("a integer").replace("t_", "p_")
    made = run(
        f"create procedure {name}(p_slot timestamp, p_mode varchar(16), p_result out varchar(99))"
        " as $$ begin p_result := p_mode || ' ' || p_slot; end $$ language plpgsql security definer"
    )
    assert made["Status"] == "FINISHED", made["Error"]
    run(f"grant execute on procedure {name}(timestamp, varchar) to scheduler")
    sent = data_api.execute_statement(
        Sql=f"call {name}(cast(:slot as timestamp), cast(:mode as varchar))",
        Parameters=[
            {"name": "slot", "value": "2026-03-31 12:00:00"},
            {"name": "mode", "value": "reconcile"},
        ],
        WaitTimeSeconds=20,
        **WHERE,
    )
    assert sent["Status"] == "FINISHED", data_api.describe_statement(Id=sent["Id"])
    result = data_api.get_statement_result(Id=sent["Id"])
    assert result["Records"] == [[{"stringValue": "reconcile 2026-03-31 12:00:00"}]]
    run(f"drop procedure {name}(timestamp, varchar)")


def test_an_error_of_the_warehouse_is_the_statements_error(run: Run) -> None:
    failed = run("select * from no_such_table")
    assert failed["Status"] == "FAILED"
    assert failed["Error"] == 'ERROR: relation "no_such_table" does not exist'
    assert failed["ResultRows"] == -1


def test_the_caller_has_the_rights_of_its_user_only(run: Run, table: Table) -> None:
    denied = run(f"select * from {table('a integer')}", user="quick")
    assert (denied["Status"], "permission denied" in denied["Error"]) == ("FAILED", True)


def test_an_unknown_database_fails_the_statement(data_api: Any) -> None:
    sent = data_api.execute_statement(
        Sql="select 1", WorkgroupName="sandbox", Database="nowhere", WaitTimeSeconds=20
    )
    described = data_api.describe_statement(Id=sent["Id"])
    assert described["Status"] == "FAILED"
    assert "nowhere" in described["Error"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Sql": "select 1; select 2"}, "exactly one SQL statement; the text holds 2"),
        ({"Sql": "-- nothing"}, "the text holds 0"),
        ({"Sql": "select '" + "x" * 102400 + "'"}, "more than the 102400 allowed"),
        ({"ClusterIdentifier": "sandbox"}, "Exactly one of WorkgroupName and ClusterIdentifier"),
        ({"WorkgroupName": "other"}, "endpoint doesn't exist in this region: other"),
        ({"Database": ""}, "Database must be specified"),
        ({"SessionKeepAliveSeconds": 60}, "SessionKeepAliveSeconds is not served"),
        ({"DbUser": "admin"}, "DbUser is not served"),
        ({"ResultFormat": "CSV"}, "CSV is not served"),
        ({"Parameters": [{"name": "a", "value": "1"}]}, "Unused parameters: [a]"),
        (
            {"Sql": "select :a, :b", "Parameters": [{"name": "a", "value": "1"}]},
            "Missing parameters: [b]",
        ),
        (
            {"Sql": "select :a", "Parameters": [{"name": "a", "value": "1"}] * 2},
            "contains a name twice",
        ),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    data_api: Any, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as refused:
        data_api.execute_statement(**{"Sql": "select 1", **WHERE, **change})
    assert code(refused) == "ValidationException"
    assert words in str(refused.value)


def test_requests_that_break_the_model_are_refused(client: Client) -> None:
    unchecked = client("redshift-data", config=Config(parameter_validation=False))
    with pytest.raises(ClientError, match="enum value set") as refused:
        unchecked.list_statements(Status="DONE")
    assert code(refused) == "ValidationException"


def test_a_token_runs_its_statement_once(data_api: Any, run: Run, table: Table) -> None:
    name = table("a integer", "grant insert on {} to scheduler")
    token = uuid.uuid4().hex
    same = {"Sql": f"insert into {name} values (1)", "ClientToken": token, **WHERE}
    first = data_api.execute_statement(WaitTimeSeconds=20, **same)
    again = data_api.execute_statement(WaitTimeSeconds=20, **same)
    assert first["Status"] == "FINISHED", data_api.describe_statement(Id=first["Id"]).get("Error")
    assert again["Id"] == first["Id"]
    assert run(f"select * from {name}")["ResultRows"] == 1
    with pytest.raises(ClientError, match="with other parameters"):
        data_api.execute_statement(**{**same, "Sql": f"insert into {name} values (2)"})


def test_statements_are_listed_by_prefix_and_state(data_api: Any, run: Run) -> None:
    base = f"list-{uuid.uuid4().hex}"
    for name, sql in (("a/1", "select 1"), ("a/2", "select 1/0"), ("A/3", "select 3")):
        run(sql, user="scheduler", StatementName=f"{base}{name}")

    def names(**wanted: Any) -> list[str]:
        found = data_api.list_statements(StatementName=f"{base}a/", **wanted)["Statements"]
        return [one["StatementName"].removeprefix(base) for one in found]

    assert names() == ["a/1"]
    assert names(Status="ALL") == ["a/2", "a/1"]
    assert names(Status="FAILED") == ["a/2"]
    assert names(Status="STARTED") == []
    assert names(Status="ALL", WorkgroupName="sandbox", Database="dev") == ["a/2", "a/1"]
    assert names(Status="ALL", WorkgroupName="other") == []
    assert names(Status="ALL", Database="other") == []


def test_lists_come_in_pages(data_api: Any, run: Run) -> None:
    base = f"pages-{uuid.uuid4().hex}/"
    for number in range(3):
        run("select 1", user="scheduler", StatementName=f"{base}{number}")
    first = data_api.list_statements(StatementName=base, MaxResults=2)
    rest = data_api.list_statements(StatementName=base, MaxResults=2, NextToken=first["NextToken"])
    names = [one["StatementName"] for page in (first, rest) for one in page["Statements"]]
    assert names == [f"{base}2", f"{base}1", f"{base}0"]
    assert "NextToken" not in rest
    with pytest.raises(ClientError, match="NextToken is not valid"):
        data_api.list_statements(NextToken="?")


def test_results_come_in_pages(data_api: Any) -> None:
    sql = (
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 1500)"
        " select n from t order by n"
    )
    sent = data_api.execute_statement(Sql=sql, WaitTimeSeconds=20, **WHERE)
    pages = list(data_api.get_paginator("get_statement_result").paginate(Id=sent["Id"]))
    numbers = [record[0]["longValue"] for page in pages for record in page["Records"]]
    assert len(pages) == 2
    assert numbers == list(range(1, 1501))
    with pytest.raises(ClientError, match="not one of this result"):
        data_api.get_statement_result(Id=sent["Id"], NextToken="Nw==")


def test_statements_belong_to_their_caller(client: Client, data_api: Any, run: Run) -> None:
    name = f"mine-{uuid.uuid4().hex}"
    mine = run("select 1", user="deployer", StatementName=name)
    assert data_api.list_statements(StatementName=name, Status="ALL")["Statements"] == []
    for operation in ("describe_statement", "get_statement_result", "cancel_statement"):
        with pytest.raises(ClientError, match="Query does not exist") as refused:
            getattr(data_api, operation)(Id=mine["Id"])
        assert code(refused) == "ResourceNotFoundException"


def test_a_cancel_ends_the_statement_at_its_backend(
    data_api: Any, table: Table, connect: Connect
) -> None:
    locked = table("a integer", "grant select on {} to scheduler")
    holder = connect("deployer")
    holder.cursor().execute(f"lock table {locked}")
    name = f"cancel-{uuid.uuid4().hex}"
    waiting = data_api.execute_statement(
        Sql=f"select * from {locked}", StatementName=name, WaitTimeSeconds=1, **WHERE
    )
    assert waiting["Status"] == "STARTED"
    with pytest.raises(ClientError, match="does not have result"):
        data_api.get_statement_result(Id=waiting["Id"], WaitTimeSeconds=1)
    assert data_api.cancel_statement(Id=waiting["Id"])["Status"] is True
    ended = data_api.describe_statement(Id=waiting["Id"])
    assert ended["Status"] == "ABORTED", ended
    holder.rollback()
    with pytest.raises(ClientError, match="already in ABORTED state"):
        data_api.cancel_statement(Id=waiting["Id"])


def test_a_call_sees_what_its_lock_waited_for(
    data_api: Any, run: Run, table: Table, connect: Connect
) -> None:
    counted = table("n integer")
    name = f"{counted}_rows"
    run(
        f"create procedure {name}(n out bigint) as $$ begin lock {counted};"
        f" select into n count(*) from {counted}; end; $$ language plpgsql security definer"
    )
    run(f"grant execute on procedure {name}() to scheduler")
    holder = connect("deployer")
    holder.cursor().execute(f"lock table {counted}")
    waiting = data_api.execute_statement(Sql=f"call {name}()", WaitTimeSeconds=1, **WHERE)
    assert waiting["Status"] == "STARTED"
    holder.cursor().execute(f"insert into {counted} values (1)")
    holder.commit()
    ended = data_api.describe_statement(Id=waiting["Id"], WaitTimeSeconds=20)
    assert ended["Status"] == "FINISHED", ended
    assert data_api.get_statement_result(Id=waiting["Id"])["Records"] == [[{"longValue": 1}]]
    run(f"drop procedure {name}()")


def test_a_long_poll_ends_with_its_statement(data_api: Any, fault: Callable[..., None]) -> None:
    name = f"poll-{uuid.uuid4().hex}"
    fault(operation="Statement", where={"StatementName": name}, delay=0.5)
    began = time.monotonic()
    sent = data_api.execute_statement(Sql="select 1", StatementName=name, **WHERE)
    assert sent["Status"] in ("SUBMITTED", "PICKED", "STARTED")
    described = data_api.describe_statement(Id=sent["Id"], WaitTimeSeconds=20)
    assert described["Status"] == "FINISHED"
    assert 0.5 <= time.monotonic() - began < 10


def test_a_cancel_reaches_a_statement_that_is_held_back(
    data_api: Any, fault: Callable[..., None]
) -> None:
    name = f"held-{uuid.uuid4().hex}"
    fault(operation="Statement", where={"StatementName": name}, delay=600)
    sent = data_api.execute_statement(Sql="select 1", StatementName=name, **WHERE)
    until(lambda: data_api.describe_statement(Id=sent["Id"])["Status"] == "STARTED")
    data_api.cancel_statement(Id=sent["Id"])
    assert data_api.describe_statement(Id=sent["Id"])["Status"] == "ABORTED"


def test_faults_are_answered_as_ordered(data_api: Any, fault: Callable[..., None]) -> None:
    fault(operation="ListStatements", error="ThrottlingException", message="Rate exceeded")
    with pytest.raises(ClientError, match="Rate exceeded") as throttled:
        data_api.list_statements()
    assert code(throttled) == "ThrottlingException"
    fault(operation="ListStatements", error="InternalServerException", status=500)
    with pytest.raises(ClientError) as broken:
        data_api.list_statements()
    assert broken.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    fault(operation="ListStatements", drop="before")
    with pytest.raises(ConnectionClosedError):
        data_api.list_statements()
    assert "Statements" in data_api.list_statements()


def test_an_unknown_state_can_be_ordered(
    data_api: Any, run: Run, fault: Callable[..., None]
) -> None:
    known = run("select 1", user="scheduler")
    fault(operation="DescribeStatement", set={"Status": "PAUSED"})
    assert data_api.describe_statement(Id=known["Id"])["Status"] == "PAUSED"
    assert data_api.describe_statement(Id=known["Id"])["Status"] == "FINISHED"


def test_an_answer_that_is_lost_does_not_run_the_statement_twice(
    client: Client, run: Run, table: Table, fault: Callable[..., None]
) -> None:
    name = table("a integer", "grant insert on {} to scheduler")
    fault(operation="ExecuteStatement", drop="after")
    patient = client("redshift-data", config=Config(retries={"total_max_attempts": 3}))
    sent = patient.execute_statement(
        Sql=f"insert into {name} values (1)", WaitTimeSeconds=20, **WHERE
    )
    assert sent["ResponseMetadata"]["RetryAttempts"] == 1
    assert sent["Status"] == "FINISHED"
    assert run(f"select * from {name}")["ResultRows"] == 1


def test_operations_that_are_not_served_are_named(data_api: Any) -> None:
    with pytest.raises(ClientError, match="redshift-data ListDatabases is not served here"):
        data_api.list_databases(Database="dev", WorkgroupName="sandbox")


def test_a_caller_without_a_known_key_is_nobody(client: Client) -> None:
    nobody = client("redshift-data", aws_session_token=None)
    nobody._request_signer._credentials.access_key = "AKIAIOSFODNN7EXAMPLE"
    with pytest.raises(ClientError, match="AKIAIOSFODNN7EXAMPLE is not one of") as refused:
        nobody.list_statements()
    assert code(refused) == "UnrecognizedClientException"

"""The operations of `redshift-data`."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.aws.callers import Caller
from sandbox.aws.data_api.execution import Execution
from sandbox.aws.data_api.records import KEPT_SECONDS, Filter, Statement, Statements
from sandbox.aws.data_api.text import bind, statement_count
from sandbox.aws.errors import ServiceError
from sandbox.aws.paging import position, token
from sandbox.aws.protocol import Answer, Params, Served
from sandbox.environment import WORKGROUP

# https://docs.aws.amazon.com/redshift/latest/mgmt/amazon-redshift-limits.html
STATEMENT_BYTES = 100 * 1024
ACTIVE_STATEMENTS = 500
LISTED_AT_MOST = 100
CANCEL_SECONDS = 30.0

_NOT_SERVED = {
    "SecretArn": "leave it out, the access key id names the database user",
    "DbUser": "leave it out, the access key id names the database user",
    "SessionId": "each statement has a session of its own",
    "SessionKeepAliveSeconds": "each statement has a session of its own",
}


class DataApi:
    """Submits, describes, lists and cancels statements; `clock()` gives seconds since the epoch."""

    def __init__(
        self,
        statements: Statements,
        execution: Execution,
        clock: Callable[[], float],
        active_statements: int = ACTIVE_STATEMENTS,
    ) -> None:
        self._statements = statements
        self._execution = execution
        self._clock = clock
        self._active_statements = active_statements

    def served(self) -> Served:
        """The service with its handlers."""
        operations = {
            "ExecuteStatement": self.execute,
            "DescribeStatement": self.describe,
            "GetStatementResult": self.result,
            "ListStatements": self.list,
            "CancelStatement": self.cancel,
        }
        return Served("redshift-data", operations, "ValidationException")

    def execute(self, caller: Caller, params: Params) -> Answer:
        """ExecuteStatement: one statement, once per ClientToken."""
        endpoint = _checked(params)
        now = self._clock()
        new = Statement(
            n=-1,
            id=str(uuid.uuid4()),
            access_key=caller.access_key,
            db_user=caller.user,
            endpoint=endpoint,
            request={name: value for name, value in params.items() if name != "WaitTimeSeconds"},
            status="SUBMITTED",
            error=None,
            pid=None,
            has_result=False,
            result_rows=-1,
            result_size=-1,
            columns=(),
            created=now,
            updated=now,
        )
        kept = self._statements.add(new, self._active_statements)
        if kept.n < 0:
            raise ServiceError(
                "ActiveStatementsExceededException",
                f"Active statements exceeded the allowed quota ({self._active_statements}).",
            )
        if kept.id == new.id:
            self._execution.start(kept)
        elif kept.request != new.request:
            raise _invalid(f"ClientToken was used for statement {kept.id} with other parameters.")
        return _executed(self._waited(kept, params))

    def describe(self, caller: Caller, params: Params) -> Answer:
        """DescribeStatement, at once or when the statement has ended."""
        statement = self._waited(self._own(caller, params["Id"]), params)
        answer = {
            "Id": statement.id,
            "DbUser": statement.db_user,
            "Database": statement.request["Database"],
            **_endpoint(statement),
            "CreatedAt": statement.created,
            "UpdatedAt": statement.updated,
            "Duration": self._duration(statement),
            "Error": statement.error,
            "Status": statement.status,
            "RedshiftPid": statement.pid or 0,
            "RedshiftQueryId": statement.n if statement.pid else 0,
            "HasResultSet": statement.has_result,
            "QueryString": statement.request["Sql"],
            "QueryParameters": statement.request.get("Parameters"),
            "ResultFormat": "JSON",
            "ResultRows": statement.result_rows,
            "ResultSize": statement.result_size,
        }
        return _without_nulls(answer)

    def result(self, caller: Caller, params: Params) -> Answer:
        """GetStatementResult, page by page."""
        statement = self._waited(self._own(caller, params["Id"]), params)
        if not statement.has_result:
            raise ServiceError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
                ResourceId=statement.id,
            )
        number = _number(params.get("NextToken"), default=0)
        records = self._statements.page(statement.id, number)
        if records is None and number:
            raise _invalid("NextToken is not one of this result.")
        more = self._statements.page(statement.id, number + 1) is not None
        answer = {
            "ColumnMetadata": statement.columns,
            "Records": json.loads(records or "[]"),
            "TotalNumRows": statement.result_rows,
            "NextToken": token(number + 1) if more else None,
        }
        return _without_nulls(answer)

    def list(self, caller: Caller, params: Params) -> Answer:
        """ListStatements: the caller's own, newest first; finished ones unless asked otherwise."""
        if "ClusterIdentifier" in params and "WorkgroupName" in params:
            raise _invalid("WorkgroupName can't be specified together with ClusterIdentifier.")
        status = params.get("Status", "FINISHED")
        wanted = Filter(
            access_key=caller.access_key,
            since=self._clock() - KEPT_SECONDS,
            prefix=params.get("StatementName", ""),
            status=None if status == "ALL" else status,
            endpoint=params.get("WorkgroupName") or params.get("ClusterIdentifier"),
            database=params.get("Database"),
        )
        count = params.get("MaxResults") or LISTED_AT_MOST
        before = _number(params.get("NextToken"), default=sys.maxsize)
        found = self._statements.find(wanted, before, count + 1)
        answer: Answer = {"Statements": [_listed(one) for one in found[:count]]}
        if len(found) > count:
            answer["NextToken"] = token(found[count - 1].n)
        return answer

    def cancel(self, caller: Caller, params: Params) -> Answer:
        """CancelStatement: cancelled at its backend when the answer comes."""
        statement = self._own(caller, params["Id"])
        if not statement.running:
            raise _invalid(
                f"Could not cancel a query that is already in {statement.status} state"
                f" with ID: {statement.id}"
            )
        if not self._execution.cancel(statement.id, CANCEL_SECONDS):
            raise ServiceError(
                "QueryTimeoutException", f"Statement {statement.id} did not end in time."
            )
        return {"Status": True}

    def _own(self, caller: Caller, id_: str) -> Statement:
        found = self._statements.get(id_)
        if (
            found
            and found.access_key == caller.access_key
            and found.created > self._clock() - KEPT_SECONDS
        ):
            return found
        raise ServiceError("ResourceNotFoundException", "Query does not exist.", ResourceId=id_)

    def _waited(self, statement: Statement, params: Params) -> Statement:
        if "WaitTimeSeconds" in params:
            self._execution.wait(statement.id, params["WaitTimeSeconds"])
        return self._statements.get(statement.id) or statement

    def _duration(self, statement: Statement) -> int:
        until = self._clock() if statement.running else statement.updated
        return int((until - statement.created) * 1e9)


def _checked(params: Params) -> str:
    """The name of the endpoint a request is for; raises what the service raises for a bad one."""
    for name, remedy in _NOT_SERVED.items():
        if name in params:
            raise _invalid(f"{name} is not served here: {remedy}.")
    if params.get("ResultFormat", "JSON") != "JSON":
        raise _invalid("ResultFormat CSV is not served here: leave it out.")
    endpoints = [params[name] for name in ("WorkgroupName", "ClusterIdentifier") if name in params]
    if len(endpoints) != 1:
        raise _invalid("Exactly one of WorkgroupName and ClusterIdentifier must be specified.")
    if endpoints[0] != WORKGROUP:
        raise _invalid(
            f"Redshift endpoint doesn't exist in this region: {endpoints[0]}; here is {WORKGROUP}."
        )
    if not params.get("Database"):
        raise _invalid("Database must be specified.")
    sql = params["Sql"]
    size = len(sql.encode())
    if size > STATEMENT_BYTES:
        raise _invalid(
            f"The SQL statement has {size} bytes, more than the {STATEMENT_BYTES} allowed."
        )
    count = statement_count(sql)
    if count != 1:
        raise _invalid(f"ExecuteStatement runs exactly one SQL statement; the text holds {count}.")
    _check_parameters(sql, params)
    return str(endpoints[0])


def _check_parameters(sql: str, params: Params) -> None:
    given = params.get("Parameters", ())
    names = [one["name"] for one in given]
    if len(set(names)) < len(names):
        raise _invalid("Parameters list contains a name twice.")
    bound = bind(sql, {one["name"]: one["value"] for one in given})
    if bound.unused:
        raise _invalid(
            "Parameters list contains unused parameters. "
            f"Unused parameters: [{', '.join(bound.unused)}]"
        )
    if bound.missing:
        raise _invalid(
            f"Parameters list lacks parameters. Missing parameters: [{', '.join(bound.missing)}]"
        )


def _executed(statement: Statement) -> Answer:
    answer: dict[str, Any] = {
        "Id": statement.id,
        "CreatedAt": statement.created,
        "Database": statement.request["Database"],
        "DbUser": statement.db_user,
        **_endpoint(statement),
        "Status": statement.status,
        "RedshiftPid": statement.pid,
        "HasResultSet": None if statement.running else statement.has_result,
    }
    return _without_nulls(answer)


def _listed(statement: Statement) -> Answer:
    answer = {
        "Id": statement.id,
        "QueryString": statement.request["Sql"],
        "QueryParameters": statement.request.get("Parameters"),
        "StatementName": statement.request.get("StatementName"),
        "Status": statement.status,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
        "IsBatchStatement": False,
        "ResultFormat": "JSON",
    }
    return _without_nulls(answer)


def _endpoint(statement: Statement) -> Answer:
    key = "WorkgroupName" if "WorkgroupName" in statement.request else "ClusterIdentifier"
    return {key: statement.endpoint}


def _without_nulls(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if value is not None}


def _number(given: str | None, default: int) -> int:
    try:
        return int(position(given) or default)
    except ValueError as error:
        raise _invalid("NextToken is not valid.") from error


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)

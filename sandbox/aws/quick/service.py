"""The operations of `quicksight`."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from sandbox.aws.callers import Caller
from sandbox.aws.errors import ServiceError
from sandbox.aws.paging import position, token
from sandbox.aws.protocol import Answer, Operation, Params, Served
from sandbox.aws.quick.definitions import (
    arn,
    check_data_source,
    invalid,
    kept_definition,
    read_data_set,
)
from sandbox.aws.quick.loading import Loading
from sandbox.aws.quick.records import (
    QUOTA,
    DataSetRecord,
    DataSourceRecord,
    Ingestion,
    QuickRecords,
)
from sandbox.environment import ACCOUNT_ID

LISTED_AT_MOST = 100
_SOURCE_MEMBERS = (
    "Name",
    "Type",
    "DataSourceParameters",
    "VpcConnectionProperties",
    "SslProperties",
)
_CREDENTIAL_STATUS = {"SUCCESSFUL": "CONNECTED", "FAILED": "AUTH_FAILED"}


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Record = TypeVar("Record", bound=_Named)


class Quick:
    """Data sources, data sets, ingestions; `clock()` gives seconds since the epoch."""

    def __init__(self, records: QuickRecords, loading: Loading, clock: Callable[[], float]) -> None:
        self._records = records
        self._loading = loading
        self._clock = clock

    def served(self) -> Served:
        """The service with its handlers."""
        operations: dict[str, Operation] = {
            "CreateDataSource": self.create_data_source,
            "UpdateDataSource": self.update_data_source,
            "DescribeDataSource": self.describe_data_source,
            "ListDataSources": self.list_data_sources,
            "CreateDataSet": self.create_data_set,
            "DescribeDataSet": self.describe_data_set,
            "DescribeDataSetPermissions": self.describe_data_set_permissions,
            "ListDataSets": self.list_data_sets,
            "CreateIngestion": self.create_ingestion,
            "DescribeIngestion": self.describe_ingestion,
            "ListIngestions": self.list_ingestions,
            "CancelIngestion": self.cancel_ingestion,
        }
        checked = {name: _for_own_account(operation) for name, operation in operations.items()}
        return Served("quicksight", checked, "InvalidParameterValueException")

    def create_data_source(self, _: Caller, params: Params) -> Answer:
        """CreateDataSource: kept at once, its connection tried afterwards."""
        check_data_source(params)
        now = self._clock()
        new = DataSourceRecord(
            id=params["DataSourceId"],
            definition={name: params[name] for name in _SOURCE_MEMBERS if name in params},
            credentials=params.get("Credentials", {}),
            status="CREATION_IN_PROGRESS",
            error=None,
            created=now,
            updated=now,
        )
        if not self._records.add_data_source(new, params.get("Permissions", [])):
            raise _exists("DATA_SOURCE", new.id)
        self._loading.verify(new)
        return {
            "Arn": arn("datasource", new.id),
            "DataSourceId": new.id,
            "CreationStatus": new.status,
            "Status": 202,
        }

    def update_data_source(self, _: Caller, params: Params) -> Answer:
        """UpdateDataSource: what is given replaces what was; its connection is tried again."""
        old = self._data_source(params["DataSourceId"])
        given = {name: params[name] for name in _SOURCE_MEMBERS if name in params}
        new = replace(
            old,
            definition={**old.definition, **given},
            credentials=params.get("Credentials", old.credentials),
            status="UPDATE_IN_PROGRESS",
            error=None,
            updated=self._clock(),
        )
        check_data_source({**new.definition, "Credentials": new.credentials})
        self._records.change_data_source(new)
        self._loading.verify(new)
        return {
            "Arn": arn("datasource", new.id),
            "DataSourceId": new.id,
            "UpdateStatus": new.status,
            "Status": 202,
        }

    def describe_data_source(self, _: Caller, params: Params) -> Answer:
        """DescribeDataSource, without its credentials."""
        return {
            "DataSource": _shown_source(self._data_source(params["DataSourceId"])),
            "Status": 200,
        }

    def list_data_sources(self, _: Caller, params: Params) -> Answer:
        """ListDataSources in the order of their ids."""
        found, more = _page(self._records.data_sources, params)
        return {"DataSources": [_shown_source(one) for one in found], "Status": 200, **more}

    def create_data_set(self, _: Caller, params: Params) -> Answer:
        """CreateDataSet; one in SPICE starts its first ingestion."""
        definition = kept_definition(params)
        self._data_source(read_data_set(definition).data_source_id)
        now = self._clock()
        new = DataSetRecord(
            params["DataSetId"], definition, params.get("Permissions", []), None, now, now
        )
        first = str(uuid.uuid4()) if new.in_spice else None
        if not self._records.add_data_set(new, first):
            raise _exists("DATA_SET", new.id)
        answer = {"Arn": arn("dataset", new.id), "DataSetId": new.id, "Status": 201}
        if first is None:
            return answer
        self._loading.wake(new.id)
        return {**answer, "IngestionArn": _ingestion_arn(new.id, first), "IngestionId": first}

    def describe_data_set(self, _: Caller, params: Params) -> Answer:
        """DescribeDataSet, with the columns after all transforms."""
        found = self._data_set(params["DataSetId"])
        visible = self._records.by_number(found.visible)
        shown = {
            "Arn": arn("dataset", found.id),
            "DataSetId": found.id,
            "CreatedTime": found.created,
            "LastUpdatedTime": found.updated,
            "OutputColumns": [
                column.output() for column in read_data_set(found.definition).columns
            ],
            "ConsumedSpiceCapacityInBytes": visible.size if visible else 0,
            **found.definition,
        }
        return {"DataSet": shown, "Status": 200}

    def describe_data_set_permissions(self, _: Caller, params: Params) -> Answer:
        """DescribeDataSetPermissions as they were given."""
        found = self._data_set(params["DataSetId"])
        answer = {"DataSetArn": arn("dataset", found.id), "DataSetId": found.id, "Status": 200}
        return {**answer, "Permissions": found.permissions} if found.permissions else answer

    def list_data_sets(self, _: Caller, params: Params) -> Answer:
        """ListDataSets in the order of their ids."""
        found, more = _page(self._records.data_sets, params)
        summaries = [
            {
                "Arn": arn("dataset", one.id),
                "DataSetId": one.id,
                "Name": one.definition["Name"],
                "CreatedTime": one.created,
                "LastUpdatedTime": one.updated,
                "ImportMode": one.definition["ImportMode"],
            }
            for one in found
        ]
        return {"DataSetSummaries": summaries, "Status": 200, **more}

    def create_ingestion(self, _: Caller, params: Params) -> Answer:
        """CreateIngestion: once per id, within the day's quota, behind one that runs."""
        data_set = self._data_set(params["DataSetId"])
        id_, kind = params["IngestionId"], params.get("IngestionType", "FULL_REFRESH")
        if not data_set.in_spice:
            raise invalid(f"Data set {data_set.id} is a direct query; it has no ingestions.")
        if kind == "INCREMENTAL_REFRESH":
            raise invalid(f"Data set {data_set.id} has no incremental refresh configured.")
        status = self._records.request_ingestion(data_set.id, id_, kind, self._clock())
        if status == "exists":
            raise _exists("INGESTION", id_)
        if status == "quota":
            raise ServiceError(
                "LimitExceededException",
                f"Data set {data_set.id} has had {QUOTA} refreshes in the last 24 hours.",
                409,
                ResourceType="INGESTION",
            )
        self._loading.wake(data_set.id)
        arn_ = _ingestion_arn(data_set.id, id_)
        return {"Arn": arn_, "IngestionId": id_, "IngestionStatus": status, "Status": 201}

    def describe_ingestion(self, _: Caller, params: Params) -> Answer:
        """DescribeIngestion."""
        return {"Ingestion": self._shown(self._ingestion(params)), "Status": 200}

    def list_ingestions(self, _: Caller, params: Params) -> Answer:
        """ListIngestions, newest first."""
        data_set = self._data_set(params["DataSetId"])
        count = params.get("MaxResults", LISTED_AT_MOST)
        before = int(_position(params) or sys.maxsize)
        found = self._records.ingestions(data_set.id, count + 1, before)
        answer: Answer = {"Ingestions": [self._shown(one) for one in found[:count]], "Status": 200}
        return {**answer, "NextToken": token(found[count - 1].n)} if len(found) > count else answer

    def cancel_ingestion(self, _: Caller, params: Params) -> Answer:
        """CancelIngestion: cancelled at its backend when the answer comes."""
        found = self._ingestion(params)
        if not found.active or not self._loading.cancel(found):
            raise invalid(f"Ingestion {found.id} has ended and cannot be cancelled.")
        return {
            "Arn": _ingestion_arn(found.data_set_id, found.id),
            "IngestionId": found.id,
            "Status": 200,
        }

    def _data_source(self, id_: str) -> DataSourceRecord:
        return _found("DATA_SOURCE", id_, self._records.data_source(id_))

    def _data_set(self, id_: str) -> DataSetRecord:
        return _found("DATA_SET", id_, self._records.data_set(id_))

    def _ingestion(self, params: Params) -> Ingestion:
        data_set = self._data_set(params["DataSetId"])
        id_ = params["IngestionId"]
        return _found("INGESTION", id_, self._records.ingestion(data_set.id, id_))

    def _shown(self, ingestion: Ingestion) -> Answer:
        shown: dict[str, Any] = {
            "Arn": _ingestion_arn(ingestion.data_set_id, ingestion.id),
            "IngestionId": ingestion.id,
            "IngestionStatus": ingestion.status,
            "CreatedTime": ingestion.created,
            "RequestSource": ingestion.request_source,
            "RequestType": ingestion.request_type,
        }
        if ingestion.started:
            until = self._clock() if ingestion.active else ingestion.updated
            shown["IngestionTimeInSeconds"] = int(until - ingestion.started)
        if ingestion.status == "COMPLETED":
            shown["IngestionSizeInBytes"] = ingestion.size
            shown["RowInfo"] = {
                "RowsIngested": ingestion.rows_ingested,
                "RowsDropped": ingestion.rows_dropped,
                "TotalRowsInDataset": ingestion.rows_ingested,
            }
        if ingestion.error_type:
            shown["ErrorInfo"] = {"Type": ingestion.error_type, "Message": ingestion.error}
        if ingestion.status == "QUEUED":
            ahead = self._records.active(ingestion.data_set_id)[0]
            shown["QueueInfo"] = {"WaitingOnIngestion": ingestion.id, "QueuedIngestion": ahead.id}
        return shown


def _for_own_account(operation: Operation) -> Operation:
    def checked(caller: Caller, params: Params) -> Answer:
        if params["AwsAccountId"] != ACCOUNT_ID:
            words = f"Account {params['AwsAccountId']} is not the caller's; here is {ACCOUNT_ID}."
            raise ServiceError("AccessDeniedException", words, 401)
        return {**operation(caller, params), "RequestId": str(uuid.uuid4())}

    return checked


def _shown_source(source: DataSourceRecord) -> Answer:
    shown: dict[str, Any] = {
        "Arn": arn("datasource", source.id),
        "DataSourceId": source.id,
        "Status": source.status,
        "CreatedTime": source.created,
        "LastUpdatedTime": source.updated,
        "CredentialStatus": _CREDENTIAL_STATUS.get(
            source.status.rpartition("_")[2], "NOT_VERIFIED"
        ),
        **source.definition,
    }
    if source.error:
        shown["ErrorInfo"] = source.error
    if "SecretArn" in source.credentials:
        shown["SecretArn"] = source.credentials["SecretArn"]
    return shown


def _ingestion_arn(data_set_id: str, id_: str) -> str:
    return f"{arn('dataset', data_set_id)}/ingestion/{id_}"


def _found(kind: str, id_: str, record: Record | None) -> Record:
    if record is None:
        raise ServiceError(
            "ResourceNotFoundException", f"{kind} {id_} is not found.", 404, ResourceType=kind
        )
    return record


def _exists(kind: str, id_: str) -> ServiceError:
    return ServiceError(
        "ResourceExistsException", f"{kind} {id_} already exists.", 409, ResourceType=kind
    )


def _page(
    find: Callable[[str, int], Sequence[Record]], params: Params
) -> tuple[Sequence[Record], dict[str, str]]:
    count = params.get("MaxResults", LISTED_AT_MOST)
    found = find(_position(params), count + 1)
    return found[:count], {"NextToken": token(found[count - 1].id)} if len(found) > count else {}


def _position(params: Params) -> str:
    try:
        return position(params.get("NextToken"))
    except ValueError as error:
        raise ServiceError("InvalidNextTokenException", "NextToken is not valid.") from error

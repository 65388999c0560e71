"""Data source and datasets as requests of Quick's API. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler.quick.exposures import Column, Definition

# Keys inside one dataset's definition: letters, digits and hyphens only.
_TABLE = "relation"
_LOGICAL = "described"
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_ColumnDescription.html
_LONGEST_DESCRIPTION = 500

# What an owner may do; Quick takes these sets only as a whole:
# https://docs.aws.amazon.com/quicksight/latest/developerguide/dataset-permissions.html
_DATA_SOURCE_OWNER = (
    "DescribeDataSource",
    "DescribeDataSourcePermissions",
    "PassDataSource",
    "UpdateDataSource",
    "DeleteDataSource",
    "UpdateDataSourcePermissions",
)
_DATA_SET_OWNER = (
    "DescribeDataSet",
    "DescribeDataSetPermissions",
    "PassDataSet",
    "DescribeIngestion",
    "ListIngestions",
    "UpdateDataSet",
    "DeleteDataSet",
    "CreateIngestion",
    "CancelIngestion",
    "UpdateDataSetPermissions",
    "CreateRefreshSchedule",
    "UpdateRefreshSchedule",
    "DeleteRefreshSchedule",
    "ListRefreshSchedules",
    "PutDataSetRefreshProperties",
)


@dataclass(frozen=True)
class Connection:
    """How Quick reaches the warehouse: `secret_arn`, or `user` and `password`, not both."""

    host: str
    port: int
    database: str
    user: str | None = None
    password: str | None = None
    secret_arn: str | None = None
    vpc_connection_arn: str | None = None
    disable_ssl: bool = False


def data_source_request(
    data_source_id: str, name: str, connection: Connection, owner_arn: str | None
) -> dict[str, Any]:
    """The CreateDataSource request for a Redshift workgroup.

    https://docs.aws.amazon.com/quicksight/latest/APIReference/API_CreateDataSource.html
    """
    credentials: dict[str, Any] = (
        {"SecretArn": connection.secret_arn}
        if connection.secret_arn
        else {
            "CredentialPair": {"Username": connection.user, "Password": connection.password},
        }
    )
    request: dict[str, Any] = {
        "DataSourceId": data_source_id,
        "Name": name,
        "Type": "REDSHIFT",
        "DataSourceParameters": {
            "RedshiftParameters": {
                "Host": connection.host,
                "Port": connection.port,
                "Database": connection.database,
            }
        },
        "Credentials": credentials,
        "SslProperties": {"DisableSsl": connection.disable_ssl},
        **_permissions(owner_arn, _DATA_SOURCE_OWNER),
    }
    if connection.vpc_connection_arn:
        request["VpcConnectionProperties"] = {"VpcConnectionArn": connection.vpc_connection_arn}
    return request


def data_set_request(
    data_set_id: str,
    name: str,
    definition: Definition,
    data_source_arn: str,
    owner_arn: str | None,
) -> dict[str, Any]:
    """The CreateDataSet request for a dataset over one relation, columns described.

    https://docs.aws.amazon.com/quicksight/latest/APIReference/API_CreateDataSet.html
    """
    described = [_description(column) for column in definition.columns if column.description]
    return {
        "DataSetId": data_set_id,
        "Name": name,
        "ImportMode": definition.import_mode,
        "PhysicalTableMap": {
            _TABLE: {
                "RelationalTable": {
                    "DataSourceArn": data_source_arn,
                    "Schema": definition.schema,
                    "Name": definition.relation,
                    "InputColumns": [
                        _input_column(column, definition.import_mode)
                        for column in definition.columns
                    ],
                }
            }
        },
        "LogicalTableMap": {
            _LOGICAL: {
                "Alias": definition.relation,
                "Source": {"PhysicalTableId": _TABLE},
                **({"DataTransforms": described} if described else {}),
            }
        },
        **_permissions(owner_arn, _DATA_SET_OWNER),
    }


def _input_column(column: Column, import_mode: str) -> dict[str, str]:
    request = {"Name": column.name, "Type": column.type}
    # Sub types are for decimals in SPICE only:
    # https://docs.aws.amazon.com/quicksight/latest/APIReference/API_InputColumn.html
    if column.type == "DECIMAL" and import_mode == "SPICE":
        request["SubType"] = "FIXED" if column.is_exact else "FLOAT"
    return request


def _description(column: Column) -> dict[str, Any]:
    text = " ".join(column.description.split())[:_LONGEST_DESCRIPTION]
    return {
        "TagColumnOperation": {
            "ColumnName": column.name,
            "Tags": [{"ColumnDescription": {"Text": text}}],
        }
    }


def _permissions(owner_arn: str | None, actions: tuple[str, ...]) -> dict[str, Any]:
    if owner_arn is None:
        return {}
    granted = [f"quicksight:{action}" for action in actions]
    return {"Permissions": [{"Principal": owner_arn, "Actions": granted}]}

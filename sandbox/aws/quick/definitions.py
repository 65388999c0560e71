"""What a data source or a data set is, read from the request that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.aws.errors import ServiceError
from sandbox.aws.quick.convert import COLUMN_TYPES
from sandbox.environment import ACCOUNT_ID, REGION

DATA_SET_ID_CHARACTERS = 96
_KEPT_MEMBERS = {
    "Name", "PhysicalTableMap", "LogicalTableMap", "ImportMode", "FieldFolders",
    "PerformanceConfiguration", "DataSetUsageConfiguration", "ColumnGroups",
}  # fmt: skip
_OTHER_MEMBERS = {"AwsAccountId", "DataSetId", "Permissions", "Tags", "FolderArns"}
# Booleans become whole numbers: https://docs.aws.amazon.com/quicksight/latest/user/supported-data-types-and-values.html
_OUTPUT_TYPES = {"BIT": "INTEGER", "BOOLEAN": "INTEGER"}


def invalid(message: str) -> ServiceError:
    """What Quick answers to a request that makes no sense."""
    return ServiceError("InvalidParameterValueException", message)


def arn(kind: str, id_: str) -> str:
    """The ARN of a 'datasource' or 'dataset'."""
    return f"arn:aws:quicksight:{REGION}:{ACCOUNT_ID}:{kind}/{id_}"


@dataclass(frozen=True)
class Column:
    """A column of a data set: `source` in the relation, `name` in the data set."""

    source: str
    name: str
    type: str
    description: str = ""

    def output(self) -> dict[str, str]:
        """It as an OutputColumn of the API."""
        shown = {"Name": self.name, "Type": _OUTPUT_TYPES.get(self.type, self.type)}
        return {**shown, "Description": self.description} if self.description else shown


@dataclass(frozen=True)
class DataSet:
    """What a data set reads: one relation of one data source, and which columns of it."""

    data_source_id: str
    schema: str
    relation: str
    columns: tuple[Column, ...]

    def query(self) -> str:
        """The statement that reads it."""
        selected = ", ".join(quoted(column.source) for column in self.columns)
        return f"select {selected} from {quoted(self.schema)}.{quoted(self.relation)}"


def quoted(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def kept_definition(params: Mapping[str, Any]) -> dict[str, Any]:
    """The members of CreateDataSet to keep; raises ServiceError for those not served."""
    other = sorted(set(params) - _KEPT_MEMBERS - _OTHER_MEMBERS)
    if other:
        raise invalid(f"{', '.join(other)} of a data set is not served here.")
    if not 0 < len(params["DataSetId"]) <= DATA_SET_ID_CHARACTERS:
        raise invalid(f"DataSetId has to have 1 to {DATA_SET_ID_CHARACTERS} characters.")
    return {name: value for name, value in params.items() if name in _KEPT_MEMBERS}


def read_data_set(definition: Mapping[str, Any]) -> DataSet:
    """The relation and columns of a data set; raises ServiceError for forms that are not served."""
    tables = definition["PhysicalTableMap"]
    if len(tables) != 1:
        raise invalid(
            f"PhysicalTableMap has {len(tables)} tables; served here is one RelationalTable."
        )
    [(table_id, table)] = tables.items()
    if "RelationalTable" not in table:
        raise invalid(
            f"PhysicalTableMap.{table_id} is a {', '.join(table)}; served here is RelationalTable."
        )
    relational = table["RelationalTable"]
    prefix = arn("datasource", "")
    if not relational["DataSourceArn"].startswith(prefix):
        raise invalid(
            f"DataSourceArn {relational['DataSourceArn']} is not one of this account and region."
        )
    columns = _input_columns(relational["InputColumns"])
    for transform in _transforms(definition.get("LogicalTableMap"), table_id):
        columns = _transformed(columns, transform)
    return DataSet(
        data_source_id=relational["DataSourceArn"].removeprefix(prefix),
        schema=relational.get("Schema", "public"),
        relation=relational["Name"],
        columns=columns,
    )


def _input_columns(given: Sequence[Mapping[str, str]]) -> tuple[Column, ...]:
    names = [one["Name"] for one in given]
    if not names:
        raise invalid("InputColumns is empty.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(f"InputColumns names {', '.join(twice)} twice.")
    for one in given:
        if one["Type"] not in COLUMN_TYPES:
            raise invalid(
                f"InputColumns: {one['Name']} is {one['Type']}; "
                f"a relation here has {', '.join(COLUMN_TYPES)}."
            )
    return tuple(Column(one["Name"], one["Name"], one["Type"]) for one in given)


def _transforms(logical: Mapping[str, Any] | None, table_id: str) -> Sequence[Mapping[str, Any]]:
    if logical is None:
        return ()
    tables = list(logical.values())
    if len(tables) != 1 or tables[0]["Source"].get("PhysicalTableId") != table_id:
        raise invalid(
            f"LogicalTableMap has to hold one table whose Source is PhysicalTableId {table_id}."
        )
    found: Sequence[Mapping[str, Any]] = tables[0].get("DataTransforms", ())
    return found


def _transformed(columns: tuple[Column, ...], transform: Mapping[str, Any]) -> tuple[Column, ...]:
    [(kind, details)] = transform.items()
    step = _TRANSFORMS.get(kind)
    if step is None:
        raise invalid(f"{kind} is not served here; served are {', '.join(_TRANSFORMS)}.")
    return step(columns, details)


def _project(columns: tuple[Column, ...], details: Mapping[str, Any]) -> tuple[Column, ...]:
    by_name = {column.name: column for column in columns}
    unknown = [name for name in details["ProjectedColumns"] if name not in by_name]
    if unknown:
        raise invalid(f"ProjectOperation names {', '.join(unknown)}, which the table has not.")
    return tuple(by_name[name] for name in details["ProjectedColumns"])


def _rename(columns: tuple[Column, ...], details: Mapping[str, Any]) -> tuple[Column, ...]:
    return _changed(columns, details["ColumnName"], name=details["NewColumnName"])


def _tag(columns: tuple[Column, ...], details: Mapping[str, Any]) -> tuple[Column, ...]:
    described = [tag["ColumnDescription"] for tag in details["Tags"] if "ColumnDescription" in tag]
    return _changed(
        columns,
        details["ColumnName"],
        description=described[-1].get("Text", "") if described else "",
    )


def _changed(columns: tuple[Column, ...], wanted: str, **changes: str) -> tuple[Column, ...]:
    if wanted not in {column.name for column in columns}:
        raise invalid(f"A transform names column {wanted}, which the table has not.")
    return tuple(
        replace(column, **changes) if column.name == wanted else column for column in columns
    )


_TRANSFORMS: dict[str, Callable[[tuple[Column, ...], Mapping[str, Any]], tuple[Column, ...]]] = {
    "ProjectOperation": _project,
    "RenameColumnOperation": _rename,
    "TagColumnOperation": _tag,
}


def check_data_source(params: Mapping[str, Any]) -> None:
    """Raise ServiceError unless it is a Redshift data source that can be served."""
    if params.get("Type", "REDSHIFT") != "REDSHIFT":
        raise invalid(
            f"A data source of type {params['Type']} is not served here; served is REDSHIFT."
        )
    redshift = params.get("DataSourceParameters", {}).get("RedshiftParameters")
    if redshift is None:
        raise invalid("DataSourceParameters.RedshiftParameters is needed for type REDSHIFT.")
    if "ClusterId" not in redshift and not ("Host" in redshift and "Port" in redshift):
        raise invalid("RedshiftParameters needs Host and Port, or ClusterId.")
    if not params.get("Credentials") and "IAMParameters" not in redshift:
        raise invalid("Credentials are needed: CredentialPair or SecretArn.")
    other = set(params.get("Credentials", {})) - {"CredentialPair", "SecretArn"}
    if other:
        raise invalid(
            f"Credentials.{', '.join(sorted(other))} is not served here; "
            "served are CredentialPair and SecretArn."
        )

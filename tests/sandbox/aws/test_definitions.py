from typing import Any

import pytest

from sandbox.aws.errors import ServiceError
from sandbox.aws.quick.definitions import arn, check_data_source, kept_definition, read_data_set

COLUMNS = [{"Name": "a", "Type": "INTEGER"}, {"Name": "b", "Type": "BOOLEAN"}]


def definition(columns: Any = COLUMNS, **more: Any) -> dict[str, Any]:
    table = {
        "DataSourceArn": arn("datasource", "warehouse"),
        "Schema": "marts",
        "Name": 'odd"name',
        "InputColumns": columns,
    }
    return {"PhysicalTableMap": {"t": {"RelationalTable": table}}, **more}


def logical(*transforms: dict[str, Any], source: str = "t") -> dict[str, Any]:
    table = {"Alias": "x", "Source": {"PhysicalTableId": source}, "DataTransforms": [*transforms]}
    return {"l": table}


def rename(old: str, new: str) -> dict[str, Any]:
    return {"RenameColumnOperation": {"ColumnName": old, "NewColumnName": new}}


def describe(name: str, text: str) -> dict[str, Any]:
    tags = [{"ColumnDescription": {"Text": text}}]
    return {"TagColumnOperation": {"ColumnName": name, "Tags": tags}}


def test_a_data_set_reads_its_columns_by_their_exact_names() -> None:
    read = read_data_set(definition())
    assert read.data_source_id == "warehouse"
    assert read.query() == 'select "a", "b" from "marts"."odd""name"'
    assert [column.output() for column in read.columns] == [
        {"Name": "a", "Type": "INTEGER"},
        {"Name": "b", "Type": "INTEGER"},
    ]


def test_transforms_rename_describe_and_choose() -> None:
    steps = [
        rename("b", "is_late"),
        describe("is_late", "Whether it is late"),
        {"ProjectOperation": {"ProjectedColumns": ["is_late"]}},
    ]
    read = read_data_set(definition(LogicalTableMap=logical(*steps)))
    assert read.query() == 'select "b" from "marts"."odd""name"'
    assert [column.output() for column in read.columns] == [
        {"Name": "is_late", "Type": "INTEGER", "Description": "Whether it is late"}
    ]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"PhysicalTableMap": {}}, "has 0 tables"),
        ({"PhysicalTableMap": {"t": {"CustomSql": {}}}}, "is a CustomSql"),
        (definition(columns=[]), "InputColumns is empty"),
        (definition(columns=COLUMNS + COLUMNS), "names a, b twice"),
        (definition(columns=[{"Name": "a", "Type": "JSON"}]), "a is JSON"),
        (definition(LogicalTableMap=logical(source="u")), "PhysicalTableId t"),
        (definition(LogicalTableMap=logical(rename("z", "y"))), "names column z"),
        (
            definition(LogicalTableMap=logical({"ProjectOperation": {"ProjectedColumns": ["z"]}})),
            "names z",
        ),
        (
            definition(LogicalTableMap=logical({"FilterOperation": {}})),
            "FilterOperation is not served",
        ),
    ],
)
def test_what_is_not_served_is_named(broken: dict[str, Any], words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        read_data_set(broken)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"UseAs": "RLS_RULES"}, "UseAs of a data set is not served"),
        ({"DataSetId": "x" * 97}, "1 to 96"),
    ],
)
def test_members_not_served_are_named(change: dict[str, Any], words: str) -> None:
    request = {"DataSetId": "x", "Name": "x", "ImportMode": "SPICE", **definition()}
    assert set(kept_definition(request)) == {"Name", "ImportMode", "PhysicalTableMap"}
    with pytest.raises(ServiceError, match=words):
        kept_definition({**request, **change})


REDSHIFT = {"Host": "127.0.0.1", "Port": 5439, "Database": "dev"}
PAIR = {"CredentialPair": {"Username": "quick", "Password": "x"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Type": "ATHENA"}, "ATHENA is not served"),
        ({"DataSourceParameters": {"S3Parameters": {}}}, "RedshiftParameters is needed"),
        ({"DataSourceParameters": {"RedshiftParameters": {"Database": "dev"}}}, "Host and Port"),
        ({"Credentials": {}}, "Credentials are needed"),
        ({"Credentials": {"CopySourceArn": "arn"}}, "CopySourceArn is not served"),
    ],
)
def test_a_data_source_that_cannot_work_is_refused(change: dict[str, Any], words: str) -> None:
    good = {
        "Type": "REDSHIFT",
        "DataSourceParameters": {"RedshiftParameters": REDSHIFT},
        "Credentials": PAIR,
    }
    check_data_source(good)
    with pytest.raises(ServiceError, match=words):
        check_data_source({**good, **change})

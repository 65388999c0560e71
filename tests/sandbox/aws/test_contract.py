from typing import Any

import pytest
from botocore.model import Shape

from sandbox.aws.contract import operation_model, problems


def given(service: str, operation: str) -> Shape:
    return operation_model(service, operation).input_shape


def found(value: Any, shape: Shape) -> str:
    return "; ".join(problems(value, shape))


EXECUTE = {"Sql": "select 1", "WorkgroupName": "sandbox", "Database": "dev"}


def test_a_good_request_has_no_problem() -> None:
    request = {**EXECUTE, "Parameters": [{"name": "a", "value": "1"}], "WaitTimeSeconds": 30}
    assert found(request, given("redshift-data", "ExecuteStatement")) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Sql": None}, "Value null at 'Sql' failed to satisfy constraint: Member must not be"),
        ({"Sql": 1}, "at 'Sql' failed to satisfy constraint: Member must be of type string"),
        ({"WithEvent": "yes"}, "Member must be of type boolean"),
        ({"WaitTimeSeconds": True}, "Member must be of type integer"),
        ({"WaitTimeSeconds": 31}, "Member must have value less than or equal to 30"),
        ({"WaitTimeSeconds": 0}, "Member must have value greater than or equal to 1"),
        ({"ClientToken": ""}, "Member must have length greater than or equal to 1"),
        ({"ClientToken": "x" * 65}, "Member must have length less than or equal to 64"),
        ({"ResultFormat": "XML"}, "Member must satisfy enum value set: [JSON, CSV]"),
        ({"ClusterIdentifier": "A_B"}, "Member must satisfy regular expression pattern"),
        (
            {"Parameters": []},
            "at 'Parameters' failed to satisfy constraint: Member must have length",
        ),
        ({"Parameters": [{"name": "a"}]}, "null at 'Parameters.1.member.value'"),
        ({"Sqls": []}, "'Sqls' is not a member of ExecuteStatementInput"),
    ],
)
def test_each_kind_of_rule_bites(change: dict[str, Any], words: str) -> None:
    assert words in found({**EXECUTE, **change}, given("redshift-data", "ExecuteStatement"))


def test_maps_and_unions_are_looked_into() -> None:
    request = {
        "AwsAccountId": "000000000000",
        "DataSetId": "x",
        "Name": "x",
        "ImportMode": "SPICE",
        "PhysicalTableMap": {
            "t": {"RelationalTable": {"DataSourceArn": "a", "Name": "", "InputColumns": []}}
        },
    }
    words = found(request, given("quicksight", "CreateDataSet"))
    assert "'PhysicalTableMap.t.RelationalTable.Name' failed" in words
    answer = {"Records": [[{"isNull": True, "longValue": 1}]]}
    shape = operation_model("redshift-data", "GetStatementResult").output_shape
    assert "one member of Field must be set" in found(answer, shape)


def test_secrets_are_not_repeated() -> None:
    pair = {"Username": "u" * 65, "Password": "p" * 1025}
    request = {"Credentials": {"CredentialPair": pair}}
    words = found(request, given("quicksight", "CreateDataSource"))
    assert "Password" in words
    assert "ppp" not in words
    assert "uuu" not in words

"""Datasets as the dbt manifest defines them, and as requests."""

import copy
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from scheduler.errors import WrongUse
from scheduler.quick.exposures import Column, Definition, definitions, read_manifest
from scheduler.quick.requests import Connection, data_set_request, data_source_request

MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.p.health": {
            "name": "health",
            "schema": "ci_bi_reports",
            "alias": "health",
            "columns": {
                "source": {"name": "source", "data_type": "varchar(64)", "description": "Who."},
                "runs": {"name": "runs", "data_type": "bigint", "description": ""},
                "rate": {"name": "rate", "data_type": "DECIMAL(18,4)", "description": "x " * 400},
                "is_late": {"name": "is_late", "data_type": "boolean", "description": None},
                "run_on": {"name": "run_on", "data_type": "date", "description": "When."},
                "load": {"name": "load", "data_type": "double precision", "description": ""},
            },
        },
        "model.p.refresh_health": {"name": "refresh_health", "schema": "ci_ops"},
    },
    "exposures": {
        "exposure.p.no_quick": {
            "name": "no_quick",
            "original_file_path": "models/x.yml",
            "config": {"meta": {}},
            "depends_on": {"nodes": []},
        },
        "exposure.p.health": {
            "name": "health",
            "original_file_path": "models/x.yml",
            "config": {
                "meta": {
                    "quick": {
                        "dataset_id": "pipeline_health",
                        "name": "Pipeline health",
                        "relation": "health",
                        "import_mode": "SPICE",
                        "refresh": "FULL",
                    }
                }
            },
            "depends_on": {"nodes": ["source.p.x", "model.p.health"]},
        },
    },
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The manifest with one value replaced, or left out when `to` is ...."""
    manifest = copy.deepcopy(MANIFEST)
    place = manifest
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return manifest


def test_a_definition_has_the_columns_of_the_contract_in_order() -> None:
    [definition] = definitions(MANIFEST, ops_schema="ci_ops")
    assert definition == Definition(
        dataset_id="pipeline_health",
        name="Pipeline health",
        import_mode="SPICE",
        schema="ci_bi_reports",
        relation="health",
        columns=(
            Column("source", "STRING", "Who.", is_exact=False),
            Column("runs", "INTEGER", "", is_exact=False),
            Column("rate", "DECIMAL", "x " * 400, is_exact=True),
            Column("is_late", "BOOLEAN", "", is_exact=False),
            Column("run_on", "DATETIME", "When.", is_exact=False),
            Column("load", "DECIMAL", "", is_exact=False),
        ),
    )


NODE = ("nodes", "model.p.health")
QUICK = ("exposures", "exposure.p.health", "config", "meta", "quick")


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (changed(*NODE, "columns", "runs", "data_type", to="super"), "health.runs is SUPER"),
        (changed(*NODE, "columns", "runs", "data_type", to="varbyte(9)"), "runs is varbyte"),
        (changed(*NODE, "columns", "runs", "data_type", to=None), "runs has no data_type"),
        (changed(*NODE, "columns", to={}), "health describes no column"),
        (changed(*QUICK, "relation", to="other"), "'other' is not among its depends_on"),
        (changed(*QUICK, "import_mode", to="FAST"), "'FAST' is not SPICE or DIRECT_QUERY"),
        (changed(*QUICK, "import_mode", to=...), "has no import_mode"),
        (changed(*QUICK, "refresh", to="HOURLY"), "'HOURLY' is not FULL"),
        (changed(*QUICK, "dataset_id", to="a-b"), "dataset_id 'a-b'"),
        (changed(*QUICK, "colour", to="red"), "unknown colour"),
    ],
)
def test_a_wrong_exposure_is_refused_with_place_and_reason(
    manifest: dict[str, Any], reason: str
) -> None:
    with pytest.raises(WrongUse, match=reason):
        definitions(manifest, ops_schema="ci_ops")


@pytest.mark.parametrize("ops_schema", ["ops", "dev_ops"])
def test_a_manifest_of_another_target_is_refused(ops_schema: str) -> None:
    with pytest.raises(WrongUse, match=f"made for another target: it has nothing in {ops_schema}"):
        definitions(MANIFEST, ops_schema=ops_schema)


def test_a_dataset_id_stands_once() -> None:
    twin = changed("exposures", "exposure.p.twin", to=MANIFEST["exposures"]["exposure.p.health"])
    with pytest.raises(WrongUse, match="two exposures define the dataset pipeline_health"):
        definitions(twin, ops_schema="ci_ops")


def test_a_manifest_that_cannot_be_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="run `dbt parse` first"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"nodes": ')
    with pytest.raises(WrongUse, match="is no JSON"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assert read_manifest(tmp_path / "manifest.json") == MANIFEST


def problems(operation: str, request: dict[str, Any]) -> str:
    model = botocore.session.get_session().get_service_model("quicksight")
    shape = model.operation_model(operation).input_shape
    report: str = (
        ParamValidator()
        .validate({"AwsAccountId": "000000000000", **request}, shape)
        .generate_report()
    )
    return report


def test_a_data_set_request_is_what_quick_takes() -> None:
    [definition] = definitions(MANIFEST, ops_schema="ci_ops")
    request = data_set_request("ci_pipeline_health", "n", definition, "arn:x", "arn:owner")
    assert problems("CreateDataSet", request) == ""
    table = request["PhysicalTableMap"]["relation"]["RelationalTable"]
    assert (table["Schema"], table["Name"]) == ("ci_bi_reports", "health")
    by_name = {column["Name"]: column for column in table["InputColumns"]}
    assert by_name["rate"] == {"Name": "rate", "Type": "DECIMAL", "SubType": "FIXED"}
    assert by_name["load"] == {"Name": "load", "Type": "DECIMAL", "SubType": "FLOAT"}
    assert by_name["runs"] == {"Name": "runs", "Type": "INTEGER"}
    transforms = request["LogicalTableMap"]["described"]["DataTransforms"]
    texts = {
        t["TagColumnOperation"]["ColumnName"]: t["TagColumnOperation"]["Tags"][0][
            "ColumnDescription"
        ]["Text"]
        for t in transforms
    }
    assert texts.keys() == {"source", "rate", "run_on"}
    assert len(texts["rate"]) == 500
    assert request["Permissions"][0]["Principal"] == "arn:owner"


def test_a_direct_query_has_no_sub_type_and_no_owner_no_permissions() -> None:
    manifest = changed(*QUICK, "import_mode", to="DIRECT_QUERY")
    [definition] = definitions(manifest, ops_schema="ci_ops")
    request = data_set_request("x", "n", definition, "arn:x", None)
    assert problems("CreateDataSet", request) == ""
    assert "SubType" not in json.dumps(request)
    assert "Permissions" not in request


@pytest.mark.parametrize(
    ("connection", "credentials"),
    [
        (
            Connection("h", 5439, "dev", user="u", password="p"),
            {"CredentialPair": {"Username": "u", "Password": "p"}},
        ),
        (Connection("h", 5439, "dev", secret_arn="arn:s"), {"SecretArn": "arn:s"}),
    ],
)
def test_a_data_source_request_is_what_quick_takes(
    connection: Connection, credentials: dict[str, Any]
) -> None:
    request = data_source_request("redshift", "Redshift", connection, "arn:owner")
    assert problems("CreateDataSource", request) == ""
    assert request["Credentials"] == credentials
    assert "VpcConnectionProperties" not in request

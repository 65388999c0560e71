"""Data sources of Quick, against the running sandbox."""

from typing import Any

import pytest

from tests.sandbox.aws.quick_client import ACCOUNT, Quick, until


def test_a_data_source_is_tried_and_told_without_its_password(quick: Quick) -> None:
    described = quick.described(quick.source())
    assert described["Status"] == "CREATION_SUCCESSFUL"
    assert described["CredentialStatus"] == "CONNECTED"
    assert "Sandbox-1" not in str(described)


@pytest.mark.parametrize(
    ("change", "type_", "words"),
    [
        ({"password": "wrong"}, "ACCESS_DENIED", "password authentication failed"),
        ({"Host": "example.org"}, "UNKNOWN_HOST", "example.org:"),
        ({"Port": 1}, "UNKNOWN_HOST", ":1 is unknown here"),
        ({"Database": "nowhere"}, "GENERIC_SQL_FAILURE", "nowhere"),
    ],
)
def test_a_data_source_that_cannot_connect_fails(
    quick: Quick, change: dict[str, Any], type_: str, words: str
) -> None:
    described = quick.described(quick.source(**change))
    assert described["Status"] == "CREATION_FAILED"
    assert described["ErrorInfo"]["Type"] == type_
    assert words in described["ErrorInfo"]["Message"]


def test_an_update_mends_a_data_source(quick: Quick) -> None:
    id_ = quick.source(password="wrong")
    pair = {"Username": "quick", "Password": "Sandbox-1"}
    quick.client.update_data_source(
        DataSourceId=id_, Name="Mended", Credentials={"CredentialPair": pair}, **ACCOUNT
    )
    until(lambda: quick.described(id_)["Status"] == "UPDATE_SUCCESSFUL")
    assert quick.described(id_)["Name"] == "Mended"
    assert "ErrorInfo" not in quick.described(id_)

"""Requests to answers, without a warehouse."""

import json
import logging
from typing import Any

import pytest

from sandbox.aws.callers import Caller
from sandbox.aws.faults import Faults
from sandbox.aws.protocol import Answer, Params, Request, Served
from sandbox.aws.server import Application

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=SCHEDULER0SANDBOX000/20260331/eu-central-1/{}/aws4_request,"
    " SignedHeaders=host, Signature=0"
)
INGESTION = "/accounts/000000000000/data-sets/a%20b/ingestions/r-1"


def application(answer: Any) -> Application:
    """Both services, each with one operation: it gives `answer`, or raises it."""

    def handler(caller: Caller, params: Params) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        return dict(answer(caller, params))

    return Application(
        {
            "redshift-data": Served("redshift-data", {"DescribeStatement": handler}, "Refused"),
            "quicksight": Served("quicksight", {"DescribeIngestion": handler}, "Refused"),
        },
        Faults(),
    )


def ask(answer: Any, service: str, method: str, target: str, **more: Any) -> tuple[int, Any]:
    headers = {"authorization": SIGNED.format(service), **more.pop("headers", {})}
    response = application(answer).answer(Request(method, target, headers, more.get("body", b"")))
    assert response is not None
    code = response.headers.get("x-amzn-ErrorType")
    return response.status, {**json.loads(response.body), **({"__type": code} if code else {})}


def describe(
    answer: Any, body: bytes = b'{"Id": "%s"}' % (b"0" * 8 + b"-0000" * 3 + b"-" + b"0" * 12)
) -> Any:
    target = {"x-amz-target": "RedshiftData.DescribeStatement"}
    return ask(answer, "redshift-data", "POST", "/", headers=target, body=body)


def test_path_labels_and_the_status_line_are_translated() -> None:
    def answer(caller: Caller, params: Params) -> Answer:
        assert caller.user == "scheduler"
        assert params == {
            "AwsAccountId": "000000000000",
            "DataSetId": "a b",
            "IngestionId": "r-1",
        }
        return {"RequestId": "x", "Status": 201}

    assert ask(answer, "quicksight", "GET", INGESTION) == (201, {"RequestId": "x"})


@pytest.mark.parametrize("service", ["redshift-data", "quicksight"])
def test_an_answer_that_breaks_the_model_is_a_defect(
    service: str, caplog: pytest.LogCaptureFixture
) -> None:
    def bad(_: Caller, __: Params) -> Answer:
        return {"Status": "DONE", "Ingestion": {}}

    with caplog.at_level(logging.ERROR):
        if service == "quicksight":
            status, body = ask(bad, service, "GET", INGESTION)
        else:
            status, body = describe(bad)
    assert status == 500
    assert body["__type"] in ("InternalFailureException", "InternalServerException")
    assert "answers against its model" in caplog.text


def test_a_handler_that_breaks_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, _ = describe(ZeroDivisionError("oops"))
    assert status == 500
    assert "oops" in caplog.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "Value null at 'Id'"),
        (b'{"Id": "x", "Name": 1}', "2 validation errors detected"),
    ],
)
def test_bad_bodies_are_refused(body: bytes, words: str) -> None:
    status, answer = describe(lambda *_: {}, body)
    assert status == 400
    assert words in answer["Message"]


def test_a_request_without_a_signature_is_refused() -> None:
    request = Request("GET", INGESTION, {}, b"")
    response = application(lambda *_: {}).answer(request)
    assert response is not None
    assert response.status == 403
    assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_a_service_that_is_not_served_is_named() -> None:
    status, body = ask(lambda *_: {}, "s3", "GET", "/")
    assert status == 404
    assert "'s3' is not served here" in body["Message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"operation": "Statement"}', 200), (b"{", 400), (b'{"operation": 1}', 400)],
)
def test_faults_are_ordered_by_http(body: bytes, status: int) -> None:
    response = application(lambda *_: {}).answer(Request("POST", "/_faults", {}, body))
    assert response is not None
    assert response.status == status

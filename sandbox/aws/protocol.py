"""The two AWS protocols spoken here, as pure translations between HTTP and parameters.

awsJson1.1 (redshift-data): one path, the operation in X-Amz-Target, parameters as a JSON body.
restJson1 (quicksight): the operation is the method and path; parameters stand in path, query and
JSON body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.model import OperationModel

from sandbox.aws.callers import Caller
from sandbox.aws.contract import operation_model, problems, service_model
from sandbox.aws.errors import ContractBroken, ServiceError

Params = Mapping[str, Any]
Answer = dict[str, Any]
Operation = Callable[[Caller, Params], Answer]


@dataclass(frozen=True)
class Served:
    """One AWS service as served here.

    `name`: botocore's name. `operations`: handlers by operation name. `refusal`: the error code of
    a request that breaks the service model.
    """

    name: str
    operations: Mapping[str, Operation]
    refusal: str


@dataclass(frozen=True)
class Request:
    """An HTTP request as received: `target` is path and query, `headers` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """An HTTP answer: `body` is JSON text in UTF-8."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read(request: Request, served: Served) -> tuple[str, dict[str, Any]]:
    """The operation a request names and its parameters, not yet checked; raises ServiceError."""
    body = _json_body(request, served)
    if service_model(served.name).metadata["protocol"] == "json":
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if operation not in served.operations:
            raise _not_served(operation or "no operation", served)
        return operation, body
    parts = urlsplit(request.target)
    found = _match(request.method, parts.path, served.name, tuple(served.operations))
    if found is None:
        other = _match(
            request.method,
            parts.path,
            served.name,
            tuple(service_model(served.name).operation_names),
        )
        raise _not_served(other[0] if other else f"{request.method} {parts.path}", served)
    operation, labels = found
    return operation, body | _query_members(
        operation_model(served.name, operation), parts.query, served
    ) | labels


def check_request(operation: str, params: Params, served: Served) -> dict[str, Any]:
    """The parameters without nulls; raises the service's refusal where they break its model."""
    given = {name: value for name, value in params.items() if value is not None}
    found = list(problems(given, operation_model(served.name, operation).input_shape))
    if found:
        plural = "s" if len(found) > 1 else ""
        raise ServiceError(
            served.refusal, f"{len(found)} validation error{plural} detected: {'; '.join(found)}"
        )
    return given


def check_answer(operation: str, answer: Params, served: Served) -> None:
    """Raise ContractBroken when an answer breaks botocore's model."""
    found = list(problems(dict(answer), operation_model(served.name, operation).output_shape))
    if found:
        raise ContractBroken(
            f"{served.name} {operation} answers against its model: {'; '.join(found)}"
        )


def write(operation: str, answer: Params, served: Served, request_id: str) -> Response:
    """The HTTP form of a good answer; a member that stands for the HTTP status leaves the body."""
    shape = operation_model(served.name, operation).output_shape
    in_status_line = {
        name
        for name, member in shape.members.items()
        if member.serialization.get("location") == "statusCode"
    }
    status = next((answer[name] for name in in_status_line if name in answer), 200)
    body = {name: value for name, value in answer.items() if name not in in_status_line}
    return _response(status, body, served.name, request_id)


def write_error(error: ServiceError, service: str, request_id: str) -> Response:
    """The HTTP form of an error answer."""
    if service == "quicksight":
        body = {"Message": error.message, "RequestId": request_id, **error.members}
        return _response(error.status, body, service, request_id, {"x-amzn-ErrorType": error.code})
    body = {
        "__type": error.code,
        "Message": error.message,
        "message": error.message,
        **error.members,
    }
    return _response(error.status, body, service, request_id)


def _response(
    status: int, body: Params, service: str, request_id: str, more: Mapping[str, str] | None = None
) -> Response:
    version = "1.1" if service == "redshift-data" else "1.0"
    headers = {
        "Content-Type": f"application/x-amz-json-{version}",
        "x-amzn-RequestId": request_id,
        **(more or {}),
    }
    return Response(status, headers, json.dumps(body, separators=(",", ":")).encode())


def _json_body(request: Request, served: Served) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ServiceError(
            "SerializationException", f"The request body is not JSON: {error}"
        ) from error
    if not isinstance(body, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object.")
    return body


def _query_members(operation: OperationModel, query: str, served: Served) -> dict[str, Any]:
    values = parse_qs(query, keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, member in operation.input_shape.members.items():
        key = member.serialization.get("name", name)
        if member.serialization.get("location") != "querystring" or key not in values:
            continue
        text = values[key][-1]
        try:
            found[name] = int(text) if member.type_name in ("integer", "long") else text
        except ValueError as error:
            raise ServiceError(
                served.refusal, f"Query parameter '{key}' is not a number: {text!r}"
            ) from error
    return found


def _match(
    method: str, path: str, service: str, names: tuple[str, ...]
) -> tuple[str, dict[str, str]] | None:
    for operation, wanted_method, pattern in _routes(service, names):
        found = pattern.fullmatch(path) if method == wanted_method else None
        if found:
            return operation, {label: unquote(text) for label, text in found.groupdict().items()}
    return None


@cache
def _routes(service: str, names: tuple[str, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple(_route(operation_model(service, name)) for name in names)


def _route(operation: OperationModel) -> tuple[str, str, re.Pattern[str]]:
    path = urlsplit(operation.http["requestUri"]).path
    pieces: Iterable[str] = re.split(r"\{(\w+)\+?\}", path)
    pattern = "".join(
        f"(?P<{piece}>[^/]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)
    )
    return operation.name, operation.http["method"], re.compile(pattern)


def _not_served(operation: str, served: Served) -> ServiceError:
    return ServiceError(
        "UnknownOperationException",
        f"{served.name} {operation} is not served here; "
        f"served are: {', '.join(sorted(served.operations))}.",
        404 if served.name == "quicksight" else 400,
    )

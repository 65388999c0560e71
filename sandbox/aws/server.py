"""The HTTP server: requests to operations, errors to answers, faults on order."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.aws.callers import identify
from sandbox.aws.errors import BadFault, ContractBroken, ServiceError
from sandbox.aws.faults import NO_FAULT, Fault, Faults, overlay, parse_fault
from sandbox.aws.protocol import (
    Request,
    Response,
    Served,
    check_answer,
    check_request,
    read,
    write,
    write_error,
)
from sandbox.home import HOST

FAULTS_PATH = "/_faults"
BODY_BYTES = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class Application:
    """Answers requests for the given services."""

    def __init__(self, services: Mapping[str, Served], faults: Faults) -> None:
        self._services = services
        self._faults = faults
        self._operations = {name for one in services.values() for name in one.operations}

    def answer(self, request: Request) -> Response | None:
        """The answer to a request; None where a fault closes the connection instead."""
        if request.target == FAULTS_PATH:
            return self._order(request)
        request_id = str(uuid.uuid4())
        service = _service_of(request)
        try:
            caller, service = identify(request.headers.get("authorization"))
            served = self._services.get(service)
            if served is None:
                raise ServiceError(
                    "UnknownOperationException", f"The service {service!r} is not served here.", 404
                )
            operation, params = read(request, served)
            fault = self._faults.take(operation, params)
            _strike(fault)
            if fault.drop == "before":
                return None
            given = check_request(operation, params, served)
            answer = served.operations[operation](caller, given)
            check_answer(operation, answer, served)
            changed = overlay(answer, fault.set)
            return None if fault.drop == "after" else write(operation, changed, served, request_id)
        except ServiceError as error:
            return write_error(error, service, request_id)
        except ContractBroken as error:
            log.error("request %s: %s", request_id, error)
        except Exception:
            log.exception("request %s: %s %s", request_id, request.method, request.target)
        code = "InternalFailureException" if service == "quicksight" else "InternalServerException"
        return write_error(
            ServiceError(code, "Internal failure, see the log of the server.", 500),
            service,
            request_id,
        )

    def _order(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                self._faults.order(parse_fault(json.loads(request.body), self._operations))
            elif request.method == "DELETE":
                self._faults.forget()
        except (BadFault, ValueError) as error:
            return _plain(400, {"error": str(error)})
        return _plain(200, {"faults": [asdict(fault) for fault in self._faults.standing()]})


def _service_of(request: Request) -> str:
    """The service an unsigned request is meant for, so that its error can be read."""
    return "redshift-data" if "x-amz-target" in request.headers else "quicksight"


def _strike(fault: Fault) -> None:
    if fault is NO_FAULT:
        return
    if fault.delay:
        time.sleep(fault.delay)
    if fault.error:
        raise ServiceError(fault.error, fault.message, fault.status)


def _plain(status: int, body: Mapping[str, object]) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Application) -> None:
        super().__init__((HOST, port), _Handler)
        self.application = application


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one packet for head and body, else Nagle's algorithm delays the second
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES:
            self.close_connection = True
            self._send(
                _plain(413, {"message": f"the request body has more than {BODY_BYTES} bytes"})
            )
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        response = self.server.application.answer(request)
        if response is None:
            self.close_connection = True
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        log.debug(format, *args)


def make_server(port: int, application: Application) -> ThreadingHTTPServer:
    """A server on 127.0.0.1, listening; port 0 takes a free one (`server_port` tells which)."""
    return _Server(port, application)

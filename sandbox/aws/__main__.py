"""`python -m sandbox.aws --home DIR --port N --ready FILE`: serve until SIGTERM."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from http.server import ThreadingHTTPServer
from pathlib import Path

import click

from sandbox.aws.data_api.execution import Execution
from sandbox.aws.data_api.records import Statements
from sandbox.aws.data_api.service import DataApi
from sandbox.aws.errors import WarehouseLost
from sandbox.aws.faults import Faults
from sandbox.aws.quick.loading import Loading
from sandbox.aws.quick.records import QuickRecords
from sandbox.aws.quick.service import Quick
from sandbox.aws.server import Application, make_server
from sandbox.aws.store import FILE_NAME, Store
from sandbox.aws.warehouse import Login
from sandbox.errors import SandboxError
from sandbox.home import DATABASE, SERVICE_USER, USER_PASSWORD, Home
from sandbox.watch import end_with


def login(home: Home, user: str, database: str) -> Login:
    """How to reach the warehouse of a home now; raises WarehouseLost when it is down."""
    try:
        state = home.state()
    except SandboxError as error:
        raise WarehouseLost(str(error)) from error
    if state.wire is None:
        raise WarehouseLost(f"the warehouse of {home.path} is not up: run `sandbox up`")
    password = state.service_password if user == SERVICE_USER else USER_PASSWORD
    return Login(state.wire.host, state.wire.port, database, user, password)


def build(home: Home, port: int) -> tuple[ThreadingHTTPServer, Store]:
    """A server over the home's store; what an earlier process left is taken up again."""
    store = Store(home.path / FILE_NAME)
    faults = Faults()

    def login_as(user: str, database: str) -> Login:
        return login(home, user, database)

    statements, records = Statements(store), QuickRecords(store)
    execution = Execution(statements, login_as, time.time, faults)
    loading = Loading(records, login_as, time.time, faults)
    execution.recover(SERVICE_USER, DATABASE)
    loading.recover()
    data_api, quick = (
        DataApi(statements, execution, time.time).served(),
        Quick(records, loading, time.time).served(),
    )
    return make_server(
        port, Application({data_api.name: data_api, quick.name: quick}, faults)
    ), store


@click.command()
@click.option(
    "--home",
    "home_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Home of the sandbox.",
)
@click.option(
    "--port", type=int, default=0, show_default=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--ready", type=click.Path(path_type=Path), help='File to write {"port": N} to once it listens.'
)
def main(home_path: Path, port: int, ready: Path | None) -> None:
    """Serve the AWS APIs of a sandbox."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    home = Home(home_path)
    end_with(home)
    server, store = build(home, port)
    if ready:
        draft = ready.with_suffix(".new")
        draft.write_text(json.dumps({"port": server.server_port}))
        draft.replace(ready)
    try:
        server.serve_forever()
    finally:
        store.close()


if __name__ == "__main__":
    main()

"""`python -m sandbox.wire`: the listener as a process."""

import argparse
import asyncio
import functools
import json
import logging
import os
import signal
import sys
from pathlib import Path

from sandbox.dialect import translate
from sandbox.errors import SandboxError
from sandbox.home import HOST, SERVICE_USER, Home
from sandbox.watch import end_with
from sandbox.wire.journal import Journal
from sandbox.wire.server import Server, Warehouse

STATEMENT_LOG = "SANDBOX_WIRE_LOG"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.wire", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the sandbox's directory")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--ready", type=Path, help='where to write {"port": N} when it listens')
    return parser.parse_args()


async def _serve(server: Server, port: int, ready: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    listener = await asyncio.start_server(server.serve, HOST, port)
    if ready:
        ready.write_text(json.dumps({"port": listener.sockets[0].getsockname()[1]}) + "\n")
    await stop.wait()
    listener.close()
    await server.service.close()


def main() -> int:
    """Serve until told to end."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    home = Home(arguments.home)
    try:
        state = home.state()
    except SandboxError as error:
        logging.getLogger(__name__).error("%s", error)
        return error.exit_code
    end_with(home)
    wanted = os.environ.get(STATEMENT_LOG) == "1"
    journal = Journal.open(home.log_dir / "statements.jsonl") if wanted else Journal()
    socket = Path(state.engine.socket_dir) / ".s.PGSQL.5432"
    server = Server(
        Warehouse(socket, state.database, SERVICE_USER, state.service_password),
        functools.partial(translate, database=state.database),
        journal,
    )
    asyncio.run(_serve(server, arguments.port, arguments.ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())

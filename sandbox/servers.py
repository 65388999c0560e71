"""The TCP servers of the sandbox, `python -m sandbox.<name>`: start, stop, which port."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.deadline import Deadline
from sandbox.errors import PortInUse, ServerFailed
from sandbox.home import HOST, Home, ServerState

ROOT = Path(__file__).parent.parent  # the packages lie here, whatever directory the caller is in


@dataclass(frozen=True)
class Server:
    """One of them. `option` is the flag of `sandbox up` that names its port."""

    name: str
    home: Home
    default_port: int
    option: str

    def start(
        self, saved: ServerState | None, asked: int | None, deadline: Deadline
    ) -> ServerState:
        """Start it unless it runs. Raises PortInUse and ServerFailed."""
        if not self.home.alive(self.name):
            self._launch(self._port(saved, asked), deadline)
        # The ready file and the lock tell of a server, also of one whose `up` was killed.
        deadline.wait(lambda: _told(self._ready) is not None or not self.home.alive(self.name))
        port, pid = _told(self._ready), self.home.pid(self.name)
        if port is None or pid is None:
            raise ServerFailed(
                f"the {self.name} process did not start: "
                f"{self.home.last_word(self.name)} (see {self._log})"
            )
        if asked and asked != port:
            raise PortInUse(f"{self.name} already runs on port {port}: run `sandbox down` first")
        return ServerState(HOST, port, pid)

    def stop(self, saved: ServerState | None, deadline: Deadline) -> ServerState | None:
        """End it, by force when the time runs out; its port is kept."""
        for sign, until in ((signal.SIGTERM, deadline), (signal.SIGKILL, Deadline.after(2))):
            pid = self.home.pid(self.name)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, sign)
            if until.wait(lambda: not self.home.alive(self.name)):
                return replace(saved, pid=None) if saved else None
        raise ServerFailed(f"the {self.name} process does not end: see {self._log}")

    def _launch(self, port: int, deadline: Deadline) -> None:
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"sandbox.{self.name}", "--home", str(self.home.path)]
        command += ["--port", str(port), "--ready", str(self._ready)]
        with self.home.alive_lock(self.name, deadline) as lock, self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
                cwd=ROOT,
            )
            os.write(lock, str(process.pid).encode())

    @property
    def _ready(self) -> Path:
        return self.home.path / f"{self.name}.ready"

    @property
    def _log(self) -> Path:
        return self.home.log_dir / f"{self.name}.log"

    def _port(self, saved: ServerState | None, asked: int | None) -> int:
        """The port asked for, else the last one, else the default; 0 lets the system choose."""
        last = saved.port if saved else self.default_port
        port = last if asked is None else asked
        if _free(port):
            return port
        if asked is None and saved and port != self.default_port:
            return 0
        raise PortInUse(
            f"port {port} is in use by another program: "
            f"run `sandbox up {self.option} 0` to take a free one"
        )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _told(ready: Path) -> int | None:
    try:
        return int(json.loads(ready.read_text())["port"])
    except (FileNotFoundError, ValueError):  # not there, or half written
        return None

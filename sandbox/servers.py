"""The TCP servers of the sandbox, `python -m sandbox.<name>`: start, stop, which port."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.deadline import Deadline
from sandbox.errors import PortInUse, ServerFailed
from sandbox.home import HOST, Home, ServerState


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
        if saved and saved.pid and self.home.alive(self.name):
            if asked and asked != saved.port:
                raise PortInUse(
                    f"{self.name} already runs on port {saved.port}: run `sandbox down` first"
                )
            return saved
        port = self._port(saved, asked)
        ready = self.home.path / f"{self.name}.ready"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"sandbox.{self.name}", "--home", str(self.home.path)]
        command += ["--port", str(port), "--ready", str(ready)]
        with self.home.alive_lock(self.name, deadline) as lock, self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
        if not deadline.wait(lambda: _told(ready) is not None or process.poll() is not None):
            process.kill()
        told = _told(ready)
        if told is None:
            raise ServerFailed(f"the {self.name} process did not start: see the end of {self._log}")
        return ServerState(HOST, told, process.pid)

    def stop(self, saved: ServerState | None, deadline: Deadline) -> ServerState | None:
        """End it, by force when the time runs out; its port is kept."""
        if saved is None:
            return None
        for sign, until in ((signal.SIGTERM, deadline), (signal.SIGKILL, Deadline.after(2))):
            if saved.pid and self.home.alive(self.name):
                os.kill(saved.pid, sign)
            if until.wait(lambda: not self.home.alive(self.name)):
                return replace(saved, pid=None)
        raise ServerFailed(f"the {self.name} process {saved.pid} does not end: see {self._log}")

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

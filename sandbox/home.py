"""The home directory of a sandbox: what runs, where, and who may change it.

<home>/state.json       ports, process ids, where the cluster lies (mode 0600)
<home>/log/             one log per process
<home>/up.lock          held by the command that changes the sandbox; first to come, last to go
<home>/<name>.alive     held by the process <name> for as long as it lives
<home>/<name>.ready     where the process <name> listens
<home>/warehouse/       the cluster, where it can lie here (sandbox/engine/place.py)
<home>/aws.sqlite       what the AWS APIs remember (sandbox/aws/store.py)
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.deadline import Deadline
from sandbox.errors import Busy, HomeBroken, SandboxDown

VERSION = 1
ANOTHER = "name another directory by --home or SANDBOX_HOME"
PROCESSES = ("engine", "wire", "aws")
LOCK = "up.lock"
LOGS = (*(f"{name}.log" for name in PROCESSES), "statements.jsonl")
MADE = (
    *("state.json", "state.new"),
    *("aws.sqlite", "aws.sqlite-wal", "aws.sqlite-shm", "aws.sqlite-journal"),
    *(f"{name}.{kind}" for name in PROCESSES for kind in ("ready", "new", "alive")),
    LOCK,
)
HOST = "127.0.0.1"
DATABASE = "dev"
SERVICE_USER = "rdsdb"
USERS = ("admin", "deployer", "scheduler", "quick")
USER_PASSWORD = "Sandbox-1"  # loopback only, the same on every machine


@dataclass(frozen=True)
class EngineState:
    """PostgreSQL: its cluster, its Unix socket's directory, its process (None when stopped)."""

    data_dir: str
    socket_dir: str
    pg_pid: int | None = None


@dataclass(frozen=True)
class ServerState:
    """A TCP server of the sandbox. The port is kept while it is stopped (pid None)."""

    host: str
    port: int
    pid: int | None = None


@dataclass(frozen=True)
class State:
    """All of state.json."""

    engine: EngineState
    service_password: str
    wire: ServerState | None = None
    aws: ServerState | None = None
    database: str = DATABASE
    version: int = VERSION

    def server(self, name: str) -> ServerState | None:
        """The server "wire" or "aws", None when it never ran."""
        return {"wire": self.wire, "aws": self.aws}[name]

    def with_server(self, name: str, server: ServerState | None) -> "State":
        """The same state with another "wire" or "aws" server."""
        return replace(self, wire=server) if name == "wire" else replace(self, aws=server)


@dataclass(frozen=True)
class Home:
    """One sandbox, named by its directory."""

    path: Path

    @classmethod
    def find(cls, given: str | Path | None = None) -> "Home":
        """The home that was asked for, else SANDBOX_HOME, else `.sandbox` here."""
        return cls(Path(given or os.environ.get("SANDBOX_HOME") or ".sandbox").absolute())

    @property
    def state_file(self) -> Path:
        """What runs, as JSON."""
        return self.path / "state.json"

    @property
    def log_dir(self) -> Path:
        """Where each process writes `<name>.log`."""
        return self.path / "log"

    def last_word(self, name: str) -> str:
        """The last line that the process `name` wrote to its log."""
        try:
            lines = (self.log_dir / f"{name}.log").read_text(errors="replace").split("\n")
        except FileNotFoundError:
            lines = []
        return next((line for line in reversed(lines) if line.strip()), "it wrote nothing")

    def alive_file(self, name: str) -> Path:
        """The file that the process `name` holds locked."""
        return self.path / f"{name}.alive"

    def alive(self, name: str) -> bool:
        """Whether the process `name` ("engine", "wire", "aws") lives.

        It holds a lock that the system drops with it, so a reused process id deceives nobody.
        """
        try:
            with self.alive_file(name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def pid(self, name: str) -> int | None:
        """The process id that `name` was started with, None when it does not live."""
        try:
            return int(self.alive_file(name).read_text()) if self.alive(name) else None
        except ValueError:  # it was started in this very moment
            return None

    def state(self) -> State:
        """What runs here.

        Raises SandboxDown when nothing does, HomeBroken when state.json is no state.
        """
        state = self.saved()
        if state is None:
            raise self.none_here()
        if not self.alive("engine"):
            raise SandboxDown(f"the sandbox in {self.path} is stopped: run `sandbox up`")
        return state

    def none_here(self) -> SandboxDown:
        """The error of whoever needs a sandbox where there is none."""
        return SandboxDown(
            f"no sandbox in {self.path}: "
            "run `sandbox up`, or name its home by --home or SANDBOX_HOME"
        )

    def saved(self) -> State | None:
        """The last state written, running or not; None in a new home."""
        try:
            return _state(json.loads(self.state_file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            ours = (self.path / LOCK).exists()
            remedy = "run `sandbox down --delete`, then `sandbox up`" if ours else ANOTHER
            raise HomeBroken(
                f"{self.state_file} is not a sandbox's state ({error}): {remedy}"
            ) from error

    def save(self, state: State) -> None:
        """Write state.json whole or not at all, readable by its owner only."""
        draft = self.state_file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(state), file, indent=1)
        draft.replace(self.state_file)

    @contextmanager
    def changing(self, deadline: Deadline) -> Iterator[None]:
        """Hold the home for a change, so that two `sandbox up` never race.

        Raises Busy, and HomeBroken when there can be no such directory or it is no sandbox's.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._refuse_foreign()
            (self.path / LOCK).touch()
            self.log_dir.mkdir(exist_ok=True)
        except OSError as error:
            raise HomeBroken(
                f"{self.path} cannot hold a sandbox ({error.strerror}): {ANOTHER}"
            ) from error
        with (self.path / LOCK).open("wb") as file:
            if not deadline.wait(lambda: _locked(file.fileno())):
                raise Busy(f"another `sandbox up` or `down` is at work in {self.path}: wait for it")
            yield

    def _refuse_foreign(self) -> None:
        names = os.listdir(self.path)
        if names and LOCK not in names and self.saved() is None:
            raise HomeBroken(f"{self.path} holds files that are no sandbox's: {ANOTHER}")

    def clear(self) -> None:
        """Remove what a sandbox made here, and the directory unless it holds something else."""
        remove(self.log_dir, LOGS)
        remove(self.path, MADE)

    @contextmanager
    def alive_lock(self, name: str, deadline: Deadline) -> Iterator[int]:
        """The lock that a new process `name` inherits: a file descriptor.

        Raises Busy while the old process lives.
        """
        with self.alive_file(name).open("ab") as file:
            if not deadline.wait(lambda: _locked(file.fileno())):
                raise Busy(
                    f"the old {name} process of {self.path} does not end: "
                    "run `sandbox down`, then `sandbox up`"
                )
            file.truncate(0)
            yield file.fileno()


def remove(directory: Path, names: Iterable[str]) -> None:
    """Delete these, in their order, and then the directory unless it holds something else."""
    for path in (directory / name for name in names):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):
        directory.rmdir()


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _state(value: dict[str, Any]) -> State:
    if value["version"] != VERSION:
        raise ValueError(f"version {value['version']}, not {VERSION}")
    servers = {
        name: ServerState(**value[name]) if value[name] else None for name in ("wire", "aws")
    }
    return replace(State(**{**value, **servers}), engine=EngineState(**value["engine"]))

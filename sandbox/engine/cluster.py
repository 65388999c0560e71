"""The PostgreSQL cluster of one sandbox: make it, start it, stop it."""

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.deadline import Deadline
from sandbox.engine.binaries import Account, programs
from sandbox.engine.place import SOCKET_NAME, base_of, give
from sandbox.errors import HomeBroken, ServerFailed
from sandbox.home import DATABASE, SERVICE_USER, USER_PASSWORD, USERS, EngineState, Home

SQL = Path(__file__).parent / "sql"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    # A killed process loses nothing that was committed; only the machine's own crash could.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    # Redshift joins by hash or merge wherever there is an equality:
    # https://docs.aws.amazon.com/redshift/latest/dg/c-the-query-plan.html
    "enable_nestloop": "off",
    # With helpers a bare scan would be quicker than the same scan in a larger statement, where
    # PostgreSQL has the leader alone compute; and they would not tell what they read.
    "max_parallel_workers_per_gather": "0",
    # New rows go to the end, where zones are narrow. A background VACUUM after a large load would
    # instead let them fill the gaps of old pages, and so widen the zones of those.
    "autovacuum_vacuum_insert_threshold": "-1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Redshift's default level is SNAPSHOT: https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
    "default_transaction_isolation": "repeatable read",
    "lc_messages": "C",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u ",
}


@dataclass(frozen=True)
class Cluster:
    """The cluster of one home. `password` is the service user's."""

    home: Home
    engine: EngineState
    who: Account
    password: str

    def start(self, deadline: Deadline) -> EngineState:
        """Make the cluster if it is new, start it if it is stopped.

        Raises HomeBroken when the data directory was made by another version, ServerFailed when
        PostgreSQL does not come up.
        """
        if self._marked() is None:
            return self._make(deadline)
        self._check_version()
        if not self._lives():
            self._launch(deadline)
        return replace(self.engine, pg_pid=self.home.pid("engine"))

    def _make(self, deadline: Deadline) -> EngineState:
        # Without its marker a cluster is the rest of an `up` that was killed: nobody has used it.
        self.stop(deadline)
        shutil.rmtree(self._data, ignore_errors=True)
        self._initialise(deadline)
        self._launch(deadline)
        self._apply_sql()
        self._marker.write_text(sql_version())
        return replace(self.engine, pg_pid=self.home.pid("engine"))

    def stop(self, deadline: Deadline) -> None:
        """End it gracefully, and by force when the time runs out."""
        stop(self.home, deadline)

    @property
    def _marker(self) -> Path:
        return base_of(self.engine) / "version"

    @property
    def _data(self) -> Path:
        return Path(self.engine.data_dir)

    @property
    def _log(self) -> Path:
        return _log(self.home)

    def _marked(self) -> str | None:
        try:
            return self._marker.read_text()
        except FileNotFoundError:
            return None

    def _check_version(self) -> None:
        if self._marked() != sql_version():
            raise HomeBroken(
                f"the warehouse in {self.home.path} was made by another version of the sandbox: "
                f"run `sandbox down --delete`, then `sandbox up`"
            )
        if not (self._data / "PG_VERSION").exists():
            raise HomeBroken(
                f"{self._data} is no PostgreSQL data directory any more: "
                "run `sandbox down --delete`, then `sandbox up`"
            )

    def _lives(self) -> bool:
        # The lock alone would not do: a killed PostgreSQL's sessions hold it for a moment longer.
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(Path(self.engine.socket_dir) / SOCKET_NAME))
            except OSError:
                return False
        return self.home.alive("engine")

    def _initialise(self, deadline: Deadline) -> None:
        secret = base_of(self.engine) / "secret"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        give(secret, self.who)
        command = [
            str(programs(self.who) / "initdb"),
            f"--pgdata={self._data}",
            f"--username={SERVICE_USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            # Strings compare by bytes as in Redshift, and lower() knows all of Unicode.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
        try:
            # Whoever comes after a killed `up` waits for the initdb that it left.
            with self.home.alive_lock("engine", deadline) as lock:
                self._run(command, pass_fds=(lock,), **self.who.process)
        finally:
            secret.unlink()

    def _launch(self, deadline: Deadline) -> None:
        with self.home.alive_lock("engine", deadline) as lock:
            # The lock is free, so the process whose number a killed one left is not PostgreSQL.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            for left in Path(self.engine.socket_dir).iterdir():
                left.unlink()
            settings = SETTINGS | {"unix_socket_directories": self.engine.socket_dir}
            options = [
                word for name, value in settings.items() for word in ("-c", f"{name}={value}")
            ]
            with self._log.open("ab") as log:
                server = subprocess.Popen(
                    [str(programs(self.who) / "postgres"), "-D", str(self._data), *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(lock,),
                    cwd="/",
                    env={"TZ": "UTC", "LC_ALL": "C"},
                    **self.who.process,
                )
            os.write(lock, str(server.pid).encode())
        if (
            not deadline.wait(lambda: self._ready() or server.poll() is not None)
            or server.poll() is not None
        ):
            raise ServerFailed(
                f"PostgreSQL did not start: {self.home.last_word('engine')} (see {self._log})"
            )

    def _ready(self) -> bool:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (FileNotFoundError, IndexError):
            return False

    def _apply_sql(self) -> None:
        # One transaction: all of Redshift's surface or nothing.
        files = [word for file in sql_files() for word in ("-f", str(file))]
        self._psql("postgres", "-c", f"create database {DATABASE}")
        users = [word for user in USERS for word in ("-v", f"{user}_password={USER_PASSWORD}")]
        self._psql(
            DATABASE,
            "-1",
            *users,
            *files,
            options="-c allow_system_table_mods=on -c check_function_bodies=off",
        )

    def _psql(self, database: str, *arguments: str, options: str = "") -> None:
        command = [
            str(programs(self.who) / "psql"),
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            self.engine.socket_dir,
        ]
        command += ["-U", SERVICE_USER, "-d", database, *arguments]
        self._run(command, env={"PGPASSWORD": self.password, "PGOPTIONS": options, "PGTZ": "UTC"})

    def _run(self, command: list[str], env: dict[str, str] | None = None, **process: Any) -> None:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC"} | (env or {}),
            check=False,
            **process,
        )
        if done.returncode:
            raise ServerFailed(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


def stop(home: Home, deadline: Deadline) -> None:
    """End the PostgreSQL of a home, whatever its state says; by force when the time runs out."""
    for sign, until in (
        (signal.SIGINT, deadline),
        (signal.SIGQUIT, Deadline.after(2)),
        (signal.SIGKILL, Deadline.after(2)),
    ):
        pid = home.pid("engine")
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
        if until.wait(lambda: not home.alive("engine")):
            return
    raise ServerFailed(f"PostgreSQL of {home.path} does not stop: see {_log(home)}")


def _log(home: Home) -> Path:
    return home.log_dir / "engine.log"


def sql_files() -> list[Path]:
    """All of it in the order it is applied: the type SUPER first, the rest leans on it."""
    return sorted(
        SQL.glob("*.sql"), key=lambda file: (not file.stem.startswith("super"), file.stem)
    )


def sql_version() -> str:
    """Names the SQL a warehouse is made with: one made with other SQL is not used."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in sql_files())).hexdigest()


def new_password() -> str:
    """A random one for the service user."""
    return secrets.token_urlsafe(24)

"""Where the cluster and its socket lie: in the home, or in a private directory.

A private directory, named by state.json, is made when root runs the sandbox (PostgreSQL's user
cannot reach root's directories) and when the path is too long for a Unix socket.
"""

import os
import shutil
import tempfile
from pathlib import Path

from sandbox.engine.binaries import Account, private_root
from sandbox.errors import HomeBroken
from sandbox.home import EngineState, Home
from sandbox.home import remove as remove_made

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_BYTES = 103  # macOS; Linux has 107
PREFIX = "sandbox-warehouse-"
OWN = "warehouse"
MADE = ("data", "run", "secret", "version", "home")


def choose(home: Home, saved: EngineState | None, who: Account) -> EngineState:
    """The place of this home's cluster, made when it is new.

    Raises HomeBroken when a private one is gone.
    """
    if saved is None:
        own = home.path / OWN
        socket = own / "run" / SOCKET_NAME
        base = (
            own if who.uid is None and len(os.fsencode(socket)) <= SOCKET_BYTES else _private(who)
        )
        saved = EngineState(str(base / "data"), str(base / "run"))
    elif not base_of(saved).exists() and base_of(saved).parent != home.path:
        raise HomeBroken(
            f"the warehouse's directory {base_of(saved)} is gone: "
            "run `sandbox down --delete`, then `sandbox up`"
        )
    _own_directory(base_of(saved), who)
    _own_directory(Path(saved.socket_dir), who)
    return saved


def base_of(engine: EngineState) -> Path:
    """The directory that holds the cluster and its socket's directory."""
    return Path(engine.data_dir).parent


def claim(home: Home, engine: EngineState) -> None:
    """Note in a private directory whose it is, once state.json names it."""
    (base_of(engine) / "home").write_text(str(home.path))


def orphans(who: Account) -> list[Path]:
    """Private directories of homes that were deleted."""
    owner = os.getuid() if who.uid is None else who.uid
    found = []
    for base in private_root().glob(f"{PREFIX}*"):
        try:
            if base.lstat().st_uid == owner and not _named(base):
                found.append(base)
        except (OSError, HomeBroken):  # somebody else's, not claimed yet, or not to be judged
            continue
    return found


def _named(base: Path) -> bool:
    saved = Home(Path((base / "home").read_text())).saved()
    return saved is not None and base_of(saved.engine) == base


def clear(home: Home, engine: EngineState | None) -> None:
    """Delete the warehouse of a home, but no directory that another home claims."""
    if engine is not None and base_of(engine).name.startswith(PREFIX):
        base = base_of(engine)
        if not _of_another(base, home):
            remove(base)
    remove_made(home.path / OWN, MADE)


def _of_another(base: Path, home: Home) -> bool:
    """Whether a home that still exists claims it: `home` may be a copy of that one."""
    try:
        return not Path((base / "home").read_text()).samefile(home.path)
    except FileNotFoundError:  # never claimed, or by a home that was moved to here
        return False


def remove(base: Path) -> None:
    """Delete a warehouse, whatever of it is left."""
    shutil.rmtree(base, ignore_errors=True)


def _private(who: Account) -> Path:
    base = Path(tempfile.mkdtemp(prefix=PREFIX, dir=private_root()))
    _own_directory(base, who)
    return base


def _own_directory(path: Path, who: Account) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    give(path, who)


def give(path: Path, who: Account) -> None:
    """Hand a file or directory that the caller made to the account that PostgreSQL runs as."""
    if who.uid is not None and who.gid is not None:
        os.chown(path, who.uid, who.gid)

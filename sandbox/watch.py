"""A server process ends with its home: `.sandbox/` may be deleted while the sandbox runs."""

import os
import signal
import threading
import time

from sandbox.home import Home

LOOK_SECONDS = 1.0


def end_with(home: Home) -> None:
    """Send SIGTERM to this process as soon as the directory it serves is deleted."""
    directory = os.open(home.path, os.O_RDONLY)
    threading.Thread(target=_watch, args=(home, directory), name="watch", daemon=True).start()


def _watch(home: Home, directory: int) -> None:
    # A directory of the same name may have taken its place; the open one then has no name.
    while os.fstat(directory).st_nlink and home.path.exists():
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)

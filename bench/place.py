"""A sandbox of its own in a folder, used by the commands that a user types."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[1]


class Place:
    """For as long as the `with` block lasts; removed at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "sandbox"
        self.environment = os.environ | {
            "SANDBOX_HOME": str(self.home),
            "SANDBOX_WIRE_LOG": "1",
            "DBT_PROFILES_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }
        shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds("sandbox", "down", "--delete")

    def up(self) -> float:
        """Start the sandbox; how long that took."""
        seconds = self.seconds("sandbox", "up", "--port", "0", "--aws-port", "0")
        self.environment |= json.loads(self.output("sandbox", "env", "--json"))
        return seconds

    def output(self, *command: str, folder: Path = ROOT) -> str:
        """What a command prints; the program ends when the command fails."""
        outcome = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{outcome.stdout}{outcome.stderr}")
        return outcome.stdout

    def seconds(self, *command: str, folder: Path = ROOT) -> float:
        """How long a command takes, start of its program included."""
        start = time.monotonic()
        self.output(*command, folder=folder)
        return time.monotonic() - start

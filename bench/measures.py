"""The measurements, each by the commands that a user types."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from bench.machine import most_megabytes

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[1]
ITEMS = 100_000
REPLICA = 'zero_etl_pipeline_logs.public."pipeline-logs"'


@dataclass(frozen=True)
class Measure:
    """One promise, `limit`, beside what was measured, both in `unit`."""

    what: str
    value: float
    limit: float
    unit: str
    at_least: bool = False
    digits: int = 1

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"kept": self.kept}


class Bench:
    """A sandbox in a folder, for as long as the `with` block lasts."""

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

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timed("sandbox", "down", "--delete")

    def run(self) -> list[Measure]:
        """Every measurement, in the order that lets one prepare the next."""
        self._up()
        self._timed("sandbox", "down")
        again = self._up()
        self._timed("dbt", "--quiet", "--no-use-colors", "build", "--target", "sandbox")
        micros = sorted(self._rewriting())
        rate = self._load()
        self._timed("sandbox", "sql", "--json", f"select * from {REPLICA}")
        wire = json.loads((self.home / "state.json").read_text())["wire"]["pid"]
        median, slowest = (share_of(micros, share) / 1000 for share in (0.5, 0.99))
        return [
            Measure("sandbox up, initialised", again, 2, "s", digits=2),
            Measure("sandbox load, pipeline-logs", rate, 20_000, "items/s", True, 0),
            Measure("rewriting a statement, median", median, 1, "ms", digits=2),
            Measure("rewriting a statement, p99", slowest, 20, "ms", digits=2),
            Measure("memory of the proxy", most_megabytes(wire), 300, "MB", digits=0),
        ]

    def _up(self) -> float:
        seconds = self._timed("sandbox", "up", "--port", "0", "--aws-port", "0")
        exports = self._output("sandbox", "env", "--json")
        self.environment |= json.loads(exports)
        return seconds

    def _load(self) -> float:
        """Items per second, start of the program and commit included."""
        exports = str(self.folder / "exports")
        options = ["--items", str(ITEMS), "--increments", "0", "--json"]
        written = json.loads(self._output("sandbox", "generate", "--out", exports, *options))
        (logs,) = (export for export in written if export["table"] == "pipeline-logs")
        seconds = self._timed("sandbox", "load", "pipeline-logs", logs["path"])
        return float(logs["items"] / seconds)

    def _rewriting(self) -> list[float]:
        """Microseconds per statement that the build sent."""
        journal = self.home / "log" / "statements.jsonl"
        notes = map(json.loads, journal.read_text().splitlines())
        return [note["micros"] for note in notes if "micros" in note]

    def _output(self, *command: str) -> str:
        outcome = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{outcome.stdout}{outcome.stderr}")
        return outcome.stdout

    def _timed(self, *command: str) -> float:
        start = time.monotonic()
        self._output(*command)
        return time.monotonic() - start


def make_seconds(target: str) -> float:
    """How long `make <target>` takes when everything is installed."""
    subprocess.run(["make", f".venv/.installed{'-dev' * (target == 'test')}"], cwd=ROOT, check=True)
    start = time.monotonic()
    subprocess.run(["make", target], cwd=ROOT, check=True, stdout=sys.stderr)
    return time.monotonic() - start


def share_of(ordered: list[float], share: float) -> float:
    """The value below which `share` of the ordered values lie; it is one of them."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

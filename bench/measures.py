"""The measurements, each by the commands that a user types."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from bench.machine import most_megabytes
from bench.place import ROOT, Place

ITEMS = 100_000
REPLICA = 'zero_etl_pipeline_logs.public."pipeline-logs"'


@dataclass(frozen=True)
class Measure:
    """One promise, `limit`, beside what was measured, both in `unit`.

    `excuse` says where it is explained why the promise cannot be kept.
    """

    what: str
    value: float
    limit: float
    unit: str
    at_least: bool = False
    digits: int = 1
    excuse: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def passes(self) -> bool:
        """Whether the promise holds, or is known not to."""
        return self.kept or bool(self.excuse)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"kept": self.kept}


def promises(place: Place) -> list[Measure]:
    """Every measurement of the sandbox itself, in the order that lets one prepare the next."""
    place.up()
    place.output("sandbox", "down")
    again = place.up()
    place.output("dbt", "--quiet", "--no-use-colors", "build", "--target", "sandbox")
    micros = sorted(_rewriting(place))
    rate = _load(place)
    place.output("sandbox", "sql", "--json", f"select * from {REPLICA}")
    wire = json.loads((place.home / "state.json").read_text())["wire"]["pid"]
    median, slowest = (share_of(micros, share) / 1000 for share in (0.5, 0.99))
    return [
        Measure("sandbox up, initialised", again, 2, "s", digits=2),
        Measure("sandbox load, pipeline-logs", rate, 20_000, "items/s", True, 0),
        Measure("rewriting a statement, median", median, 1, "ms", digits=2),
        Measure("rewriting a statement, p99", slowest, 20, "ms", digits=2),
        Measure("memory of the proxy", most_megabytes(wire), 300, "MB", digits=0),
    ]


def _load(place: Place) -> float:
    """Items per second, start of the program and commit included."""
    exports = str(place.folder / "exports")
    options = ["--items", str(ITEMS), "--increments", "0", "--json"]
    written = json.loads(place.output("sandbox", "generate", "--out", exports, *options))
    (logs,) = (export for export in written if export["table"] == "pipeline-logs")
    seconds = place.seconds("sandbox", "load", "pipeline-logs", logs["path"])
    return float(logs["items"] / seconds)


def _rewriting(place: Place) -> list[float]:
    """Microseconds per statement that the build sent."""
    journal = place.home / "log" / "statements.jsonl"
    notes = map(json.loads, journal.read_text().splitlines())
    return [note["micros"] for note in notes if "micros" in note]


def make_seconds(target: str) -> float:
    """How long `make <target>` takes when everything is installed."""
    subprocess.run(["make", f".venv/.installed{'-dev' * (target == 'test')}"], cwd=ROOT, check=True)
    start = time.monotonic()
    subprocess.run(["make", target], cwd=ROOT, check=True, stdout=sys.stderr)
    return time.monotonic() - start


def share_of(ordered: list[float], share: float) -> float:
    """The value below which `share` of the ordered values lie; it is one of them."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

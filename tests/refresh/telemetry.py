"""Items of the two DynamoDB tables, by hand, and how they reach the replicas."""

import itertools
import json
from pathlib import Path
from typing import Any

from sandbox.home import Home
from sandbox.zero_etl.load import load

Item = dict[str, dict[str, Any]]


def log_item(
    source: str = "orders",
    stage: str = "extract",
    run_date: str = "20260301",
    category: str | None = None,
    status: str = "SUCCEEDED",
    **changed: Any,
) -> Item:
    """A whole item of pipeline-logs; `changed` replaces attributes, None takes one away."""
    day = f"{run_date[:4]}-{run_date[4:6]}-{run_date[6:]}"
    parts = [source, *([category] if category else []), stage, run_date]
    is_open = status in ("STARTED", "RUNNING")
    item: dict[str, Any] = {
        "log_key": {"S": "#".join(parts)},
        "job_id": {"S": f"{source}#{run_date}"},
        "source": {"S": source},
        "category": {"S": category} if category else {"NULL": True},
        "stage": {"S": stage},
        "run_date": {"S": run_date},
        "status": {"S": status},
        "started_at": {"S": f"{day}T02:00:00Z"},
        "completed_at": {"NULL": True} if is_open else {"S": f"{day}T02:10:00Z"},
        "records_processed": {"NULL": True} if is_open else {"N": "100"},
        "error_message": {"S": "Timeout"} if status == "FAILED" else {"NULL": True},
        "metadata": {"M": {"attempt": {"N": "1"}, "writer": {"S": "lambda"}}},
    }
    item.update(changed)
    return {name: value for name, value in item.items() if value is not None}


def malformed(category: str) -> list[Item]:
    """Items that hold what no reader expects; only the last can be used."""
    return [
        log_item(category=category, stage="bad_status", status="FAILED") | {"status": {"N": "1"}},
        log_item(category=category, stage="bad_run_date", run_date="20260230"),
        log_item(category=category, stage="bad_type", records_processed={"S": "ten"}),
        {"log_key": {"S": f"orders#{category}#only_key#20260301"}},
        log_item(category=category, stage="long", error_message={"S": "x" * 70_000}),
    ]


class Replicas:
    """Writes to DynamoDB that Zero-ETL has replicated, each later than the one before."""

    KEYS = {"pipeline-logs": ["log_key"], "failed-jobs": ["job_key", "failed_at"]}

    def __init__(self, home: Home, folder: Path) -> None:
        self._home = home
        self._folder = folder
        self._writes = itertools.count(1)

    def put(self, *items: Item, table: str = "pipeline-logs", is_late: bool = False) -> None:
        """Put items, as one incremental export; late writes are older than all that are not."""
        heads = [self._head(table, item, is_late) for item in items]
        self._load(
            table, [{"NewImage": item} | head for item, head in zip(items, heads, strict=True)]
        )

    def delete(self, *items: Item, table: str = "pipeline-logs") -> None:
        """Delete items, of which only the key counts."""
        self._load(table, [{"OldImage": item} | self._head(table, item) for item in items])

    def _head(self, table: str, item: Item, is_late: bool = False) -> dict[str, Any]:
        micros = (1_760_000_000_000_000 if is_late else 1_770_000_000_000_000) + next(self._writes)
        return {
            "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
            "Keys": {name: item[name] for name in self.KEYS[table]},
        }

    def _load(self, table: str, records: list[dict[str, Any]]) -> None:
        file = self._folder / f"{next(self._writes)}.json"
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
        load(self._home, table, [file])
        file.unlink()

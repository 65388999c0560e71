"""Telemetry of a size, and changes to it, loaded by the command that users load it with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from bench.place import Place
from sandbox.home import Home
from sandbox.telemetry.exports import Export
from sandbox.telemetry.files import write
from sandbox.zero_etl.session import service

# History grows in days and not in density, so the newest days hold the same at every size.
ITEMS_PER_DAY = 1000
# Past for every clock: a write from the future would be news to history mode again and again.
END = date(2025, 3, 31)
NEWEST_DAYS = 3

Where = Literal["newest", "spread"]
Item = dict[str, Any]

LOGS = '"zero_etl_pipeline_logs.public"."pipeline-logs"'


class Telemetry:
    """The telemetry of one sandbox: loaded once, changed as often as asked."""

    def __init__(self, place: Place, items: int) -> None:
        self.place = place
        self.items = items
        self.days = max(items // ITEMS_PER_DAY, NEWEST_DAYS)
        self._changes = 0

    def load(self) -> None:
        """About `items` items of pipeline-logs and their failed jobs, as full exports."""
        out = self.place.folder / f"exports-{self.items}"
        options = ["--days", str(self.days), "--items", str(self.items), "--increments", "0"]
        options += ["--end", END.isoformat(), "--json"]
        written = json.loads(self.place.output("sandbox", "generate", "--out", str(out), *options))
        for export in written:
            self.place.output("sandbox", "load", export["table"], export["path"])

    def change(self, where: Where, count: int) -> None:
        """Overwrite `count` items: one record more each, in the newest days or over all days."""
        chosen = self._chosen(where, count)
        lines = tuple(self._line(key, item) for key, item in chosen)
        self._load(lines)

    def late_moved_deleted(self, each: int) -> None:
        """What telemetry does besides: `each` items that come late, move to another day, go.

        Late ones are new items of days long past; a moved one keeps its key and names the day
        before; the deleted ones are gone from the table.
        """
        chosen = self._chosen("spread", 3 * each)
        late, moved, deleted = (chosen[at::3] for at in range(3))
        lines = [self._line(*_late(item)) for _, item in late]
        lines += [self._line(key, _moved(item)) for key, item in moved]
        lines += [self._line(key, None) for key, _ in deleted]
        self._load(tuple(lines))

    def _chosen(self, where: Where, count: int) -> list[tuple[str, Item]]:
        """Well-formed items in an order that says nothing, so that none repeats in one change."""
        first = END - timedelta(days=NEWEST_DAYS - 1 if where == "newest" else self.days)
        asked = f"""
            select log_key, value::jsonb::text from {LOGS}
            where right(log_key, 8) between '{first:%Y%m%d}' and '{END:%Y%m%d}'
                and value::jsonb #>> '{{records_processed,N}}' ~ '^[0-9]+$'
                and value::jsonb #>> '{{run_date,S}}' = right(log_key, 8)
            order by md5(log_key || '{self._changes}') limit {count}"""
        with service(Home(self.place.home)) as cursor:
            if _keeps_history(cursor):
                asked = asked.replace("where", "where _record_is_active and", 1)
            cursor.execute(asked)
            chosen = [(key, json.loads(text)) for key, text in cursor.fetchall()]
        if len(chosen) < count:
            raise ValueError(f"{where}: only {len(chosen)} of {count} items can be changed")
        return [(key, _corrected(item)) for key, item in chosen]

    def _line(self, key: str, item: Item | None) -> str:
        micros = int(self._moment().timestamp()) * 1_000_000
        record = {
            "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
            "Keys": {"log_key": {"S": key}},
        }
        return json.dumps(record | ({} if item is None else {"NewImage": item}))

    def _moment(self) -> datetime:
        """After the full export, and further apart than history mode looks back."""
        day = datetime.combine(END, time(), tzinfo=UTC) + timedelta(days=1)
        return day + timedelta(hours=2 * self._changes)

    def _load(self, lines: tuple[str, ...]) -> None:
        begins = self._moment()
        self._changes += 1
        name = f"change-{self.items}-{self._changes}"
        ends = begins + timedelta(hours=2)
        export = Export(name, "pipeline-logs", begins, ends, lines)
        (path,) = write((export,), Path(self.place.folder / name))
        self.place.output("sandbox", "load", "pipeline-logs", str(path))


def _keeps_history(cursor: Any) -> bool:
    cursor.execute(
        "select count(*) from pg_catalog.pg_attribute where attname = '_record_is_active'"
        f" and attrelid = '{LOGS}'::regclass"
    )
    return bool(cursor.fetchone()[0])


def _corrected(item: Item) -> Item:
    records = int(item["records_processed"]["N"])
    return item | {"records_processed": {"N": str(records + 1)}}


def _late(item: Item) -> tuple[str, Item]:
    """The item of a pipeline that nobody has seen, on the day of the one given."""
    key = str(item["log_key"]["S"])
    _, _, stage, day = key.rsplit("#", 3) if key.count("#") == 3 else ("", *key.rsplit("#", 2))
    fresh = f"latecomer#daily#{stage}#{day}"
    return fresh, item | {
        "log_key": {"S": fresh},
        "job_id": {"S": f"latecomer#{day}"},
        "source": {"S": "latecomer"},
        "category": {"S": "daily"},
    }


def _moved(item: Item) -> Item:
    day = date.fromisoformat(item["run_date"]["S"])
    before = f"{day - timedelta(days=1):%Y%m%d}"
    source = item["source"]["S"]
    return item | {"run_date": {"S": before}, "job_id": {"S": f"{source}#{before}"}}

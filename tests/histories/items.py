"""Strategies for what writers do to the two DynamoDB tables, on few keys, so that writes meet."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.refresh.telemetry import Item, log_item

LOGS, REPORTS = "pipeline-logs", "failed-jobs"
DAYS = ("20260227", "20260228", "20260301", "20260303")
PIPELINES = (("returns", None), ("clickstream", "raw"), ("history", None))
STAGES = ("extract", "clean", "merge", "a stage of no catalogue")
STATUSES = ("SUCCEEDED", "FAILED", "STARTED", "RUNNING", "SKIPPED")
FAILED_AT = ("2026-02-28T01:00:00Z", "2026-03-03T02:00:00Z")
TIMES = ("01:00:30", "02:30:30", "02:30:31", "09:59:30")
EXPIRED, NEVER = {"N": "1000"}, {"N": "4102444800"}
# What stands instead of an attribute; None: nothing.
ODD_LOG: tuple[tuple[str, Any], ...] = (
    *(("status", {"S": "PAUSED"}), ("status", {"N": "1"}), ("status", None)),
    *(("run_date", {"S": "20260230"}), ("run_date", {"S": "20991231"}), ("run_date", None)),
    *(("source", {"S": "elsewhere"}), ("category", {"S": "elsewhere"}), ("category", None)),
    *(("records_processed", {"N": "-1"}), ("records_processed", {"S": "10"})),
    *(("started_at", None), ("completed_at", None), ("job_id", None)),
    *(("metadata", None), ("metadata", {"S": "none"}), ("error_message", {"L": []})),
    *(("trace", {"S": "an attribute of no contract"}), ("trace", {"M": {"id": {"N": 1}}})),
)
ODD_REPORT: tuple[tuple[str, Any], ...] = (
    *(("log_key", None), ("log_key", {"S": "elsewhere#extract#20260301"}), ("stage", {"N": "1"})),
    *(("attempt_count", {"N": "many"}), ("attempt_count", None), ("dlq", {"S": "no"})),
    ("trace", {"SS": ["an attribute", "of no contract"]}),
)


@dataclass(frozen=True)
class Put:
    """An item is put; one that is late was written before all others, and arrives now."""

    table: str
    item: Item
    is_late: bool = False


@dataclass(frozen=True)
class Rewrite:
    """Of the items ever put, the one at this place is put again as it was, by its writer."""

    table: str
    place: int


@dataclass(frozen=True)
class Repeat:
    """An old write arrives a second time, which changes nothing."""

    table: str
    place: int


@dataclass(frozen=True)
class Delete:
    """Of the items there are, the one at this place is deleted."""

    table: str
    place: int


Write = Put | Rewrite | Repeat | Delete


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _odd(draw: st.DrawFn, item: Item, ways: tuple[tuple[str, Any], ...]) -> Item:
    if draw(st.integers(0, 4)):
        return item
    name, value = draw(st.sampled_from(ways))
    return {key: held for key, held in (item | {name: value}).items() if held is not None}


def on_day(item: Item, name: str, day: date) -> Item:
    """The item as if what its attribute `name` tells of had happened on another day."""
    was = item.get(name, {}).get("S", "")[:10]
    if not was:
        return item
    told = json.dumps(item).replace(was, f"{day:%Y-%m-%d}")
    moved: Item = json.loads(told.replace(was.replace("-", ""), f"{day:%Y%m%d}"))
    return moved


@st.composite
def logs(draw: st.DrawFn) -> Item:
    """An item of pipeline-logs, one in five malformed or of another schema."""
    source, category = draw(st.sampled_from(PIPELINES))
    at = draw(st.sampled_from(DAYS))
    status = draw(st.sampled_from(STATUSES))
    item = log_item(source, draw(st.sampled_from(STAGES)), at, category, status)
    if draw(st.integers(0, 4)) == 1:
        at = draw(st.sampled_from(DAYS))
        item |= {"run_date": {"S": at}, "job_id": {"S": f"{source}#{at}"}}
    if draw(st.integers(0, 11)) == 1:
        item["log_key"] = {"S": "a key of no day"}
    item["started_at"] = {"S": f"{_iso(at)}T{draw(st.sampled_from(TIMES))}Z"}
    if "S" in item["completed_at"]:
        item["completed_at"] = {"S": f"{_iso(at)}T{draw(st.sampled_from(TIMES))}Z"}
        item["records_processed"] = {"N": draw(st.sampled_from(("0", "7", 12)))}
    told: Item = {}
    if draw(st.booleans()):
        told["attempt"] = {"N": draw(st.sampled_from(("1", "2", 3)))}
    if draw(st.booleans()):
        told["enqueued_at"] = {"S": f"{_iso(at)}T{draw(st.sampled_from(TIMES))}Z"}
    item["metadata"] = {"M": told}
    return _odd(draw, item, ODD_LOG)


@st.composite
def reports(draw: st.DrawFn) -> Item:
    """An item of failed-jobs, of which the expired may be deleted by their time to live."""
    source, category = draw(st.sampled_from(PIPELINES))
    stage, at = draw(st.sampled_from(STAGES[:2])), draw(st.sampled_from(DAYS))
    item: Item = {
        "job_key": {"S": f"{source}#{draw(st.integers(1, 2))}"},
        "failed_at": {"S": draw(st.sampled_from(FAILED_AT))},
        "log_key": {"S": "#".join(filter(None, (source, category, stage, at)))},
        "job_id": {"S": f"{source}#{at}"},
        "source": {"S": source},
        "stage": {"S": stage},
        "attempt_count": {"N": str(draw(st.integers(1, 2)))},
        "dlq": {"BOOL": draw(st.booleans())},
        "ttl": draw(st.sampled_from((EXPIRED, NEVER))),
    }
    if draw(st.booleans()):
        item["resolved_at"] = {"S": f"{_iso(at)}T{draw(st.sampled_from(TIMES))}Z"}
    return _odd(draw, item, ODD_REPORT)


TABLES = st.sampled_from((LOGS, LOGS, REPORTS))
PLACES = st.integers(0, 15)
PUTS = st.one_of(
    *[st.builds(Put, st.just(LOGS), logs())] * 3,
    st.builds(Put, st.just(REPORTS), reports()),
)
BATCHES = st.lists(
    st.one_of(
        *[PUTS] * 3,
        st.builds(Put, st.just(LOGS), logs(), st.just(True)),
        st.builds(Put, st.just(REPORTS), reports(), st.just(True)),
        st.builds(Rewrite, TABLES, PLACES),
        st.builds(Repeat, TABLES, PLACES),
        st.builds(Delete, TABLES, PLACES),
    ),
    min_size=1,
    max_size=6,
)
FIRST_BATCHES = st.lists(PUTS, min_size=4, max_size=10)

"""No item stops a refresh, whatever it holds: each is staged, and the marts stay whole."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.refresh.project import Project
from tests.refresh.telemetry import Item, log_item

DAY = "20260310"
ABSENT = object()
WORDS = (
    *(
        "",
        " ",
        "#",
        ",",
        "'",
        '"',
        "\\",
        "%s",
        "null",
        "é" * 300,
        "\u2028",
        "\U0001f4a5",
        "x" * 70_000,
    ),
    *("-1", "1e400", "NaN", "Infinity", "0x1F", "9" * 40, "1" * 18, "12.5", " 7 ", "+5", "١٢"),
    *("2026-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "now"),
    *("20260230", "00000101", "99991231", "FAILED", "extract", "true"),
)
SHAPES: tuple[Any, ...] = (
    *(ABSENT, None, {}, [], "bare", 7, True, {"S": None}, {"S": {}}, {"S": ["a"]}, {"N": 1.5}),
    *({"N": True}, {"N": 10**30}, {"BOOL": "true"}, {"NULL": True}, {"NULL": False}, {"M": None}),
    *({"M": "text"}, {"L": {}}, {"SS": []}, {"s": "lower"}, {"S": "a", "N": "1"}, {"": {"": ""}}),
)
VALUES = (*SHAPES, *({tag: word} for tag in ("S", "N") for word in WORDS))
METADATA = ("execution_arn", "attempt", "writer", "trigger_type", "enqueued_at")


def with_each_value(whole: Item, keys: set[str]) -> Iterator[Item]:
    """The item with each value in each attribute but the keys."""
    for name in whole.keys() - keys:
        for value in VALUES:
            changed = whole | {name: value}
            yield {key: held for key, held in changed.items() if held is not ABSENT}


def log_items() -> list[Item]:
    whole = log_item("hostile", "stage", DAY)
    inner = [
        whole | {"metadata": {"M": {name: value}}}
        for name in METADATA
        for value in VALUES
        if value is not ABSENT
    ]
    items = [*with_each_value(whole, {"log_key"}), *inner]
    return [
        item | {"log_key": {"S": f"hostile#stage#{number}#{DAY}"}, "category": {"S": str(number)}}
        if item.get("category") == whole["category"]
        else item | {"log_key": {"S": f"hostile#stage{number}#{DAY}"}}
        for number, item in enumerate(items)
    ]


def failed_jobs() -> list[Item]:
    whole: Item = {
        "job_key": {"S": "hostile"},
        "failed_at": {"S": "2026-03-10T02:00:00Z"},
        "log_key": {"S": f"hostile#stage#{DAY}"},
        "job_id": {"S": f"hostile#{DAY}"},
        "source": {"S": "hostile"},
        "stage": {"S": "stage"},
        "error_type": {"S": "Timeout"},
        "error_message": {"S": "no answer"},
        "attempt_count": {"N": "1"},
        "max_attempts": {"N": "3"},
        "eligible": {"BOOL": True},
        "next_retry_at": {"S": "2026-03-10T02:15:00Z"},
        "resolved_at": {"NULL": True},
        "dlq": {"BOOL": False},
        "dlq_at": {"NULL": True},
        "ttl": {"N": "1774915200"},
    }
    items = [*with_each_value(whole, {"job_key", "failed_at"})]
    items += [whole | {"failed_at": {"S": word}} for word in WORDS if 0 < len(word) < 400]
    items.append(whole | {"log_key": {"S": f"hostile#{'x' * 100}#stage#{DAY}"}})
    return [item | {"job_key": {"S": f"hostile#{number}"}} for number, item in enumerate(items)]


def ends_in_blank(item: Item) -> bool:
    """Of its table's sort key; Redshift would take it for the key without the blank."""
    return "job_key" in item and item["failed_at"]["S"].endswith(" ")


@pytest.mark.parametrize(
    ("table", "key", "items", "mart"),
    [
        ("pipeline-logs", "log_key", log_items(), "fct_stage_runs"),
        ("failed-jobs", "job_key", failed_jobs(), "fct_pipeline_failures"),
    ],
    ids=["pipeline-logs", "failed-jobs"],
)
def test_no_item_stops_a_refresh(
    project: Project, table: str, key: str, items: list[Item], mart: str
) -> None:
    project.replicas.put(*items, table=table)

    result = project.refresh()

    assert result["outcome"] == "done"
    staged = project.rows(
        "select has_blocking_issue, contract_issues, log_key"
        f" from {project.schema('staging')}.stg_pipeline_logger__{table.replace('-', '_')}"
        f" where {key} like 'hostile#%' and not is_deleted"
    )
    left_out = [item for item in items if ends_in_blank(item)]
    assert len(staged) == len(items) - len(left_out)
    assert all(issues for is_blocked, issues, _ in staged if is_blocked)
    fit = {log_key for is_blocked, _, log_key in staged if not is_blocked}
    shown = project.rows(
        f"select distinct log_key from {project.schema('bi_reports')}.{mart}"
        " where source = 'hostile'"
    )
    assert {log_key for (log_key,) in shown} == fit
    # In two parts, since a refresh refuses to delete more than a thousand rows at once.
    for part in (items[::2], items[1::2]):
        project.replicas.delete(*part, table=table)
        project.refresh()

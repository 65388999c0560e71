"""The ways in which an item breaks its contract: each takes a whole item and gives a broken one."""

import re
from collections.abc import Callable, Mapping

from sandbox.telemetry.items import Item

Break = Callable[[Item], Item]


def without(*names: str) -> Break:
    """The item without some attributes."""
    return lambda item: {name: value for name, value in item.items() if name not in names}


def holding(**attributes: Item) -> Break:
    """The item with other attribute values."""
    return lambda item: item | attributes


def in_metadata(**attributes: Item) -> Break:
    """The item with other values in its metadata."""
    return lambda item: item | {"metadata": {"M": item["metadata"]["M"] | attributes}}


def _respelled(name: str, pattern: str, spelling: str) -> Break:
    """The item with the same value in another spelling."""
    return lambda item: item | {name: {"S": re.sub(pattern, spelling, item[name]["S"])}}


def _moved_key(item: Item) -> Item:
    """A key that names another source than the item."""
    return item | {"log_key": {"S": f"legacy-{item['log_key']['S']}"}}


def _partial(item: Item) -> Item:
    """What Step Functions' updateItem leaves of an item that nobody had put before."""
    kept = ("log_key", "job_id", "source", "category", "stage", "run_date", "status", "started_at")
    return {name: item[name] for name in kept} | {
        "metadata": {"M": item["metadata"]["M"] | {"writer": {"S": "step_functions"}}}
    }


# Of the table pipeline-logs. N as a number and a loose timestamp are readable all the same.
STAGE_LOGS: Mapping[str, Break] = {
    "attribute_missing": without("status"),
    "start_missing": without("started_at"),
    "only_keys": without(
        *("job_id", "source", "category", "stage", "run_date", "status", "started_at"),
        *("completed_at", "records_processed", "error_message", "metadata"),
    ),
    "partial_update": _partial,
    "number_for_string": holding(stage={"N": "7"}),
    "map_for_string": holding(error_message={"M": {"code": {"S": "E42"}}}),
    "string_for_map": holding(metadata={"S": "attempt=1"}),
    "list_for_string": holding(status={"L": [{"S": "SUCCEEDED"}]}),
    "run_date_dashed": _respelled("run_date", r"(....)(..)(..)", r"\1-\2-\3"),
    "run_date_impossible": holding(run_date={"S": "20260231"}),
    "run_date_ancient": holding(run_date={"S": "19700101"}),
    "timestamp_words": holding(started_at={"S": "yesterday"}),
    "timestamp_impossible": holding(completed_at={"S": "2026-02-30T25:61:00Z"}),
    "timestamp_loose": _respelled("started_at", r"(.*)T(.*)Z", r"\1 \2.250000+00:00"),
    "key_not_recomposed": _moved_key,
    "job_id_not_recomposed": holding(job_id={"S": "someone#else"}),
    "hash_in_source": holding(source={"S": "or#ders"}),
    "source_empty": holding(source={"S": ""}),
    "status_unknown": holding(status={"S": "DONE"}),
    "stage_unknown": holding(stage={"S": "archive"}),
    "number_as_number": holding(records_processed={"N": 12}),
    "number_not_numeric": holding(records_processed={"N": "twelve"}),
    "number_negative": holding(records_processed={"N": "-5"}),
    "number_fraction": holding(records_processed={"N": "12.5"}),
    "number_too_long": holding(records_processed={"N": "9" * 38}),
    "attempt_not_numeric": in_metadata(attempt={"N": "first"}),
    "ends_before_start": holding(completed_at={"S": "2001-01-01T00:00:00Z"}),
    "end_missing": holding(completed_at={"NULL": True}),
    "text_oversize": holding(error_message={"S": "stack frame; " * 5500}),
}

# Of the table failed-jobs.
FAILED_JOBS: Mapping[str, Break] = {
    "attempts_as_string": holding(attempt_count={"S": "two"}),
    "attempts_as_number": holding(attempt_count={"N": 2}),
    "eligible_as_string": holding(eligible={"S": "yes"}),
    "retry_time_words": holding(next_retry_at={"S": "soon"}),
    "error_missing": without("error_type", "error_message"),
    "ttl_not_numeric": holding(ttl={"N": "never"}),
}

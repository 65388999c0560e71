import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from sandbox.aws.data_api.results import PAGE_ROWS, ROW_BYTES, field, metadata, pages
from sandbox.aws.errors import SqlFailed
from sandbox.aws.warehouse import SUPER, Column


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, {"isNull": True}),
        (True, {"booleanValue": True}),
        (7, {"longValue": 7}),
        (1.5, {"doubleValue": 1.5}),
        (Decimal("1.50"), {"stringValue": "1.50"}),
        (Decimal("1E+3"), {"stringValue": "1000"}),
        ("text", {"stringValue": "text"}),
        (date(2026, 3, 31), {"stringValue": "2026-03-31"}),
        (datetime(2026, 3, 31, 12), {"stringValue": "2026-03-31 12:00:00"}),  # noqa: DTZ001
        (
            datetime(2026, 3, 31, 12, 0, 0, 120000),  # noqa: DTZ001
            {"stringValue": "2026-03-31 12:00:00.12"},
        ),
        (
            datetime(2026, 3, 31, 12, 0, 0, 500000, UTC),
            {"stringValue": "2026-03-31 12:00:00.5+00"},
        ),
        (time(12, 0, 1), {"stringValue": "12:00:01"}),
    ],
)
def test_fields_keep_the_kind_of_their_value(value: Any, shown: dict[str, Any]) -> None:
    assert field(value) == shown


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (Column("a", 19, -1), ("name", 63, 0, 0)),
        (Column("a", 23, -1), ("int4", 10, 0, 0)),
        (Column("a", 1043, 4 + 64), ("varchar", 64, 0, 64)),
        (Column("a", 1700, 4 + (10 << 16) + 2), ("numeric", 10, 2, 0)),
        (Column("a", SUPER, -1), ("super", 0, 0, 0)),
    ],
)
def test_metadata_tells_type_and_size(column: Column, shown: tuple[Any, ...]) -> None:
    found = metadata(column)
    assert (found["typeName"], found["precision"], found["scale"], found["length"]) == shown
    assert found["name"] == found["label"] == "a"


def test_rows_are_cut_into_pages() -> None:
    cut = [json.loads(page) for page in pages([(n,) for n in range(PAGE_ROWS + 1)])]
    assert [len(page) for page in cut] == [PAGE_ROWS, 1]
    assert cut[1] == [[{"longValue": PAGE_ROWS}]]


def test_a_row_that_the_service_would_not_hand_out_is_refused() -> None:
    with pytest.raises(SqlFailed, match="too large"):
        list(pages([("x" * ROW_BYTES,)]))

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.aws.quick.convert import STRING_CHARACTERS, convert_row


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [
        (None, "INTEGER", None),
        ("text", "STRING", "text"),
        ("x" * (STRING_CHARACTERS + 1), "STRING", "x" * STRING_CHARACTERS),
        (Decimal("1.50"), "STRING", "1.50"),
        (True, "STRING", "true"),
        (7, "INTEGER", 7),
        (True, "INTEGER", 1),
        (Decimal("7.00"), "INTEGER", 7),
        ("8", "INTEGER", 8),
        (Decimal("1.50"), "DECIMAL", "1.50"),
        (0.25, "DECIMAL", "0.25"),
        (datetime(2026, 3, 31, 12), "DATETIME", "2026-03-31T12:00:00"),  # noqa: DTZ001
        (date(2026, 3, 31), "DATETIME", "2026-03-31"),
        (False, "BOOLEAN", 0),
        (True, "BIT", 1),
    ],
)
def test_values_become_cells(value: Any, kind: str, cell: Any) -> None:
    assert convert_row([value], [kind]) == [cell]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("many", "INTEGER"),
        (Decimal("1.5"), "INTEGER"),
        (10**19, "INTEGER"),
        ("NaN", "DECIMAL"),
        ("yesterday", "DATETIME"),
        (date(1399, 12, 31), "DATETIME"),
        (date(2365, 1, 1), "DATETIME"),
        ("yes", "BOOLEAN"),
    ],
)
def test_a_value_that_does_not_convert_drops_its_row(value: Any, kind: str) -> None:
    assert convert_row(["kept", value], ["STRING", kind]) is None

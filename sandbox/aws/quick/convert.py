"""Values of the warehouse as SPICE holds them.

Sources: https://docs.aws.amazon.com/quicksight/latest/user/supported-data-types-and-values.html,
https://docs.aws.amazon.com/quicksight/latest/user/data-source-limits.html and
https://docs.aws.amazon.com/quicksight/latest/user/errors-spice-ingestion.html (longer texts are
cut, a value that does not convert drops its row).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.aws.warehouse import text

STRING_CHARACTERS = 2047
INTEGER_DIGITS = 19
YEARS = range(1400, 2365)

Cell = str | int | None


class NotConvertible(ValueError):
    """A value that its column's type cannot hold: its row is dropped."""


def convert_row(row: Sequence[Any], types: Sequence[str]) -> list[Cell] | None:
    """The row's cells by column type, or None when one does not convert.

    Decimals stay exact as text, dates are ISO text in UTC, booleans are 1 and 0.
    """
    try:
        return [
            None if value is None else _CONVERTERS[kind](value)
            for value, kind in zip(row, types, strict=True)
        ]
    except NotConvertible:
        return None


def _string(value: Any) -> Cell:
    return text(value)[:STRING_CHARACTERS]


def _integer(value: Any) -> Cell:
    number = _number(value)
    if number != number.to_integral_value() or len(str(abs(int(number)))) > INTEGER_DIGITS:
        raise NotConvertible(value)
    return int(number)


def _decimal(value: Any) -> Cell:
    return format(_number(value), "f")


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal(int(value))
    except InvalidOperation as error:
        raise NotConvertible(value) from error
    if not number.is_finite():
        raise NotConvertible(value)
    return number


def _datetime(value: Any) -> Cell:
    if not isinstance(value, date):
        try:
            value = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise NotConvertible(value) from error
    if value.year not in YEARS:
        raise NotConvertible(value)
    return str(value.isoformat())


def _boolean(value: Any) -> Cell:
    if value not in (True, False):
        raise NotConvertible(value)
    return int(value)


_CONVERTERS: dict[str, Callable[[Any], Cell]] = {
    "STRING": _string,
    "INTEGER": _integer,
    "DECIMAL": _decimal,
    "DATETIME": _datetime,
    "BOOLEAN": _boolean,
    "BIT": _boolean,
}
COLUMN_TYPES = tuple(_CONVERTERS)

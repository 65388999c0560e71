"""Results as the Data API shows them: typed fields, column metadata, pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.aws.errors import SqlFailed
from sandbox.aws.warehouse import SUPER, Column, text

PAGE_ROWS = 1000
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-troubleshooting.html
ROW_BYTES = 64 * 1024
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations
RESULT_BYTES = 500 * 1024 * 1024

_VARCHAR, _BPCHAR, _NUMERIC = 1043, 1042, 1700
# type number -> name, precision, scale
_TYPES: dict[int, tuple[str, int, int]] = {
    16: ("bool", 1, 0),
    19: ("name", 63, 0),
    20: ("int8", 19, 0),
    21: ("int2", 5, 0),
    23: ("int4", 10, 0),
    25: ("text", 0, 0),
    700: ("float4", 8, 8),
    701: ("float8", 17, 17),
    _BPCHAR: ("bpchar", 0, 0),
    _VARCHAR: ("varchar", 0, 0),
    1082: ("date", 13, 0),
    1083: ("time", 15, 6),
    1114: ("timestamp", 29, 6),
    1184: ("timestamptz", 35, 6),
    1266: ("timetz", 21, 6),
    _NUMERIC: ("numeric", 0, 0),
    SUPER: ("super", 0, 0),
}
_TEXTS = {25, _BPCHAR, _VARCHAR}
_NUMBERS = {20, 21, 23, 700, 701, _NUMERIC}
_MODIFIER_HEADER = 4  # bytes that a type modifier counts on top of the declared length


def field(value: Any) -> dict[str, Any]:
    """One value as a Field: numbers and booleans keep their kind, all else is text."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": text(value)}


def metadata(column: Column) -> dict[str, Any]:
    """ColumnMetadata of the API; a column's table is not known here."""
    name, precision, scale = _TYPES.get(column.type_oid, ("unknown", 0, 0))
    length = 0
    declared = column.type_modifier - _MODIFIER_HEADER
    if declared >= 0 and column.type_oid == _NUMERIC:
        precision, scale = declared >> 16, declared & 0xFFFF
    elif declared >= 0 and column.type_oid in _TEXTS:
        precision = length = declared
    return {
        "isCaseSensitive": column.type_oid in _TEXTS,
        "isCurrency": False,
        "isSigned": column.type_oid in _NUMBERS,
        "label": column.name,
        "length": length,
        "name": column.name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": name,
    }


def pages(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """The rows as JSON texts of PAGE_ROWS records each.

    Raises SqlFailed for a row or a result larger than the service hands out.
    """
    total = 0
    for start in range(0, len(rows), PAGE_ROWS):
        records = []
        for row in rows[start : start + PAGE_ROWS]:
            record = json.dumps([field(value) for value in row], separators=(",", ":"))
            size = len(record.encode())
            total += size
            if size > ROW_BYTES:
                raise SqlFailed(
                    "54000",
                    f"ERROR: Packet for query is too large ({size} > {ROW_BYTES} bytes in a row).",
                )
            if total > RESULT_BYTES:
                raise SqlFailed("54000", f"ERROR: The result is larger than {RESULT_BYTES} bytes.")
            records.append(record)
        yield f"[{','.join(records)}]"

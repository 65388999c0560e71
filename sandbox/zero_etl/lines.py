"""One line of a DynamoDB export to one change of the replica; pure.

A full export holds `{"Item": image}`. An incremental one holds `Keys`, `Metadata`, and `NewImage`
unless the item was deleted; `OldImage` only in one of its two views, and never needed here.
docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox.zero_etl.catalogue import KEY_BYTES, Table

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# An even number of backslashes before it; after an odd one it would be text, not the character.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
FORMAT = 'an export line is {"Item": ...} or {"Keys": ..., "NewImage": ..., "Metadata": ...}'


class BadLine(ValueError):
    """The line is not what DynamoDB exports: says what is wrong."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a line makes of one item.

    Key values keep DynamoDB's spelling, also for N. `micros` is the time of the write in
    microseconds since 1970. `record` is the line; without `Item` and `NewImage` the item is gone.
    Only a full export holds `Item`.
    """

    key: tuple[str, ...]
    micros: int
    record: str
    is_of_full_export: bool


def parse(line: bytes, table: Table, full_micros: int) -> Change:
    """The change a line stands for; items of a full export were read at `full_micros`.

    Raises BadLine.
    """
    text, record = _record(line)
    if "Item" in record:
        return Change(_key(table, record["Item"]), full_micros, text, True)
    if "Keys" not in record:
        raise BadLine(f"neither Item nor Keys in it: {FORMAT}")
    key = _key(table, record["Keys"])
    if "NewImage" in record and _key(table, record["NewImage"]) != key:
        raise BadLine("Keys and NewImage name different items")
    return Change(key, _micros(record), text, False)


def _record(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = line.decode()
        record = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise BadLine(f"is no UTF-8 (byte {error.start + 1} of the line)") from error
    except (ValueError, RecursionError) as error:
        raise BadLine("is no JSON") from error
    if not isinstance(record, dict):
        raise BadLine(f"is no JSON object: {FORMAT}")
    if "\\u" in text:
        _check_characters(record)
    return text.strip(), record


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _check_characters(record: Any) -> None:
    """JSON can spell two kinds of characters that PostgreSQL refuses, without naming the line."""
    text = json.dumps(record, ensure_ascii=False)
    if NUL.search(text):
        raise BadLine("holds the character U+0000, which the warehouse cannot store")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadLine("holds half of a surrogate pair, which is no character") from error


def _micros(record: dict[str, Any]) -> int:
    try:
        return int(record["Metadata"]["WriteTimestampMicros"]["N"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadLine('has no Metadata {"WriteTimestampMicros": {"N": "..."}}') from error


def _key(table: Table, image: Any) -> tuple[str, ...]:
    if not isinstance(image, dict):
        raise BadLine("the item is no JSON object")
    return tuple(_key_value(name, kind, image.get(name)) for name, kind in table.keys)


def _key_value(name: str, kind: str, attribute: Any) -> str:
    if attribute is None:
        raise BadLine(f"the item has no key {name}")
    if not isinstance(attribute, dict) or list(attribute) != [kind]:
        found = next(iter(attribute), "none") if isinstance(attribute, dict) else "none"
        raise BadLine(f"key {name} is of type {found}, the table's is {kind}")
    value = attribute[kind]
    if isinstance(value, int | float) and kind == "N":
        value = str(value)
    is_text = isinstance(value, str) and 0 < len(value.encode()) <= KEY_BYTES
    if is_text and (kind == "S" or NUMBER.fullmatch(value)):
        return str(value)
    raise BadLine(f"key {name} has no value that DynamoDB takes as a key of type {kind}")

"""Lines of exports: what they change, and what is wrong with those that DynamoDB never writes."""

import json
from typing import Any

import pytest

from sandbox.zero_etl.catalogue import Table
from sandbox.zero_etl.lines import BadLine, parse

ONE = Table("one", (("id", "S"),))
TWO = Table("two", (("id", "S"), ("at", "N")))
ITEM = {"id": {"S": "a"}, "n": {"N": "1.50"}}
WROTE = {"WriteTimestampMicros": {"N": "1700000000000001"}}


def line(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_full_item_is_as_old_as_its_export() -> None:
    change = parse(line({"Item": ITEM}) + b"\n", ONE, 42)
    assert (change.key, change.micros) == (("a",), 42)
    assert json.loads(change.record) == {"Item": ITEM}


@pytest.mark.parametrize("images", [{"NewImage": ITEM}, {"NewImage": ITEM, "OldImage": ITEM}, {}])
def test_incremental_record_is_as_old_as_its_write(images: dict[str, Any]) -> None:
    record = {"Metadata": WROTE, "Keys": {"id": {"S": "a"}}, **images}
    change = parse(line(record), ONE, 42)
    assert (change.key, change.micros) == (("a",), 1700000000000001)


@pytest.mark.parametrize("value", ["7", "-7.5", "1E+3", ".5", 7])
def test_numbers_may_be_keys_in_both_spellings(value: str | int) -> None:
    item = {"id": {"S": "a"}, "at": {"N": value}}
    assert parse(line({"Item": item}), TWO, 0).key == ("a", str(value))


BAD = [
    (b'{"Item": ', "is no JSON"),
    (b'{"Item": {"id": {"S": NaN}}}', "is no JSON"),
    (b"[" * 100_000, "is no JSON"),
    (b'{"Item": {"id": {"S": "\xff"}}}', "is no UTF-8"),
    (b'["Item"]', "is no JSON object"),
    (b'{"id": {"S": "a"}}', "neither Item nor Keys"),
    (b'{"Item": "a"}', "the item is no JSON object"),
    (line({"Item": {"other": {"S": "a"}}}), "has no key id"),
    (line({"Item": {"id": {"N": "7"}}}), "key id is of type N, the table's is S"),
    (line({"Item": {"id": "a"}}), "key id is of type none, the table's is S"),
    (line({"Item": {"id": {}}}), "key id is of type none, the table's is S"),
    (line({"Item": {"id": {"S": ""}}}), "no value that DynamoDB takes"),
    (line({"Item": {"id": {"S": "ä" * 1025}}}), "no value that DynamoDB takes"),
    (line({"Item": {"id": {"S": 7}}}), "no value that DynamoDB takes"),
    (line({"Keys": {"id": {"S": "a"}}, "NewImage": ITEM}), "WriteTimestampMicros"),
    (
        line({"Keys": {"id": {"S": "b"}}, "NewImage": ITEM, "Metadata": WROTE}),
        "Keys and NewImage name different items",
    ),
    (line({"Item": {"id": {"S": "a"}, "x": {"S": "a\0b"}}}), "U+0000"),
    (line({"Item": {"id": {"S": "a"}, "x": {"S": "\ud800"}}}), "surrogate"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_bad_lines_are_told_apart(text: bytes, words: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse(text, ONE, 0)
    assert words in str(caught.value)


@pytest.mark.parametrize("value", ["seven", "", "0x7", "1_000", "NaN"])
def test_a_number_key_must_be_a_number(value: str) -> None:
    with pytest.raises(BadLine, match="key at has no value"):
        parse(line({"Item": {"id": {"S": "a"}, "at": {"N": value}}}), TWO, 0)


@pytest.mark.parametrize("value", ["\\u0000", "\\\\u0000", "\U0001f600", "\x01"])
def test_text_that_looks_bad_but_is_not(value: str) -> None:
    item = {"id": {"S": "a"}, "x": {"S": value}}
    assert json.loads(parse(line({"Item": item}), ONE, 0).record)["Item"] == item

"""SUPER: paths, casts, comparison, order, JSON text."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redshift_connector.error import ProgrammingError

from tests.sandbox.engine.conftest import Ask

ITEM = json.dumps(
    {
        "s": "FAILED  ",
        "n": "12.5",
        "five": 5,
        "whole": 5.0,
        "yes": True,
        "list": [1, "two", {"three": 3}],
        "o": {"k": "v"},
        "none": None,
        "at": "2024-01-02T03:04:05Z",
        "bad": "2024-13-45",
        "empty": "",
        "long": "1234567890",
        "nan": "NaN",
        "gap": "1_000",
        "hex": "0x1F",
        "day": 20240102,
    }
)


def path(*steps: str | int) -> str:
    text = f"json_parse($j${ITEM}$j$)"
    for step in steps:
        text = f"super_get({text}, {step!r})"
    return text


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("o", "k"), '"v"'),
        (("list", 0), "1"),
        (("list", 2, "three"), "3"),
        (("list", 3), None),
        (("list", -1), None),
        (("missing",), None),
        (("missing", "more", 0), None),
        (("five", "k"), None),
        (("five", 0), None),
        (("list", "k"), None),
        (("o", 0), None),
    ],
)
def test_path(ask: Ask, steps: tuple[str | int, ...], expected: str | None) -> None:
    found = (
        f"select case when {path(*steps)} is not null then rs_json_serialize({path(*steps)}) end"
    )
    assert ask(found) == [[expected]]


# https://docs.aws.amazon.com/redshift/latest/dg/query-super.html: what does not fit is null.
@pytest.mark.parametrize(
    ("step", "cast", "expected"),
    [
        ("s", "varchar", "FAILED  "),
        ("s", "varchar(3)", "FAI"),
        ("five", "varchar", "5"),
        ("yes", "varchar", "true"),
        ("o", "varchar", None),
        ("list", "varchar", None),
        ("none", "varchar", None),
        ("n", "numeric(18, 2)", "12.50"),
        ("n", "numeric(18, 0)", "13"),
        ("n", "numeric(2, 1)", None),
        ("n", "float8", "12.5"),
        ("n", "int", None),
        ("five", "int", "5"),
        ("five", "int2", "5"),
        ("long", "bigint", "1234567890"),
        ("long", "int2", None),
        ("s", "bigint", None),
        ("empty", "bigint", None),
        ("nan", "numeric", None),
        ("none", "bigint", None),
        ("gap", "bigint", None),
        ("gap", "numeric", None),
        ("hex", "int", None),
        ("hex", "float8", None),
        ("day", "int", "20240102"),
        ("day", "date", None),
        ("day", "timestamp", None),
        ("yes", "bool", "true"),
        ("s", "bool", None),
        ("at", "timestamp", "2024-01-02 03:04:05"),
        ("at", "date", "2024-01-02"),
        ("bad", "timestamp", None),
        ("bad", "date", None),
        ("five", "date", None),
        ("o", "date", None),
    ],
)
def test_cast_out_of_super(ask: Ask, step: str, cast: str, expected: str | None) -> None:
    assert ask(f"select ({path(step)})::{cast}::text") == [[expected]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'5'::varchar", '"5"'),
        ("'{\"a\":1}'::text", '"{\\"a\\":1}"'),
        ("5", "5"),
        ("true", "true"),
        ("1.50", "1.50"),
    ],
)
def test_cast_into_super(ask: Ask, value: str, expected: str) -> None:
    assert ask(f"select rs_json_serialize(({value})::super)") == [[expected]]


def test_a_date_is_no_super(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="cannot cast type date to super"):
        ask("select current_date::super")


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        (path("s"), "=", "'FAILED'::text", True),
        (path("s"), "<>", "'FAILED'::text", False),
        (path("s"), "=", "'DONE'::text", False),
        (path("five"), "=", "'5'::text", False),
        (path("five"), "=", "5", True),
        (path("whole"), "=", "5::bigint", True),
        ("5.0::numeric", "=", path("five"), True),
        (path("five"), "<", "6", True),
        (path("five"), "<", "'6'::text", None),
        (path("yes"), "=", "true", True),
        (path("yes"), ">", "false", True),
        (path("none"), "=", "1", None),
        (path("missing"), "=", "1", None),
        (path("s"), "<", "'G'::text", True),
        (path("s"), "<=", "'FAILED'::text", True),
        (path("o"), "=", 'json_parse(\'{"k":"v"}\')', True),
        (path("o"), "=", "'v'::text", False),
        (path("o"), "<", 'json_parse(\'{"k":"w"}\')', None),
    ],
)
def test_comparison(ask: Ask, left: str, operator: str, right: str, expected: bool | None) -> None:
    assert ask(f"select {left} {operator} {right}") == [[expected]]


def test_varchar_keeps_its_own_comparison(ask: Ask) -> None:
    """An operator of varchar and SUPER would draw these, and read the literal as JSON."""
    assert ask("select 'a'::varchar = 'a', 'a'::varchar(3) <> '1', 'b'::varchar > 'a'") == [
        [True, True, True]
    ]
    assert ask("select count(*) from information_schema.tables where table_schema = 'nowhere'") == [
        [0]
    ]


def test_order_and_grouping(ask: Ask) -> None:
    values = ["true", '"b"', "2", "[1]", '{"a":1}', '"a"', "1", "false", "1.0"]
    rows = ", ".join(f"(json_parse('{value}'))" for value in values)
    found = ask(
        f"select rs_json_serialize(v), count(*) from (values {rows}) x (v) group by v order by v"
    )
    in_order: list[Any] = [False, True, 1, 2, "a", "b", [1], {"a": 1}]
    assert [json.loads(value) for value, _ in found] == in_order
    assert [count for _, count in found] == [1, 1, 2, 1, 1, 1, 1, 1]


def test_unnesting(ask: Ask) -> None:
    assert ask(
        f"select rs_json_serialize(v), i from super_unnest_at({path('list')}) order by i"
    ) == [
        ["1", 0],
        ['"two"', 1],
        ['{"three":3}', 2],
    ]
    assert ask(f"select count(*) from super_unnest({path('five')})") == [[0]]
    assert ask(f"select rs_json_serialize(v), k from super_unpivot({path('o')})") == [['"v"', "k"]]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("json_typeof({list})", "array"),
        ("json_typeof({none})", "null"),
        ("json_size({o})", 9),
        ("json_size(null::super)", 4),
        ("rs_json_serialize(null::super)", "null"),
        ("get_array_length({list})", 3),
        ("get_array_length({o})", None),
        ("is_array({list})", True),
        ("is_object({o})", True),
        ("is_object({missing})", False),
        ("is_scalar({five})", True),
        ("is_scalar({none})", False),
        ("is_varchar({s})", True),
        ("is_varchar({five})", False),
        ("is_integer({five})", True),
        ("is_smallint({n})", False),
        ("is_bigint({missing})", False),
        ("is_boolean({yes})", True),
        ("is_decimal({five})", True),
        ("rs_json_serialize(rs_array(1, 'a'::text, {o}, null))", '[1,"a",{"k":"v"},null]'),
        ("rs_json_serialize(rs_object('a', 1, 'b', {list}))", '{"a":1,"b":[1,"two",{"three":3}]}'),
        ("rs_json_serialize(rs_array())", "[]"),
        ("can_json_parse('{{')", False),
        ("can_json_parse('[1]')", True),
    ],
)
def test_function(ask: Ask, call: str, expected: Any) -> None:
    steps = ("list", "none", "o", "missing", "five", "s", "n", "yes")
    assert ask(f"select {call.format(**{step: path(step) for step in steps})}") == [[expected]]


def test_rs_key_follows_the_session(ask: Ask) -> None:
    assert ask("select rs_key('Attempt')") == [["Attempt"]]
    ask("set rs.enable_case_sensitive_identifier = 'off'")
    assert ask("select rs_key('Attempt')") == [["attempt"]]
    ask("reset rs.enable_case_sensitive_identifier")


def test_serialize_refuses_what_no_varchar_holds(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="longer than 65535 bytes"):
        ask("select rs_json_serialize(repeat('x', 65534)::super)")


_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | _text
    | st.sampled_from(["null", "a: b, c"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=_json)
def test_parsing_and_serialising_keep_every_value(ask: Ask, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    tag = "$json$"
    [[back]] = ask(f"select rs_json_serialize(json_parse({tag}{text}{tag}))")
    assert json.loads(back) == value
    # Compact: nothing to gain from writing it again without blanks.
    assert len(back) <= len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def test_serialising_an_item_is_cheap(ask: Ask) -> None:
    """It is hashed for every item at each refresh; measured: 4 to 6 times the plain text."""
    item = json.dumps({str(i): {"S": "null and void " * 3} for i in range(12)})
    ask(f"create temp table items as select '{item}'::super as v from generate_series(1, 5000)")

    def fastest(expression: str) -> float:
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            ask(f"select count({expression}) from items")
            taken.append(time.perf_counter() - start)
        return min(taken)

    ratio = fastest("rs_json_serialize(v)") / fastest("v::jsonb::text")
    ask("drop table items")
    assert ratio < 12

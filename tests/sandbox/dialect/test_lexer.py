"""Tokens."""

import pytest

from sandbox.dialect.lexer import lex
from sandbox.gate import Refused


@pytest.mark.parametrize(
    ("sql", "tokens"),
    [
        ("select a.b,1 from t", ["select", "a", ".", "b", ",", "1", "from", "t"]),
        ("1 /* a /* b */ c */ + 2 -- rest", ["1", "+", "2"]),
        ("/* a * b / c **/ 1", ["1"]),
        ("'it''s' 'a\\'b' '\\\\' x", ["'it''s'", "'a\\'b'", "'\\\\'", "x"]),
        ('"a""b" "c"', ['"a""b"', '"c"']),
        ("$1 $$ a'b $$ $x$ $y$ $x$", ["$1", "$$ a'b $$", "$x$ $y$ $x$"]),
        (".5 1. 1.5e-3 1..3", [".5", "1.", "1.5e-3", "1", "..", "3"]),
        ("a::int[0] x:=1", ["a", "::", "int", "[", "0", "]", "x", ":=", "1"]),
        ("a<>b!=c||d>=e-1", ["a", "<>", "b", "!=", "c", "||", "d", ">=", "e", "-", "1"]),
        ("größe -> '{}'", ["größe", "->", "'{}'"]),
        ("", []),
    ],
)
def test_tokens(sql: str, tokens: list[str]) -> None:
    assert [token.text for token in lex(sql)] == tokens


def test_positions_and_pairs() -> None:
    sql = "f( a[1] )"
    tokens = lex(sql)
    assert [sql[token.start : token.end] for token in tokens] == [token.text for token in tokens]
    assert [token.pair for token in tokens] == [-1, 6, -1, 5, -1, 3, 1]


def test_a_stretch_of_the_text() -> None:
    assert [token.text for token in lex("a $$ b c $$ d", 4, 9)] == ["b", "c"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select 'x", "quoted string"),
        ('select "x', "quoted identifier"),
        ("select /* x", "comment"),
        ("select /* /* */ x", "comment"),
        ("select $a$ x", "dollar"),
        ("(1", "never closed"),
        ("1)", "no bracket"),
        ("(1]", "no bracket"),
        ("select \x01", "syntax error"),
    ],
)
def test_unreadable(sql: str, what: str) -> None:
    with pytest.raises(Refused, match=what) as caught:
        lex(sql)
    assert caught.value.code == "42601"

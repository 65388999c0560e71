import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.data_api.text import bind, statement_count


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("", 0),
        (" -- nothing\n /* at all */ ;", 0),
        ("select 1", 1),
        ("select 1;", 1),
        ("select 1; -- the end", 1),
        ("select ';' as \";\"", 1),
        ("select 'it''s; fine', 'a\\'; b'", 1),
        ("create procedure p() as $$ begin a; b; end $$ language plpgsql", 1),
        ("create procedure p() as $body$ a; $$ b; $body$ language plpgsql;", 1),
        ("select 1; select 2", 2),
        ("begin; ; commit;", 2),
    ],
)
def test_statements_are_counted_outside_of_quotes_and_comments(sql: str, count: int) -> None:
    assert statement_count(sql) == count


def test_each_place_of_a_name_gets_its_own_number() -> None:
    bound = bind("select :a, :b, :a::int", {"a": "1", "b": "x"})
    assert bound.sql == "select $1, $2, $3::int"
    assert bound.values == ("1", "x", "1")


def test_names_in_quotes_comments_and_casts_are_no_parameters() -> None:
    sql = "select ':a', \":a\", x::a /* :a */ -- :a\n, $$ :a $$"
    bound = bind(sql, {"a": "1"})
    assert bound.sql == sql
    assert bound.unused == ("a",)


def test_names_without_a_value_are_told_once() -> None:
    assert bind("select :a, :b, :b", {"a": "1"}).missing == ("b",)


def test_without_parameters_the_text_stays() -> None:
    assert bind("select :a", {}).sql == "select :a"


@given(st.text(alphabet="ab:;'\"-/*$ \n\\1", max_size=40))
def test_any_text_is_read_to_its_end_and_kept(sql: str) -> None:
    bound = bind(sql, {"other": "x"})
    assert statement_count(sql) >= 0
    if not bound.values:
        assert bound.sql == sql

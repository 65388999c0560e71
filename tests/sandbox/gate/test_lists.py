"""The lists as data: every entry has a page and none of them lets PostgreSQL's own things in."""

import re

import pytest

from sandbox.gate import FUNCTIONS, NEEDS_FRAME, TAKES_NO_FRAME, UNSUPPORTED_CLAUSES, page
from sandbox.gate.operators import OPERATORS
from sandbox.gate.types import CATALOG_TYPES, DATA_TYPES


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_has_a_page(name: str) -> None:
    assert re.fullmatch(
        r"https://docs\.aws\.amazon\.com/redshift/latest/dg/[A-Za-z0-9_-]+\.html",
        page(FUNCTIONS[name].doc),
    )


def test_a_function_that_needs_the_leader_can_not_need_a_user_table() -> None:
    assert not [n for n, f in FUNCTIONS.items() if f.leader_only and f.user_table_only]


def test_window_rules_are_of_known_functions() -> None:
    assert FUNCTIONS.keys() >= NEEDS_FRAME | TAKES_NO_FRAME
    assert not NEEDS_FRAME & TAKES_NO_FRAME


def test_unsupported_clauses_name_a_page() -> None:
    assert all(doc for _, _, doc in UNSUPPORTED_CLAUSES.values())


def test_what_postgresql_alone_has_is_in_no_list() -> None:
    # https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-functions.html
    assert not FUNCTIONS.keys() & {
        *("string_agg", "array_agg", "every", "xml_agg", "corr", "covar_pop", "regr_count"),
        *("clock_timestamp", "justify_days", "pg_sleep", "transaction_timestamp", "div"),
        *("setseed", "width_bucket", "generate_series", "bit_length", "overlay", "convert_from"),
        *("encode", "format", "quote_nullable", "regexp_matches", "regexp_split_to_array"),
        *("jsonb_build_object", "to_jsonb", "json_value", "gen_random_uuid", "unnest"),
    }
    assert not (DATA_TYPES | CATALOG_TYPES) & {
        "json",
        "jsonb",
        "uuid",
        "bytea",
        "money",
        "xml",
        "bit",
    }
    assert not OPERATORS & {"->", "->>", "@>", "?", "~~", "~*", "=>"}

"""Functions, casts and literals."""

import pytest

from sandbox.dialect import Refused, Settings, translate


def expression(sql: str) -> str:
    text = translate(f"select {sql} as x from t", Settings()).text
    return " ".join(text.removeprefix("select ").removesuffix(" as x from t").split())


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        # Names that mean something else to PostgreSQL.
        ("avg(a)", "rs_avg(a)"),
        ("pg_catalog.version()", "rs_version()"),
        ("json_serialize(v)", "rs_json_serialize(v)"),
        ("regexp_replace(a, 'x', 'y')", "rs_regexp_replace(a, 'x', 'y')"),
        ("nvl(a, b, 0)", "coalesce(a, b, 0)"),
        ("array(1, 2)", "rs_array(1, 2)"),
        ("left(a, 2) || right(a, 2)", "left(a, 2) || right(a, 2)"),
        # Date parts are bare words of many spellings.
        ("dateadd(mon, 1, a)", "dateadd('month', 1, a)"),
        ("dateadd('hrs', 1, a)", "dateadd('hour', 1, a)"),
        ("date_add('yr', 1, a)", "rs_add_years('year', 1, a)"),
        ("datediff(qtr, a, b)", "datediff('quarter', a, b)"),
        ("date_part(dow, a)", "rs_date_part('dow', a)"),
        ("extract(epoch from a - b)", "rs_extract('epoch', a - b)"),
        ("sysdate", "pg_catalog.rs_sysdate()"),
        # Conditions.
        ("nvl2(a, b, c)", "case when (a) is not null then b else c end"),
        (
            "decode(a, 1, 'x', null, 'y', 'z')",
            (
                "case when (a) is not distinct from (1) then 'x'"
                " when (a) is not distinct from (null) then 'y' else 'z' end"
            ),
        ),
        ("decode(a, 1, 'x')", "case when (a) is not distinct from (1) then 'x' end"),
        # Aggregates and windows.
        ("listagg(a, ',') within group (order by b desc)", "listagg(a, ',' order by b desc)"),
        ("listagg(distinct a)", "listagg(distinct a, '')"),
        ("approximate count(distinct a)", "count(distinct a)"),
        (
            "ratio_to_report(a) over (partition by b)",
            "((a)::float8 / nullif(sum(a) over (partition by b), 0))",
        ),
        # Types.
        ("a::numeric", "a::numeric(18, 0)"),
        ("a::decimal(10, 2)", "a::decimal(10, 2)"),
        ("cast(a as varchar)", "cast(a as varchar)"),
        ("cast(a as text)", "cast(a as varchar)"),
        ("a::varchar(max)", "a::varchar(65535)"),
        ("a::character varying(20)", "a::character varying(20)"),
        ("a::pg_catalog.text", "a::varchar"),
        ("nvl(avg(a), 0) + count(b)", "coalesce(rs_avg(a), 0) + count(b)"),
        ("a::timestamp without time zone", "a::timestamp without time zone"),
        ("try_cast(a as date)", "json_value(to_jsonb((a )::text), 'strict $' returning date)"),
        ("date '2026-01-01' + interval '1 day'", "date '2026-01-01' + interval '1 day'"),
        # A backslash escapes in a literal.
        (r"'\\d+'", r"E'\\d+'"),
        (r"'it\'s'", r"E'it\'s'"),
        ("'it''s'", "'it''s'"),
        ("interval '1' day + interval '2 hours'", "interval '1' day + interval '2 hours'"),
        (
            "case nvl(a, 1) when nvl(b, 2) then avg(c) end",
            "case coalesce(a, 1) when coalesce(b, 2) then rs_avg(c) end",
        ),
        # What only looks like something else.
        ("date", "date"),
        ('"left"', '"left"'),
        ("(select max(b) from u)", "(select max(b) from u)"),
    ],
)
def test_expression(redshift: str, expected: str) -> None:
    assert expression(redshift) == expected


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("dateadd(fortnight, 1, a)", "fortnight"),
        ("try_cast(a as boolean)", "TRY_CAST to BOOLEAN"),
        ("nvl2(a, b)", "2 arguments"),
        ("decode(a, 1)", "decode"),
        ("cast(a)", "syntax error"),
        ("a::numeric(39, 0)", "39"),
        ("a::varchar(70000)", "65535"),
        ("a is", "syntax error"),
        ("a[1", "closed"),
    ],
)
def test_mistakes_are_named(sql: str, what: str) -> None:
    with pytest.raises(Refused, match=what):
        expression(sql)


def test_nested_changes_compose() -> None:
    assert expression("decode(v.a, 'x', nvl2(v.b, avg(c), 0))") == (
        "case when (pg_catalog.super_get(v, 'a')) is not distinct from ('x') then"
        " case when (pg_catalog.super_get(v, 'b')) is not null then rs_avg(c) else 0 end end"
    )

"""Redshift's functions, with the examples of its guide where it prints a result."""

import pytest
from redshift_connector.error import ProgrammingError

from sandbox.gate.functions import FUNCTIONS
from tests.sandbox.engine.conftest import Ask

EXAMPLES = [
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DATEADD_function.html
    ("dateadd('month', 18, '2008-02-28')", "2009-08-28 00:00:00"),
    ("dateadd('month', 1, '2008-04-30')", "2008-05-30 00:00:00"),
    ("dateadd('month', 12, '2016-02-29')", "2017-02-28 00:00:00"),
    ("rs_add_years('year', 1, '2016-02-29')", "2017-03-01 00:00:00"),
    ("rs_add_years('year', 4, '2016-02-29')", "2020-02-29 00:00:00"),
    ("dateadd('quarter', 1, date '2008-01-31')", "2008-04-30 00:00:00"),
    ("dateadd('minute', 30, timestamp '2008-12-31 23:45:00')", "2009-01-01 00:15:00"),
    ("dateadd('week', -1, '2008-01-07')", "2007-12-31 00:00:00"),
    ("dateadd('millisecond', 5, '2008-01-07')", "2008-01-07 00:00:00.005"),
    # https://docs.aws.amazon.com/redshift/latest/dg/r_DATEDIFF_function.html
    ("datediff('week', '2009-01-01', '2009-12-31')", "52"),
    # The page prints 40 for a "today" that it does not show with the result.
    ("datediff('quarter', '1998-07-01', date '2008-06-05')", "39"),
    ("datediff('month', '2009-01-31', '2009-02-01')", "1"),
    ("datediff('year', '2008-12-31', '2009-01-01')", "1"),
    ("datediff('hour', '2009-01-01 00:59:59', '2009-01-01 01:00:00')", "1"),
    ("datediff('second', '2009-01-01 00:00:01', '2009-01-01')", "-1"),
    ("datediff('day', null::timestamp, '2009-01-01')", None),
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ADD_MONTHS.html
    ("add_months('2008-03-31', 1)", "2008-04-30 00:00:00"),
    ("add_months('2008-04-30', 1)", "2008-05-31 00:00:00"),
    ("add_months('2008-01-01 05:07:30', 1)", "2008-02-01 05:07:30"),
    ("add_months('2008-04-30 10:11:12', -2)", "2008-02-29 10:11:12"),
    # https://docs.aws.amazon.com/redshift/latest/dg/r_MONTHS_BETWEEN_function.html
    ("months_between('1969-01-18', '1969-03-18')", "-2"),
    ("months_between('2014-08-31', '2014-09-30 12:00')", "-1"),
    ("round(months_between('2008-12-25 15:00', '2008-01-21 19:30')::numeric, 2)", "11.12"),
    ("round(months_between('2008-12-01 19:30', '2008-01-03 15:00')::numeric, 2)", "10.94"),
    ("last_day('2014-01-02 03:04:05')", "2014-01-31"),
    ("rs_date_part('week', timestamp '2008-06-17 09:44:54')", "25"),
    ("rs_extract('minute', timestamp '2009-09-09 12:08:43')", "8"),
    ("rs_extract('second', timestamp '2009-09-09 12:08:43.9')", "43"),
    ("pg_typeof(rs_extract('minute', timestamp '2009-09-09 12:08:43'))", "integer"),
    ("pg_typeof(date_trunc('month', date '2009-09-09'))", "timestamp without time zone"),
    ("trunc(timestamp '2009-09-09 12:08:43')", "2009-09-09"),
    ("convert_timezone('EST', '2008-08-24 09:36:12')", "2008-08-24 04:36:12"),
    ("convert_timezone('EST', 'UTC', '2008-08-24 09:36:12')", "2008-08-24 14:36:12"),
    ("rs_to_date('02 Oct 2001', 'DD Mon YYYY')", "2001-10-02"),
    ("rs_to_date('20010631', 'YYYYMMDD', false)", "2001-07-01"),
    ("rs_to_date('20010631', 'YYYYMMDD')", "2001-07-01"),
    ("rs_to_date('20011301', 'YYYYMMDD')", "2002-01-01"),
    ("pg_typeof(getdate())", "timestamp without time zone"),
    ("getdate() = date_trunc('second', getdate())", "true"),
    ("rs_sysdate() = transaction_timestamp()::timestamp", "true"),
    # https://docs.aws.amazon.com/redshift/latest/dg/r_LEN.html
    ("len('français')", "8"),
    ("len('cat   ')", "6"),
    ("len('cat'::char(6))", "3"),
    ("lower('ÉTÉ')", "été"),
    ("charindex('fish', 'dogfish')", "4"),
    ("charindex('dog', 'fish')", "0"),
    # The test vector of FIPS 180-2.
    ("sha2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("length(sha2('a', 512))", "128"),
    ("sha2('a', 0) = sha2('a', 256)", "true"),
    ("sha2('a', 1)", ""),
    # https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_REPLACE.html
    (r"rs_regexp_replace('DonecFri@semper.com', '@.*\.(org|gov|com)$')", "DonecFri"),
    ("rs_regexp_replace('abcabc', 'b', 'X')", "aXcaXc"),
    ("rs_regexp_replace('abcabc', 'b', 'X', 3)", "abcaXc"),
    ("rs_regexp_replace('abcabc', 'b', 'X', -3)", "aXcaXc"),
    ("rs_regexp_substr('sed@lacusUtnec.ca', '@[^.]*')", "@lacusUtnec"),
    ("rs_regexp_substr('abc', 'x')", ""),
    ("rs_regexp_substr('abc', 'b', 9)", ""),
    ("rs_regexp_substr('a1b2', '[0-9]', 1, 2)", "2"),
    ("rs_regexp_substr('a1b2', '[0-9]', 1, 0)", None),
    ("rs_regexp_substr('key=val', 'key=(.*)', 1, 1, 'e')", "val"),
    ("rs_regexp_substr('KEY', 'key', 1, 1, 'i')", "KEY"),
    ("rs_regexp_substr(null, 'x')", None),
    ("rs_regexp_count('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')", "8"),
    ("rs_regexp_instr('Cum@accumsan.com', '@[^.]*')", "4"),
    ("rs_regexp_instr('Cum@accumsan.com', '@[^.]*', 1, 1, 1)", "13"),
    # Bytes, not characters: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
    ("'français'::varchar::varchar(5)", "fran"),
    ("'français'::varchar::varchar(6)", "franç"),
    ("'abc'::varchar::varchar(2)", "ab"),
    ("round(2.5::float8, 0)", "3"),
    ("pg_typeof(round(5))", "numeric"),
    ("trunc(111.159::float8, 2)", "111.15"),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_example(ask: Ask, expression: str, expected: str | None) -> None:
    [[value]] = ask(f"select ({expression})::text")
    assert value == expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rs_to_date('20010631', 'YYYYMMDD', true)", "out of range"),
        ('json_parse(\'{"a":1,"a":2}\')', "Duplicate attribute"),
        ("json_parse('{a}')", "Invalid JSON"),
    ],
)
def test_error(ask: Ask, expression: str, words: str) -> None:
    with pytest.raises(ProgrammingError, match=words):
        ask(f"select {expression}")


@pytest.mark.parametrize(
    ("call", "values", "expected"),
    [
        ("rs_avg(v::int2)", "(1), (2), (null)", "1"),
        ("rs_avg(v::int)", "(1), (2), (null)", "1"),
        ("rs_avg(v::int8)", "(9223372036854775807), (9223372036854775806)", "9223372036854775806"),
        ("rs_avg(v::int8)", "(-1), (-2)", "-1"),
        ("rs_avg(v::numeric(5, 2))", "(1), (2), (2)", "1.66"),
        ("rs_avg(v::float8)", "(1), (2)", "1.5"),
        ("rs_avg(v::int)", "(null)", None),
        ("pg_typeof(rs_stddev(v))", "(1), (2)", "double precision"),
        ("rs_stddev(v)", "(1)", None),
        ("listagg(v::varchar, ', ' order by v desc)", "(1), (2), (null)", "2, 1"),
        ("listagg(v, null)", "(12), (3)", "123"),
        ("listagg(v, ',')", "(null::int)", None),
        ("median(v)", "(1), (10), (3), (2), (null)", "2.5"),
        ("median(v::float8)", "(1), (10), (3)", "3"),
        ("median(v)", "(null::int)", None),
    ],
)
def test_aggregate(ask: Ask, call: str, values: str, expected: str | None) -> None:
    [[value]] = ask(f"select ({call})::text from (values {values}) x (v)")
    assert value == expected or float(value) == float(str(expected))


# What the dialect writes as PostgreSQL's grammar.
GRAMMAR = {"cast", "try_cast", "coalesce", "nvl", "nvl2", "decode", "nullif", "greatest", "least"}
GRAMMAR |= {"date_add", "date_diff", "extract", "ratio_to_report", "trim"}


def test_every_function_the_gate_allows_is_there(ask: Ask) -> None:
    wanted = ", ".join(f"('{name}')" for name in FUNCTIONS.keys() - GRAMMAR)
    missing = ask(
        f"select name from (values {wanted}) x (name) where not exists (select 1 from pg_proc "
        "where proname in (name, 'rs_' || name) and pronamespace = 'pg_catalog'::regnamespace)"
    )
    assert missing == []


def test_listagg_has_redshifts_limit(ask: Ask) -> None:
    with pytest.raises(ProgrammingError, match="Result size exceeds LISTAGG limit"):
        ask("select listagg(repeat('x', 1000), '') from generate_series(1, 66)")


def test_varchar_counts_bytes_when_it_is_stored(ask: Ask) -> None:
    ask("create temp table short (name varchar(5))")
    ask("insert into short values ('fran')")
    with pytest.raises(ProgrammingError, match=r"value too long for type character varying\(5\)"):
        ask("insert into short select 'franç'::varchar")
    assert ask("select name from short") == [["fran"]]
    ask("drop table short")

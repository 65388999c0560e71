"""Translated text on the real engine, through the wire: what the tables of texts cannot show."""

import json
from collections.abc import Iterator

import pytest
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

from tests.conftest import Connect

ITEMS = {
    "a": {"n": {"N": "5"}, "tags": {"L": [{"S": "x"}, {"S": "y"}]}, "Meta": {"M": {"Try": 2}}},
    "b": {"n": {"N": 7}, "tags": {"L": []}},
    "c": {"n": "seven", "tags": "none"},
}

PROCEDURE = """
create or replace procedure live.load (p_mode in varchar(16), p_result out varchar(65535)) as $body$
declare
    v_rows integer;
    v_total bigint := 0;
    v_item record;
    v_document super;
begin
    lock table live.loaded;
    if p_mode not in ('full', 'part') then
        raise exception 'unknown mode %', p_mode;
    end if;
    drop table if exists items;
    create temp table items as select k, "value", "value"."n"."N" as n from live.replica;
    delete from live.loaded using items where live.loaded.k = items.k;
    insert into live.loaded
    select
        item.k, item."value"."n"."N"::bigint, item."value"."Meta"."M"."Try"::integer,
        (select count(*) from item."value"."tags"."L" as label at i where label."S" <> 'x' or i = 0)
    from items as item;
    get diagnostics v_rows := row_count;
    for v_item in select k, "value" from items order by k loop
        v_total := v_total + nvl(v_item."value"."n"."N"::bigint, 0);
    end loop;
    select json_parse('{"A": {"b": "deep"}}') into v_document;
    p_result := '{"rows": ' || v_rows || ', "total": ' || v_total
        || ', "deep": "' || v_document."A".b::varchar || '"}';
end;
$body$ language plpgsql security definer
"""


@pytest.fixture
def session(connect: Connect) -> Iterator[Connection]:
    """The deployer in a schema of its own, which goes again."""
    connection = connect("deployer")
    connection.autocommit = True
    run(connection, "create schema live")
    run(connection, 'create table live.replica (k varchar(8), "value" super)')
    run(connection, "create table live.loaded (k varchar(8), n bigint, tries integer, tags bigint)")
    for key, item in ITEMS.items():
        run(
            connection, f"insert into live.replica select '{key}', json_parse('{json.dumps(item)}')"
        )
    yield connection
    run(connection, "drop schema live cascade")


def run(connection: Connection, sql: str) -> list[list[object]]:
    cursor = connection.cursor()
    cursor.execute(sql)
    return [list(row) for row in cursor.fetchall()] if cursor.description else []


def test_a_procedure_navigates_super(session: Connection) -> None:
    run(session, PROCEDURE)
    ((result,),) = run(session, "call live.load('full')")
    assert json.loads(str(result)) == {"rows": 3, "total": 12, "deep": "deep"}
    rows = run(session, "select k, n, tries, tags from live.loaded order by k")
    assert rows == [["a", 5, 2, 2], ["b", 7, None, 0], ["c", None, None, 0]]
    with pytest.raises(ProgrammingError, match="unknown mode fuller"):
        run(session, "call live.load('fuller')")


def test_a_procedure_follows_the_setting_of_its_caller(session: Connection) -> None:
    run(session, PROCEDURE)
    run(session, "set enable_case_sensitive_identifier to false")
    # No attribute in upper case is found, so what is joined to one is null.
    assert run(session, "call live.load('full')") == [[None]]
    assert run(session, "select count(n) from live.loaded") == [[0]]


def test_a_procedure_is_granted_by_its_input_types(session: Connection, connect: Connect) -> None:
    run(session, PROCEDURE)
    run(session, "grant usage on schema live to scheduler")
    scheduler = connect("scheduler")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(scheduler, "call live.load('full')")
    scheduler.rollback()
    run(session, "grant execute on procedure live.load(varchar(16)) to scheduler")
    assert run(scheduler, "call live.load('full')")
    scheduler.rollback()
    with pytest.raises(ProgrammingError, match="does not exist"):
        run(session, "grant execute on procedure live.load(varchar, varchar) to scheduler")
    run(session, "drop procedure live.load(varchar(16))")


def test_a_variable_hides_a_column_of_its_name(session: Connection) -> None:
    run(
        session,
        "create procedure live.p (k in varchar(8), p_count out bigint) as $$ begin"
        " select count(*) into p_count from live.replica where k = 'a'; end; $$ language plpgsql",
    )
    assert run(session, "call live.p('a')") == [[3]]


def test_a_handler_reports_and_the_error_stays(session: Connection) -> None:
    run(
        session,
        "create procedure live.p () as $$ declare v_text varchar(100); begin"
        " insert into live.loaded (k) select 'z'; raise exception 'no luck';"
        " exception when others then v_text := sqlerrm; raise info 'seen: %', v_text; end; $$"
        " language plpgsql",
    )
    with pytest.raises(ProgrammingError, match="no luck"):
        run(session, "call live.p()")
    assert run(session, "select count(*) from live.loaded") == [[0]]


def test_a_type_changes_in_no_transaction(session: Connection) -> None:
    widen = "alter table live.loaded alter column k type varchar(30)"
    run(session, "begin")
    with pytest.raises(ProgrammingError, match="inside a transaction block"):
        run(session, widen)
    run(session, "rollback")
    run(session, widen)
    run(session, f"insert into live.loaded (k) select '{'x' * 30}'")


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        # Lax: what is not there, or of another kind, is null.
        ('select k, "value"."n"."N"::bigint from R order by k', [["a", 5], ["b", 7], ["c", None]]),
        ('select "value"."tags"."L"[1]."S"::varchar from R where k = \'a\'', [["y"]]),
        ('select "value"."tags"."L"[-1] from R where k = \'a\'', [[None]]),
        (
            (
                'select case when k = \'a\' then "value"."n"."N" else 0 end,'
                ' nvl("value"."n"."N", \'none\') from R order by k'
            ),
            [['"5"', '"5"'], ["0", "7"], ["0", '"none"']],
        ),
        ('select k from R where "value"."n"."N" > 6', [["b"]]),
        # A literal beside SUPER is a string, a number is none.
        ('select k from R where "value"."n"."N" = \'5\'', [["a"]]),
        ('select k from R where "value"."n"."N" = 7', [["b"]]),
        ("select count(*) from R where \"value\".\"n\" in ('seven', 'x')", [[1]]),
        ('select l."S"::varchar, i from R r, r."value"."tags"."L" as l at i', [["x", 0], ["y", 1]]),
        (
            (
                'select v."N"::varchar, a from R r, unpivot r."value" as v at a'
                " where r.k = 'a' and a = 'n'"
            ),
            [["5", "n"]],
        ),
        (
            (
                "select k, n from (select k, row_number() over (order by k desc) as n from R"
                " qualify n < 3) as q order by n"
            ),
            [["c", 1], ["b", 2]],
        ),
        ("select decode(k, 'a', 1, null, 2, 3) from R order by k", [[1], [3], [3]]),
        ("select decode(null, 'a', 1, null, 2, 3)", [[2]]),
        ("select nvl2(null, 1, 2), nvl(null, null, 3)", [[2, 3]]),
        ("select listagg(k, '+') within group (order by k desc) from R", [["c+b+a"]]),
        (
            (
                "select try_cast('12' as integer), try_cast('x' as integer),"
                " try_cast('2026-02-30' as date)"
            ),
            [[12, None, None]],
        ),
        ("select cast(12.5 as numeric), 12.5::decimal(4, 1)::varchar", [[13, "12.5"]]),
        (r"select regexp_replace('a1b22', '\\d+', '#'), 'it\'s'", [["a#b#", "it's"]]),
        (
            (
                "select round(ratio_to_report(n) over (), 2)"
                " from (select 1 as n union all select 3) as q order by 1"
            ),
            [[0.25], [0.75]],
        ),
        (
            (
                "select extract(epoch from cast('1970-01-02' as timestamp)),"
                " date_part(dow, '2026-11-20')"
            ),
            [[86400, 5.0]],
        ),
        (
            (
                "select extract(year from cast('2026-11-20' as date)),"
                " extract(epoch from timestamp '2026-01-02' - timestamp '2026-01-01')"
            ),
            [[2026, 86400]],
        ),
        ("select extract(month from dateadd(yr, 1, cast('2016-02-29' as date)))", [[3]]),
        ("select top 1 k from R order by k", [["a"]]),
        ("select k from R minus select 'a' order by 1", [["b"], ["c"]]),
    ],
)
def test_query(session: Connection, sql: str, rows: list[list[object]]) -> None:
    assert run(session, sql.replace(" R", " live.replica")) == rows

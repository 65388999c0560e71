"""What PostgreSQL would run and Redshift would not: each is refused, and by name."""

import pytest

from sandbox.dialect import Refused, Settings, translate

POSTGRESQL_ONLY = [
    ("select distinct on (a) a from t", "DISTINCT ON"),
    ("insert into t (a) values (1) on conflict do nothing", "ON CONFLICT"),
    ("insert into t (a) values (1) returning a", "RETURNING"),
    ("update t set a = 1 returning a", "RETURNING"),
    ("delete from t returning a", "RETURNING"),
    ("values (1), (2)", "statement VALUES"),
    ("select a from (values (1), (2)) as v (a)", "VALUES"),
    ("with v as (values (1)) select * from v", "VALUES"),
    ("select * from generate_series(1, 3) as n", "generate_series"),
    ("select generate_series(1, 3)", "generate_series"),
    ("select string_agg(a, ',') from t", "string_agg.*listagg"),
    ("select array_agg(a) from t", "array_agg"),
    ("select json_agg(a) from t", "json_agg"),
    ("select count(*) filter (where a > 1) from t", "FILTER"),
    ("select 1 from t, lateral (select 1) as u", "LATERAL"),
    ("select 1 from t left join lateral (select 1) as u on true", "LATERAL"),
    ("select a is distinct from b from t", "IS DISTINCT FROM"),
    ("select a is not distinct from b from t", "IS DISTINCT FROM"),
    ("select sum(a) over w from t window w as (partition by b)", "WINDOW"),
    ("select a from t fetch first 1 row only", "FETCH FIRST"),
    ("select a from t for update", "FOR UPDATE"),
    ("select a from t tablesample bernoulli (10)", "TABLESAMPLE"),
    ("select array[1, 2]", "arrays"),
    ("select array(select a from t)", "arrays"),
    ("select a = any($1) from t", "ANY"),
    ("select a::int[] from t", "array type"),
    ("select a::jsonb from t", "data type jsonb"),
    ("select cast(a as json) from t", "data type json"),
    ("select a::uuid from t", "data type uuid"),
    ("select a::bytea from t", "data type bytea"),
    ("select json '{}'", "a literal of json"),
    ("select a -> 'b' from t", "operator ->"),
    ("select a ->> 'b' from t", "operator ->>"),
    ("select a @> b from t", "operator @>"),
    ("select a ~* 'x' from t", r"operator ~\*"),
    ("select a ~~ 'x' from t", "operator ~~"),
    ("select f(a => 1)", "function f"),
    ("select E'\\n'", "a literal of E"),
    ('select a collate "C" from t', "COLLATE"),
    ("select ctid from t", "ctid"),
    ("select t.xmin from t", "xmin"),
    ("select clock_timestamp()", "clock_timestamp.*getdate"),
    ("select pg_sleep(1)", "pg_sleep"),
    ("select pg_advisory_lock(1)", "pg_advisory_lock"),
    ("select current_setting('x')", "current_setting"),
    ("select format('%s', a) from t", "format"),
    ("select s.f(a) from t", "user-defined function s.f"),
    ("select a into b from t", "SELECT INTO"),
    (
        "select mode() within group (order by a) from t",
        "mode",
    ),
    ("select * from unnest(a) as u", "UNNEST"),
    ("create index i on t (a)", "CREATE INDEX"),
    ("create unique index i on t (a)", "CREATE UNIQUE"),
    ("create sequence s", "CREATE SEQUENCE"),
    ("create trigger x before insert on t", "CREATE TRIGGER"),
    ("create type x as enum ('a')", "CREATE TYPE"),
    ("create extension x", "CREATE EXTENSION"),
    ("create domain d as int", "CREATE DOMAIN"),
    ("create function f() returns int as $$ select 1 $$ language sql", "CREATE FUNCTION"),
    ("create unlogged table t (a int)", "CREATE UNLOGGED"),
    ("create table t (a serial)", "data type serial"),
    ("create table t (a int check (a > 0))", "check"),
    ("create table t (a int, check (a > 0))", "CHECK"),
    ("create table t (a int, b int generated always as (a + 1) stored)", "syntax error"),
    ("create table t (a int) partition by range (a)", "syntax error"),
    ("create table t (like u)", "LIKE"),
    ("create materialized view v as select 1", "CREATE MATERIALIZED"),
    ("alter table t add column a int, add column b int", "several changes"),
    ("alter table t alter column a set not null", "ALTER COLUMN"),
    ("alter table t alter column a type bigint", "varchar"),
    ("alter table t add constraint c unique (a)", "CONSTRAINT"),
    ("alter table t alter distkey a", "DISTKEY"),
    ("alter schema s quota 1 gb", "ALTER SCHEMA ... QUOTA"),
    ("select * from getdate() as g", r"getdate\(\) in FROM"),
    ("select count(*) from json_parse('[]') j", r"json_parse\(\) in FROM"),
    ("alter table t enable row level security", "ENABLE"),
    ("do $$ begin null; end $$", "statement DO"),
    ("savepoint a", "SAVEPOINT"),
    ("prepare x as select 1", "PREPARE"),
    ("listen x", "LISTEN"),
    ("merge into t using u on t.a = u.a when matched then delete", "MERGE"),
    ("copy t from 's3://x'", "COPY"),
    ("vacuum analyze t", "syntax error"),
    ("vacuum t, u", "syntax error"),
    ("vacuum to 99 percent", "syntax error"),
    ("reindex table t", "REINDEX"),
    ("set role r", "SET ROLE"),
    ("set work_mem to '1GB'", "work_mem"),
    ("show work_mem", "work_mem"),
    ("reset all", "RESET ALL"),
    ("grant select on sequence s to u", "SEQUENCE"),
    ("grant connect on database d to u", "CONNECT"),
    ("create role r login", "CREATE ROLE with options"),
    ("alter role r rename to s", "this ALTER ROLE"),
    ("comment on role r is 'x'", "COMMENT ON ROLE"),
]


@pytest.mark.parametrize(("sql", "name"), POSTGRESQL_ONLY)
def test_postgresql_only(sql: str, name: str) -> None:
    with pytest.raises(Refused, match=name) as caught:
        translate(sql, Settings())
    assert caught.value.code in ("0A000", "42601", "42704")


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select sum(a) over (order by b) from t", "require a frame clause: sum"),
        (
            "select first_value(a) over (partition by c order by b) from t",
            "frame clause: first_value",
        ),
        ("select sum(a) over (order by b range unbounded preceding) from t", "other than ROWS"),
        (
            "select row_number() over (order by b rows unbounded preceding) from t",
            "a frame of row_number",
        ),
        ("select lag(a, 1, 0) over (order by b) from t", "a default of lag"),
        (
            "with recursive q as (select 1 as n union all select n + 1 from q) select n from q",
            "list of its columns",
        ),
        ("select tag from t", "reserved word"),
        ("create table t (tag int)", "reserved word"),
        ("select 1 from t as snapshot", "reserved word"),
        ("create table " + "x" * 64 + " (a int)", "63 bytes"),
    ],
)
def test_redshifts_own_rules(sql: str, what: str) -> None:
    with pytest.raises(Refused, match=what):
        translate(sql, Settings())


@pytest.mark.parametrize(
    "sql",
    [
        "select now() from s.t",
        "select current_schema() from t",
        "select current_timestamp from t",
        "select * from pg_class, s.t",
        "select * from information_schema.tables join t on true",
        "create table t as select * from pg_catalog.pg_tables",
        "insert into t select usename from pg_user",
    ],
)
def test_leader_node_beside_a_user_table(sql: str) -> None:
    with pytest.raises(Refused, match="leader node only"):
        translate(sql, Settings())


@pytest.mark.parametrize(
    "sql",
    [
        "select listagg(a, ',') within group (order by a) from (select 'x' as a)",
        "with q as (select 1 as a) select median(a) from q",
        "select percentile_cont(0.5) within group (order by a) from (select 1 as a) as q",
    ],
)
def test_what_needs_a_user_table(sql: str) -> None:
    with pytest.raises(Refused, match="at least one user created table"):
        translate(sql, Settings())
    translate(
        sql.replace("(select 'x' as a)", "t").replace("(select 1 as a)", "(select a from t)"),
        Settings(),
    )


def test_a_refusal_says_what_to_do_and_where_it_is_written() -> None:
    with pytest.raises(Refused) as caught:
        translate("select string_agg(a, ',') from t", Settings())
    assert str(caught.value) == (
        "function string_agg() is not in Redshift, or not in this stand-in; use listagg"
        " (https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html)"
    )

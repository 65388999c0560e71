"""Queries, changes, definitions and session commands, each as PostgreSQL gets it."""

import pytest

from sandbox.dialect import Refused, Settings, translate


def text(sql: str) -> str:
    return " ".join(translate(sql, Settings()).text.split())


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ("select top 5 a from t", "select a from t limit 5"),
        ("select 1 minus select 2", "select 1 except select 2"),
        (
            "select a, row_number() over (order by b) as n from t qualify n = 1 order by a",
            (
                'select "a", "n" from (select a, row_number() over (order by b) as n'
                ' , ((row_number() over (order by b)) = 1) as "rs_qualify" from t'
                ' ) as "rs_qualified" where "rs_qualify" order by a'
            ),
        ),
        # A computed column of a subquery is computed once.
        (
            "with q as (select lower(a) as a from t) select a, a from q",
            "with q as materialized (select lower(a) as a from t) select a, a from q",
        ),
        (
            "with q as (select a from t) select a from q",
            "with q as (select a from t) select a from q",
        ),
        (
            "select a, a from (select lower(a) as a from t) as q",
            "select a, a from (select lower(a) as a from t offset 0) as q",
        ),
        (
            "select 1 from a left join b on left(a.x, 1) = b.v.y join c on c.z = nvl(a.x, b.x), d",
            (
                "select 1 from a left join b on left(a.x, 1) = pg_catalog.super_get(b.v, 'y')"
                " join c on c.z = coalesce(a.x, b.x), d"
            ),
        ),
        (
            "select x from t where a in ((select v.a from u) union (select 2))",
            (
                "select x from t where a in"
                " ((select pg_catalog.super_get(v, 'a') as \"a\" from u) union (select 2))"
            ),
        ),
        (
            "select cols.a from pg_get_late_binding_view_cols() cols(a name, b varchar, c int)",
            "select cols.a from pg_get_late_binding_view_cols() cols(a name, b varchar, c int)",
        ),
        (
            "select (t.a + (1)) from (t join u on t.k = u.v.k)",
            "select (t.a + (1)) from (t join u on t.k = pg_catalog.super_get(u.v, 'k'))",
        ),
        ("select a from t limit 3 offset 2;", "select a from t limit 3 offset 2"),
        ("((select 1) union all (select 2))", "((select 1) union all (select 2))"),
        (
            "with recursive q (n) as (select 1 union all select n + 1 from q) select n from q",
            "with recursive q (n) as (select 1 union all select n + 1 from q) select n from q",
        ),
        (
            "explain select v.a as a from t",
            "explain select pg_catalog.super_get(v, 'a') as a from t",
        ),
        ("-- a comment\nselect /* 'x' */ 1", "-- a comment select /* 'x' */ 1"),
    ],
)
def test_query(redshift: str, expected: str) -> None:
    assert text(redshift) == expected


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        (
            "insert into s.t (a, b) values ($1, $2), (nvl(1, 2), default)",
            "insert into s.t (a, b) values ($1, $2), (coalesce(1, 2), default)",
        ),
        (
            "insert into t (a) (select v.a from u)",
            """insert into t (a) (select pg_catalog.super_get(v, 'a') as "a" from u)""",
        ),
        (
            "update t set a = u.v.x, b = 'y' from u where t.k = u.k",
            "update t set a = pg_catalog.super_get(u.v, 'x'), b = 'y' from u where t.k = u.k",
        ),
        ("delete t where a = 1", "delete from t where a = 1"),
        (
            "with q as (select k from u) delete from t using q where t.k = q.k",
            "with q as (select k from u) delete from t using q where t.k = q.k",
        ),
        ("update t set (a) = nvl(1, 2)", "update t set (a) = coalesce(1, 2)"),
        (
            "update t set a = v.x where v.y = 1",
            (
                "update t set a = pg_catalog.super_get(v, 'x')"
                " where pg_catalog.super_get(v, 'y') = 1"
            ),
        ),
        ("truncate table dev.s.t", 'truncate table "s".t'),
    ],
)
def test_change(redshift: str, expected: str) -> None:
    assert text(redshift) == expected


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        (
            (
                "create table t (id bigint not null encode az64 distkey, v varchar, s super,"
                " primary key (id))"
                " diststyle key compound sortkey (id, v)"
            ),
            (
                'create /*rs_sort_key "t"."id"."v"*/'
                " table t (id bigint not null , v varchar(256), s super)"
            ),
        ),
        (
            "create table t (a int primary key, b int unique)",
            "create table t (a int not null, b int )",
        ),
        (
            "create table t (a int, b int, primary key (a, b))",
            "create table t (a int not null, b int not null)",
        ),
        (
            "create table t (a int references u (b), c date default getdate() encode raw)",
            "create table t (a int , c date default getdate() )",
        ),
        (
            "create table t (a bigint identity(0, 1))",
            (
                "create table t (a bigint generated always as identity"
                " (start with 0 increment by 1 minvalue 0))"
            ),
        ),
        (
            "create table s.t (a int, b date sortkey)",
            ('create /*rs_sort_key "t"."b"*/ table s.t (a int, b date )'),
        ),
        (
            "vacuum delete only s.t to 99 percent boost",
            "call pg_catalog.rs_vacuum('s.t')",
        ),
        (
            (
                "create temporary table t backup no diststyle even distkey (a) sortkey auto"
                " as (select v.a from u)"
            ),
            """create temporary table t as (select pg_catalog.super_get(v, 'a') as "a" from u)""",
        ),
        (
            "create view dev.s.v as (select a from t) with no schema binding",
            'create view "s".v as (select a from t)',
        ),
        (
            "create or replace view v (x) as select a from t",
            "create or replace view v (x) as select a from t",
        ),
        (
            "create table t (a bigint identity(1, 1) not null, b int)",
            (
                "create table t (a bigint generated always as identity"
                " (start with 1 increment by 1 minvalue 1) not null, b int)"
            ),
        ),
        ("alter table dev.s.t rename to u", 'alter table "s".t rename to u'),
        (
            "alter table t add column a numeric encode lzo",
            "alter table t add column a numeric(18, 0)",
        ),
        (
            "alter table t alter column a type varchar(30)",
            "do $rs$ begin commit; alter table t alter column a type varchar(30); end $rs$",
        ),
        ("alter table t rename column a to b", "alter table t rename column a to b"),
        ("create schema if not exists dev.s", "create schema if not exists s"),
        ("drop schema if exists dev.s cascade", "drop schema if exists s cascade"),
        ("drop table if exists dev.s.t, u cascade", 'drop table if exists "s".t, u cascade'),
        ("comment on column dev.s.t.a is $x$it's$x$", 'comment on column "s".t.a is $x$it\'s$x$'),
        ("comment on table s.t is 'x'", "comment on table s.t is 'x'"),
        ("lock a.b, c", "lock table a.b, c"),
        ("lock table dev.s.t", 'lock table "s".t'),
        ("analyze", "analyze"),
        ("analyze dev.s.t", 'analyze "s".t'),
        ("alter schema dev.s owner to u", "alter schema s owner to u"),
        ("drop view dev.s.v", 'drop view "s".v'),
    ],
)
def test_definition(redshift: str, expected: str) -> None:
    assert text(redshift) == expected


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ("create role r", 'create role "r" nologin'),
        ("create user u password 'Ab1'", "create role \"u\" login password 'Ab1'"),
        (
            "create user u with password disable createuser",
            'create role "u" login password null superuser',
        ),
        (
            "alter role r owner to u",
            "do $rs$ begin perform pg_catalog.rs_give_role('r', 'u'); end $rs$",
        ),
        ("grant role r, role s to u, role v", "grant r, s to u, v"),
        ("revoke role r from u", "revoke r from u"),
        (
            "alter default privileges for user u revoke execute on procedures from public",
            "alter default privileges for user u revoke execute on routines from public",
        ),
        (
            "revoke grant option for select on t from u",
            "revoke grant option for select on t from u",
        ),
        ("drop role r force", 'drop role "r"'),
        ("drop user if exists u", 'drop role if exists "u"'),
        (
            "alter procedure s.p(int) owner to u",
            (
                "do $rs$ begin execute 'alter procedure ' || pg_catalog.rs_procedure('s.p',"
                " array['int']::regtype[]) || ' owner to \"u\"'; end $rs$"
            ),
        ),
        ("grant all privileges on database dev to u", "grant all privileges on database dev to u"),
        (
            "grant execute on all procedures in schema dev.s to role r",
            "grant execute on all procedures in schema s to r",
        ),
        (
            'grant select, insert on dev.s.t to role r, group g, "U"',
            'grant select, insert on "s".t to r, g, "U"',
        ),
        ("grant usage on schema s to public", "grant usage on schema s to public"),
        (
            "revoke all on all tables in schema s from role r",
            "revoke all on all tables in schema s from r",
        ),
        (
            "alter default privileges in schema s grant select on tables to role r",
            "alter default privileges in schema s grant select on tables to r",
        ),
        (
            "grant execute on procedure s.p(timestamp, varchar(16)) to role r",
            (
                "do $rs$ begin execute 'grant execute on procedure '"
                " || pg_catalog.rs_procedure('s.p',"
                " array['timestamp', 'varchar(16)']::regtype[]) || ' to \"r\"'; end $rs$"
            ),
        ),
        (
            "drop procedure s.p()",
            (
                "do $rs$ begin execute 'drop procedure '"
                " || pg_catalog.rs_procedure('s.p', array[]::regtype[]);"
                " end $rs$"
            ),
        ),
    ],
)
def test_access(redshift: str, expected: str) -> None:
    # Where a word is taken out two blanks stay.
    assert text(redshift) == expected


@pytest.mark.parametrize(
    ("redshift", "kind", "expected"),
    [
        ("begin", "begin", "begin"),
        ("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY", "begin", "begin read only"),
        ("start transaction", "begin", "begin"),
        ("end", "commit", "commit"),
        ("abort work", "rollback", "rollback"),
        ("select 1", "select", "select 1"),
        (";", "empty", ""),
        ("call s.p(1, null)", "call", "call s.p(1, null)"),
        ("call dev.s.p(nvl($1, 'x'))", "call", "call \"s\".p(coalesce($1, 'x'))"),
        (
            "create temp table t as select 1 as a",
            "create_table_as",
            "create temp table t as select 1 as a",
        ),
        (
            "show enable_case_sensitive_identifier",
            "show",
            (
                "select pg_catalog.current_setting('rs.enable_case_sensitive_identifier', true)"
                ' as "enable_case_sensitive_identifier"'
            ),
        ),
    ],
)
def test_kind(redshift: str, kind: str, expected: str) -> None:
    found = translate(redshift, Settings())
    assert (found.kind, " ".join(found.text.split())) == (kind, expected)


@pytest.mark.parametrize(
    ("redshift", "expected", "setting"),
    [
        ("set query_group to 'dbt'", "set rs.query_group to 'dbt'", ("query_group", "dbt")),
        (
            "set enable_case_sensitive_identifier = FALSE",
            "set rs.enable_case_sensitive_identifier to 'off'",
            ("enable_case_sensitive_identifier", "off"),
        ),
        (
            "reset enable_case_sensitive_identifier",
            "reset rs.enable_case_sensitive_identifier",
            ("enable_case_sensitive_identifier", None),
        ),
        (
            "set statement_timeout to 5000",
            "set statement_timeout to '5000'",
            ("statement_timeout", "5000"),
        ),
        ("set local timezone to 'UTC'", "set local timezone to 'UTC'", ("timezone", "UTC")),
        ("set query_group to default", "set rs.query_group to default", ("query_group", None)),
    ],
)
def test_setting(redshift: str, expected: str, setting: tuple[str, str | None]) -> None:
    found = translate(redshift, Settings())
    assert (found.text, found.setting) == (expected, setting)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select 1; select 2", "42601"),
        ("select", "42601"),
        ("select 1 from", "42601"),
        ("insert into t", "42601"),
        ("set no_such_setting to 1", "42704"),
        ("reset query_group now", "42601"),
        ("set query_group 'x'", "42601"),
        ("select a from dev.s.t.u", "42601"),
        ("drop table a b", "42601"),
        ("drop role a b", "42601"),
        ("begin now", "42601"),
        ("grant execute on procedure p(int bigint) to u", "42601"),
        ("create schema other.s", "0A000"),
        ("select a is 1 from t", "42601"),
        ("set enable_case_sensitive_identifier to maybe", "22023"),
        ("select $x$ from t", "42601"),
        ("select 1)", "42601"),
    ],
)
def test_what_does_not_parse_has_redshifts_code(sql: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        translate(sql, Settings())
    assert caught.value.code == code


WHOLE = [
    "with q as (select v.a, f.b from t as f, f.v.l as x at i where x.n in (1, 2)) select * from q",
    "select a, decode(b, 1, 2), listagg(c) within group (order by d) as e from t qualify a = 1",
    "create table s.t (a int not null encode az64, b varchar(max), primary key (a)) sortkey (a)",
    "create user u password 'x' createdb",
    "grant execute on procedure s.p(timestamp, varchar(16)) to role r, group g",
    "alter default privileges in schema s grant select on tables to role r",
    "update t set a = try_cast(b as date) from u where t.k = u.k and t.d > dateadd(day, 1, u.d)",
    (
        "create procedure p (a in int, b out int) as $$ declare c numeric := 1; begin if a = 1 then"
        " raise info 'x %', a; end if; for r in select 1 loop b := r.x; end loop; end; $$"
        " language plpgsql security definer"
    ),
    "alter table t alter column a type varchar(20)",
    "vacuum sort only dev.s.t to 99 percent boost",
    "set local enable_case_sensitive_identifier to true",
    "comment on column dev.s.t.a is 'x'",
    (
        "alter database d integration set query_all_states = true history_mode false for table"
        ' public."a", public."b" refresh_interval 900'
    ),
    "alter database d integration refresh inerror tables in schema public, other",
]


@pytest.mark.parametrize("sql", WHOLE)
def test_a_statement_that_breaks_off_is_refused_or_translated(sql: str) -> None:
    outcomes = [_outcome(sql[:end]) for end in range(len(sql) + 1)]
    assert outcomes[-1] == "translated"
    assert outcomes.count("refused") > len(sql) / 4


def _outcome(sql: str) -> str:
    try:
        translate(sql, Settings())
    except Refused:
        return "refused"
    return "translated"

"""Procedure bodies: each statement translated, what Redshift refuses refused."""

import pytest

from sandbox.dialect import Refused, Settings, translate


def body(statements: str, declare: str = "") -> str:
    """The translated body between BEGIN and END, blanks folded."""
    sql = (
        f"create procedure s.p (a in integer) as $$ {declare} begin {statements} end; $$"
        " language plpgsql"
    )
    text = " ".join(translate(sql, Settings()).text.split())
    return text.split(" begin ", 1)[1].removesuffix(" end; $$ language plpgsql")


def test_head() -> None:
    found = translate(
        "create or replace procedure dev.s.p (p_a in varchar(16), p_b numeric, inout p_c super,"
        " p_d out varchar(max), p_e out bigint) as $x$\nbegin null; end;\n$x$"
        " language plpgsql security definer;",
        Settings(),
    )
    assert found.kind == "create_procedure"
    assert found.text == (
        'create or replace procedure "s".p (p_a in varchar(16), p_b numeric(18, 0),'
        " inout p_c super,"
        " p_d inout varchar(65535) default null, p_e inout bigint default null) as $x$"
        "\n#variable_conflict use_variable\n\nbegin null; end;\n$x$"
        " language plpgsql security definer"
    )


def test_a_search_path_of_its_own() -> None:
    sql = (
        "create procedure s.p () as $$ begin null; end; $$ language plpgsql"
        " security definer set search_path = pg_catalog"
    )
    assert translate(sql, Settings()).text.endswith("definer set search_path = pg_catalog")


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ("a := nvl(a, 1);", "a := coalesce(a, 1);"),
        ("a := sysdate;", "a := pg_catalog.rs_sysdate();"),
        ("if a is null then return; end if;",) * 2,
        (
            "if a = 1 then a := avg(2); elsif nvl(a, 0) = 2 then null; else a := len('x'); end if;",
            (
                "if a = 1 then a := rs_avg(2); elsif coalesce(a, 0) = 2 then null;"
                " else a := len('x'); end if;"
            ),
        ),
        # CASE has a THEN and an END of its own.
        (
            "if case when a = 1 then true else false end then null; end if;",
            "if case when a = 1 then true else false end then null; end if;",
        ),
        ("a := case when a = 1 then 2 end;",) * 2,
        (
            "while nvl(a, 0) < 3 loop a := a + 1; end loop;",
            "while coalesce(a, 0) < 3 loop a := a + 1; end loop;",
        ),
        (
            "loop exit when a > 1; continue when nvl(a, 1) = 1; exit; end loop;",
            "loop exit when a > 1; continue when coalesce(a, 1) = 1; exit; end loop;",
        ),
        (
            "for i in 1..nvl(a, 3) loop null; end loop;",
            "for i in 1..coalesce(a, 3) loop null; end loop;",
        ),
        ("for i in reverse 3..1 loop null; end loop;",) * 2,
        ("raise info 'rows % of %', a, b;",) * 2,
        ("raise exception 'no %% left';",) * 2,
        ("get diagnostics a := row_count;",) * 2,
        ("call dev.s.q(nvl(a, 1), b);", 'call "s".q(coalesce(a, 1), b);'),
        ("lock dev.s.t;", 'lock table "s".t;'),
        ("delete t where k = a;", "delete from t where k = a;"),
        (
            "select v.a into x from t;",
            """select pg_catalog.super_get(v, 'a') as "a" into x from t;""",
        ),
        (
            "select into x, y v.a, 1 from t;",
            """select into x, y pg_catalog.super_get(v, 'a') as "a", 1 from t;""",
        ),
        ("with q as (select 1 as n) select n into x from q;",) * 2,
        ("begin a := nvl(a, 1); end;", "begin a := coalesce(a, 1); end;"),
        (
            "create temp table x diststyle even as select v.a from t;",
            """create temp table x as select pg_catalog.super_get(v, 'a') as "a" from t;""",
        ),
        ("drop table if exists x;",) * 2,
        (r"a := '\\d';", r"a := E'\\d';"),
    ],
)
def test_statement(redshift: str, expected: str) -> None:
    assert body(redshift) == expected


def test_upper_case_attributes_follow_the_callers_setting() -> None:
    assert body('select v."S"."t" into x from t;') == (
        "select pg_catalog.super_get(pg_catalog.super_get(v, (select pg_catalog.rs_key('S'))), 't')"
        ' as "t" into x from t;'
    )


def test_record_variables_are_aliases_and_super_variables_values() -> None:
    loop = "for r in select k, v from t loop a := r.v.n + d.m; end loop;"
    assert body(loop, "declare r record; d super;") == (
        "for r in select k, v from t loop"
        " a := pg_catalog.super_get(r.v, 'n') + pg_catalog.super_get(d, 'm'); end loop;"
    )


def test_arguments_without_names() -> None:
    sql = "create procedure p (int, double precision, out varchar) as $$ begin null; end; $$"
    assert translate(f"{sql} language plpgsql", Settings()).text.startswith(
        "create procedure p (int, double precision, inout varchar(256) default null) as $$"
    )


def test_declarations() -> None:
    sql = (
        "create procedure p () as $$ declare a numeric := nvl(1, 2); b constant varchar not null"
        " default 'x'; c s.t%rowtype; d dev.s.t.k%type; begin null; end; $$ language plpgsql"
    )
    text = translate(sql, Settings()).text
    assert (
        "declare a numeric(18, 0) := coalesce(1, 2); b constant varchar(256) not null default 'x';"
        ' c s.t%rowtype; d "s".t.k%type; begin'
    ) in text


def test_a_handler_reports_and_raises_again() -> None:
    assert body("a := 1; exception when others then raise info 'failed: %', sqlerrm;") == (
        "a := 1; exception when others then raise info 'failed: %', sqlerrm; raise;"
    )


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        ("execute 'select 1';", "dynamic SQL"),
        ("for r in execute 'select 1' loop null; end loop;", "dynamic SQL"),
        ("open c for select 1;", "cursor"),
        ("perform f(1);", "PERFORM"),
        ("commit;", "COMMIT"),
        ("rollback;", "ROLLBACK"),
        ("truncate t;", "TRUNCATE"),
        ("savepoint x;", "SAVEPOINT"),
        ("set query_group to 'x';", "SET"),
        ("vacuum t;", "VACUUM"),
        ("alter table t alter column a type varchar(9);", "inside a transaction block"),
        ("case a when 1 then null; end case;", "CASE"),
        ("raise info 'n %', a + 1;", "expression in RAISE"),
        ("raise info 'n %';", "1 % in its text and 0 arguments"),
        ("raise;", "RAISE"),
        ("raise info 'x' using y;", "syntax error"),
        ("raise 'text';", "RAISE"),
        ("get diagnostics a := result_oid;", "result_oid|RESULT_OID"),
        ("for r in select 1 loop for q in select 2 loop null; end loop; end loop;", "query loop"),
        ("null; exception when division_by_zero then null;", "WHEN OTHERS"),
        ("null; exception when others then insert into t select 1;", "INSERT in an exception"),
        ("create procedure q () as 'x' language plpgsql;", "CREATE PROCEDURE in a procedure"),
        ("<<l>> loop exit; end loop;", "label"),
        ("a = 1;", "syntax error"),
        ("if a = 1 then null;", "syntax error"),
        ("select generate_series(1, 2) into a;", "generate_series"),
        ("a := (select jsonb_agg(x) from t);", "jsonb_agg"),
        ("frobnicate;", "frobnicate"),
    ],
)
def test_refused_in_a_body(statements: str, what: str) -> None:
    with pytest.raises(Refused, match=what):
        body(statements)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("create procedure p () nonatomic as $$ begin null; end; $$ language plpgsql", "NONATOMIC"),
        ("create procedure p () as 'begin end' language plpgsql", r"\$\$"),
        ("create procedure p () as $$ begin null; end; $$ language sql", "syntax error"),
        (
            "create procedure p (a int default 1) as $$ begin null; end; $$ language plpgsql",
            "default",
        ),
        (
            "create procedure p (a out int, b int) as $$ begin null; end; $$ language plpgsql",
            "last",
        ),
        (
            "create procedure p () as $$ begin null; end; $$ language plpgsql set timezone to utc",
            "SET of a procedure",
        ),
        (
            "create procedure p () as $$ begin null; end; $$ language plpgsql set search_path to",
            "syntax error",
        ),
        (
            (
                "create procedure p () as $$ declare c cursor for select 1; begin null; end; $$"
                " language plpgsql"
            ),
            "CURSOR",
        ),
        ("drop procedure p", "argument types"),
        ("drop procedure if exists p()", "IF EXISTS"),
    ],
)
def test_refused_heads(sql: str, what: str) -> None:
    with pytest.raises(Refused, match=what):
        translate(sql, Settings())


def test_at_most_32_arguments() -> None:
    many = ", ".join(f"a{n} int" for n in range(33))
    with pytest.raises(Refused, match="32"):
        translate(
            f"create procedure p ({many}) as $$ begin null; end; $$ language plpgsql", Settings()
        )

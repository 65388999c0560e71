"""Dotted names: which are columns, which lead into SUPER."""

import pytest

from sandbox.dialect import Refused, Settings, translate

SENSITIVE = Settings(case_sensitive_identifier=True)
FOLDING = Settings(case_sensitive_identifier=False)


def postgresql(sql: str, settings: Settings = SENSITIVE) -> str:
    return translate(sql, settings).text.replace("pg_catalog.super_get", "get")


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        # An alias of FROM in front: the second part is the column.
        ("select a.b from t a", "select a.b from t a"),
        ("select a.b.c from t a", """select get(a.b, 'c') as "c" from t a"""),
        # No alias: the first part is the column.
        ("select b.c from t a", """select get(b, 'c') as "c" from t a"""),
        ("select t.b from t", "select t.b from t"),
        ("select t.b.c from s.t", """select get(t.b, 'c') as "c" from s.t"""),
        ("select s.t.b.c from s.t", """select get(s.t.b, 'c') as "c" from s.t"""),
        ("select t.b from s.t as u", """select get(t, 'b') as "b" from s.t as u"""),
        # The query around it lends its aliases.
        (
            "select 1 from t a where exists (select 1 from u where u.k = a.v.k)",
            "select 1 from t a where exists (select 1 from u where u.k = get(a.v, 'k'))",
        ),
        # A CTE's name is an alias like any other.
        (
            "with q as (select v.a from t) select q.a.b from q",
            """with q as (select get(v, 'a') as "a" from t) select get(q.a, 'b') as "b" from q""",
        ),
        ("select a.* from t a", "select a.* from t a"),
        # Subscripts count from 0, and may be expressions.
        ("select v[0].a from t", """select get(get(v, 0), 'a') as "a" from t"""),
        ("select v.a[n + 1] from t", """select get(get(v, 'a'), (n + 1)::int) as "a" from t"""),
        (
            "select f.v.a[v.n] from t f",
            """select get(get(f.v, 'a'), (get(v, 'n'))::int) as "a" from t f""",
        ),
        # Results of functions and of brackets can be entered too.
        (
            "select json_parse(x).a.b from t",
            """select get(get(json_parse(x), 'a'), 'b') as "b" from t""",
        ),
        ("select (v).a from t", """select get((v), 'a') as "a" from t"""),
        ("select nvl(v, w).a from t", """select get(coalesce(v, w), 'a') as "a" from t"""),
    ],
)
def test_path(redshift: str, expected: str) -> None:
    assert postgresql(redshift) == expected


@pytest.mark.parametrize(
    ("settings", "quoted", "unquoted"),
    [
        (Settings(case_sensitive_identifier=True), "'M'", "'m'"),
        (Settings(case_sensitive_identifier=False), "'m'", "'m'"),
        (Settings(False, case_sensitive_super_attribute=True), "'M'", "'M'"),
        (Settings(True, case_sensitive_super_attribute=True), "'M'", "'M'"),
    ],
)
def test_case_of_attributes(settings: Settings, quoted: str, unquoted: str) -> None:
    assert f"get(v, {quoted})" in postgresql('select v."M" as x from t', settings)
    assert f"get(v, {unquoted})" in postgresql("select v.M as x from t", settings)


def test_quotes_in_attributes() -> None:
    assert """get(v, 'it''s "x"')""" in postgresql('select v."it\'s ""x""" as y from t')


def test_quoted_names_fold_with_the_setting() -> None:
    sql = 'select "Id" from "S"."T" as "A" where "A"."Id" > 1'
    assert postgresql(sql) == sql
    assert postgresql(sql, FOLDING) == sql.replace('"Id"', '"id"').replace(
        '"S"."T" as "A"', '"s"."t" as "a"'
    ).replace('"A".', '"a".')


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("v.a", "a"),
        ("v.a::varchar", "a"),
        ("v.a::decimal(10, 2)", "a"),
        ('v."A"."S"::varchar', "S"),
        ("v[1]", "v"),
        ("cast(v.a as bigint)", "a"),
        ("json_serialize(v)", "json_serialize"),
        ("sysdate", "sysdate"),
        ("nvl2(v, 1, 2)", "case"),
    ],
)
def test_columns_keep_redshifts_names(item: str, label: str) -> None:
    assert translate(f"select {item}, 1 from t", SENSITIVE).text.endswith(
        f' as "{label}", 1 from t'
    )


@pytest.mark.parametrize("item", ["v.a as b", "v.a b", "v.a || 'x'", "v.a + 1", "max(v.a)", "v"])
def test_columns_with_a_name_of_their_own_get_no_other(item: str) -> None:
    assert ' as "' not in translate(f"select {item} from t", SENSITIVE).text


def test_the_label_of_a_folded_attribute_is_lower_case() -> None:
    assert ' as "s" ' in translate('select v."S" from t', FOLDING).text


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ("from t a, a.v.l as x", 'from t a, lateral unnest(get(a.v, \'l\')) as "x"("x")'),
        ("from t a, a.v x at i", 'from t a, lateral unnest_at(a.v) as "x"("x", "i")'),
        (
            "from t a, a.v as x, x.l as y at n",
            (
                'from t a, lateral unnest(a.v) as "x"("x"), '
                'lateral unnest_at(get("x"."x", \'l\')) as "y"("y", "n")'
            ),
        ),
        ("from t a, unpivot a.v as x at k", 'from t a, lateral unpivot(a.v) as "x"("x", "k")'),
        (
            "from t a left join a.v as x on true",
            'from t a left join lateral unnest(a.v) as "x"("x") on true',
        ),
        ("from t a, a.v[0] as x", 'from t a, lateral unnest(get(a.v, 0)) as "x"("x")'),
        ("from s.t, s.t.v as x", 'from s.t, lateral unnest(s.t.v) as "x"("x")'),
    ],
)
def test_unnesting(redshift: str, expected: str) -> None:
    text = postgresql(f"select 1 {redshift}").replace("pg_catalog.super_", "")
    assert text == f"select 1 {expected}"


def test_elements_are_navigated_as_values() -> None:
    assert postgresql('select x."S" as s, x as x from t a, a.v.l as x').startswith(
        """select get("x"."x", 'S') as s, x as x from"""
    )


def test_an_unnest_in_a_subquery_takes_the_array_from_the_query_around_it() -> None:
    text = postgresql("select (select count(*) from a.v as x where x.n > 1) as n from t a")
    assert 'from lateral pg_catalog.super_unnest(a.v) as "x"("x") where get("x"."x"' in text


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("v.a = 'x'", "get(v, 'a') = 'x'::varchar"),
        ("'x' <> v.a", "'x'::varchar <> get(v, 'a')"),
        ("v.a in ('x', 'y')", "get(v, 'a') in ('x'::varchar, 'y'::varchar)"),
        ("v.a not in ('x')", "get(v, 'a') not in ('x'::varchar)"),
        ("v.a between 'x' and 'y'", "get(v, 'a') between 'x'::varchar and 'y'::varchar"),
        ("nvl(v.a, 'x') = 1", "coalesce(get(v, 'a'), 'x'::varchar::super) = 1"),
        (
            "case when b then v.a else 'x' end = 1",
            "case when b then get(v, 'a') else 'x'::varchar::super end = 1",
        ),
        ("nvl(v.a, 0) = 1", "coalesce(get(v, 'a'), (0)::super) = 1"),
        ("nvl(v.a, b || 'x') = 1", "coalesce(get(v, 'a'), (b || 'x')::super) = 1"),
        ("v.a = 'x' || b", "get(v, 'a') = 'x' || b"),
        ("v.a is not null and b is null", "get(v, 'a') is not null and b is null"),
        # With a cast the literal has the cast's type, as ever.
        ("v.a::varchar = 'x'", "get(v, 'a')::varchar = 'x'"),
        ("v.a = 1", "get(v, 'a') = 1"),
        ("b = 'x' and v.a = 1", "b = 'x' and get(v, 'a') = 1"),
    ],
)
def test_literals_beside_super_are_strings(condition: str, expected: str) -> None:
    assert postgresql(f"select 1 from t where {condition}") == f"select 1 from t where {expected}"


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ('select 1 from dev.s."T"', 'select 1 from "s"."T"'),
        ("select dev.s.t.v.a as x from dev.s.t", """select get("s".t.v, 'a') as x from "s".t"""),
        ('select 1 from zetl.public."a-b" z', 'select 1 from "zetl.public"."a-b" z'),
        (
            "delete from dev.s.t using zetl.public.u where dev.s.t.k = u.k",
            'delete from "s".t using "zetl.public".u where "s".t.k = u.k',
        ),
    ],
)
def test_names_with_a_database(redshift: str, expected: str) -> None:
    assert postgresql(redshift) == expected


@pytest.mark.parametrize(
    "sql",
    [
        (
            "select 1 from a where exists"
            " (select 1 from b where exists (select 1 from c where c.x = a.x))"
        ),
        "select 1 from a where x in (select sum(b.y) over () from b where b.k = a.k)",
    ],
)
def test_correlations_that_redshift_cannot_resolve(sql: str) -> None:
    with pytest.raises(Refused, match="correlated"):
        translate(sql, SENSITIVE)

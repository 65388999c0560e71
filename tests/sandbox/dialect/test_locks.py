import pytest

from sandbox.dialect import Called, Leading, Lock, Settings, leading, translate


@pytest.mark.parametrize(
    ("sql", "locks"),
    [
        ("select 1", []),
        ("select * from pg_catalog.pg_class", []),
        ("select a.n from s.a as a join b using (n)", [('"s"."a", "b"', "access share")]),
        ("with x as (select n from s.a) select n from x", [('"s"."a"', "access share")]),
        ("select n from a where n in (select n from b)", [('"a", "b"', "access share")]),
        ("select n from other.public.a", [('"other.public"."a"', "access share")]),
        ("insert into a select n from a", [('"a"', "row exclusive")]),
        ("create table a as select n from b", [('"b"', "access share")]),
        ("explain select n from a", []),
        (
            "update dev.s.a set n = 1 from b where a.n = b.n",
            [('"s"."a"', "share row exclusive"), ('"b"', "access share")],
        ),
        (
            "with c as (select n from b) delete from a using c where a.n = c.n",
            [('"a"', "share row exclusive"), ('"b"', "access share")],
        ),
    ],
)
def test_tables_and_how_they_are_locked(sql: str, locks: list[tuple[str, str]]) -> None:
    found = translate(sql, Settings()).locks
    assert [lock.sql for lock in found] == [f"lock table {t} in {mode} mode" for t, mode in locks]


@pytest.mark.parametrize(
    ("sql", "called"),
    [
        ("call p()", Called(None, "p", 0)),
        ('call dev.s."P"(1, coalesce(2, 3))', Called("s", "P", 2)),
    ],
)
def test_a_call_names_its_procedure(sql: str, called: Called) -> None:
    assert translate(sql, Settings()).called == called


def _lock(*tables: str) -> Lock:
    return Lock(tables, "access exclusive")


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("begin lock s.a; select into n 1; lock s.b; end;", Leading((_lock("s.a"),))),
        ("begin lock table a, s.b; lock c; end", Leading((_lock("a, s.b"), _lock("c")))),
        ("declare n int; r record; begin lock a; end;", Leading((_lock("a"),))),
        ("declare n int := 0; begin lock a; end;", Leading()),
        ("declare n int default 0; begin lock a; end;", Leading()),
        ("begin if n is null then lock a; end if; end;", Leading()),
        ("begin n := 1; lock a; end;", Leading()),
        ("begin null; end;", Leading()),
        ("begin call s.p(n, left(m, 2)); end;", Leading((), Called("s", "p", 2))),
        ('begin lock a; call "S".p(); end;', Leading((_lock("a"),), Called("S", "p", 0))),
    ],
)
def test_what_a_procedure_locks_first(body: str, first: Leading) -> None:
    assert leading(f"\n#variable_conflict use_variable\n{body}") == first

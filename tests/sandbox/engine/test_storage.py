"""Zones and sort keys: what of a table a query does not read."""

import re
from collections.abc import Iterator

import pytest
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

from tests.conftest import Connect, Warehouse
from tests.sandbox.engine.conftest import Ask

DAY = "select count(*) from stored.facts where run_on = '2026-01-05'"


@pytest.fixture
def session(connect: Connect) -> Iterator[Connection]:
    """The deployer, with 100,000 rows of 100 days in no order: 15 blocks of 1 MB or so."""
    connection = connect("deployer")
    connection.autocommit = True
    run(connection, "create schema stored")
    columns = "n integer, run_on date, words varchar(200)"
    run(connection, f"create table stored.facts ({columns}) diststyle even sortkey (run_on)")
    yield connection
    run(connection, "drop schema stored cascade")


def run(connection: Connection, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def fill(ask: Ask, table: str = "stored.facts") -> None:
    """Rows by PostgreSQL's own means, as Redshift has no cheap series of numbers."""
    day = "date '2026-01-01' + (n::bigint * 7919 % 100)::integer"
    ask(f"insert into {table} select n, {day}, repeat('x', 100) from generate_series(1, 100000) n")


def pages_read(ask: Ask, query: str = DAY) -> int:
    """Heap pages that the plan touches; all of them where it scans the table."""
    plan = "\n".join(row[0] for row in ask(f"explain (analyze, buffers) {query}"))
    lossy = re.search(r"Heap Blocks:.* lossy=(\d+)", plan)
    if lossy:
        return int(lossy[1])
    assert "Seq Scan" in plan, plan
    (row,) = ask("select relpages from pg_class where oid = 'stored.facts'::regclass")
    return int(row[0])


def zones(ask: Ask, table: str) -> str | None:
    """The columns of a table that have zones, by name."""
    rows = ask(
        "select string_agg(a.attname, ', ' order by a.attnum) from pg_index i join pg_attribute a"
        " on a.attrelid = i.indrelid and a.attnum = any (i.indkey)"
        f" where i.indrelid = '{table}'::regclass"
    )
    return None if rows[0][0] is None else str(rows[0][0])


def test_after_vacuum_only_the_blocks_of_a_day_are_read(session: Connection, ask: Ask) -> None:
    fill(ask)
    run(session, "vacuum stored.facts")
    every = pages_read(ask, "select count(words) from stored.facts")
    assert every > 1000
    assert pages_read(ask) <= 256


def test_no_background_vacuum_follows_a_load(ask: Ask) -> None:
    """New rows would fill the gaps that it finds in old pages, and widen their zones."""
    assert ask("show autovacuum_vacuum_insert_threshold") == [["-1"]]


def test_without_the_order_of_a_sort_key_zones_help_nobody(session: Connection, ask: Ask) -> None:
    run(session, "create table stored.unsorted (n integer, run_on date, words varchar(200))")
    fill(ask, "stored.unsorted")
    run(session, "vacuum stored.unsorted")
    plan = ask(f"explain {DAY.replace('facts', 'unsorted')}")
    assert any("Seq Scan" in row[0] for row in plan)


def test_a_procedure_skips_blocks_by_its_variables(
    session: Connection, warehouse: Warehouse, ask: Ask
) -> None:
    fill(ask)
    run(session, "vacuum full stored.facts to 99 percent boost")
    run(
        session,
        """create procedure stored.take(p_day in date) as $$
        begin
            create temp table taken as
            select n from stored.facts where run_on between p_day and p_day;
        end $$ language plpgsql""",
    )
    before = ask("select idx_scan from pg_stat_user_indexes where relname = 'facts'")[0][0]
    caller = warehouse.connect()
    run(caller, "call stored.take(cast('2026-01-05' as date))")
    caller.commit()
    # The counters of a session are seen when it reports them, at the latest when it ends.
    caller.close()
    found = f"select idx_scan > {before} from pg_stat_user_indexes where relname = 'facts'"
    for _ in range(200):
        ask("select pg_sleep(0.02)")
        if ask(found)[0][0]:
            return
    pytest.fail("the zones were not used")


def test_zones_follow_the_columns(session: Connection, ask: Ask) -> None:
    assert zones(ask, "stored.facts") == "n, run_on"
    run(session, "alter table stored.facts add column seen_at timestamp")
    assert zones(ask, "stored.facts") == "n, run_on, seen_at"
    run(session, "alter table stored.facts drop column run_on")
    assert zones(ask, "stored.facts") == "n, seen_at"
    run(session, "create table stored.copied as select n, words from stored.facts")
    assert zones(ask, "stored.copied") == "n"


def test_temporary_tables_and_replicas_have_no_zones(session: Connection, ask: Ask) -> None:
    ask("create temp table passing (n integer)")
    assert zones(ask, "passing") is None
    ask("drop table passing")
    ask("create table stored.replicated (n integer)")
    assert zones(ask, "stored.replicated") is None


@pytest.mark.parametrize(
    "table",
    [
        "(n integer, run_on date) compound sortkey (run_on, n)",
        "(n integer, run_on date sortkey)",
        "interleaved sortkey (run_on, n) as select 1 as n, cast('2026-01-09' as date) as run_on",
    ],
)
def test_vacuum_sorts_however_the_key_was_said(session: Connection, ask: Ask, table: str) -> None:
    run(session, f"create table stored.small {table}")
    days = ((3, "02"), (2, "01"), (4, "03"))
    for n, day in days:
        run(session, f"insert into stored.small values ({n}, '2026-01-{day}')")
    run(session, "vacuum sort only stored.small")
    rows = ask("select n from stored.small where n > 1 order by ctid")
    assert [row[0] for row in rows] == [2, 3, 4]


def test_vacuum_is_for_the_owner_outside_of_transactions(
    session: Connection, connect: Connect
) -> None:
    run(session, "grant usage on schema stored to quick")
    quick = connect("quick")
    quick.autocommit = True
    with pytest.raises(ProgrammingError, match=r"must be owner of relation stored\.facts"):
        run(quick, "vacuum stored.facts")
    session.autocommit = False
    with pytest.raises(ProgrammingError, match="VACUUM cannot run inside a transaction block"):
        run(session, "vacuum stored.facts")
    session.rollback()
    session.autocommit = True
    run(session, "vacuum")

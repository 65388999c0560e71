"""What a caller may plant where a procedure might find it: none of it is ever used.

https://docs.aws.amazon.com/redshift/latest/dg/stored-procedure-security-and-privileges.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from redshift_connector.core import Connection

from sandbox.zero_etl.session import service
from tests.conftest import Connect
from tests.refresh.project import Project, refused
from tests.refresh.telemetry import log_item

# A function of the same name and arguments for each that a procedure names, and every operator of
# the types of a key: whoever comes to one of them raises.
PLANT_FUNCTIONS = """
do $plant$
declare
  found record;
begin
  for found in
    select distinct p.proname, pg_get_function_identity_arguments(p.oid) as arguments,
      p.prorettype::regtype as type
    from pg_proc p
    join (
      select distinct (regexp_matches(prosrc, '([a-z_0-9]+)\\s*\\(', 'g'))[1] as name
      from pg_proc where pronamespace = '{ops}'::regnamespace
    ) named on named.name = p.proname
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f'
      and p.prorettype not in ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype)
      and not p.proargtypes::oid[] && array['internal'::regtype::oid, '"any"'::regtype::oid]
      and p.prorettype::regtype::text not like 'any%' and not p.proretset and p.pronargdefaults = 0
  loop
    begin
      execute format('create function intruder.%I(%s) returns %s language plpgsql as '
        '$f$ begin raise exception ''planted function %s''; end $f$',
        found.proname, found.arguments, found.type, found.proname);
    exception when others then null;
    end;
  end loop;
end $plant$
"""
PLANT_OPERATORS = (
    (
        "create function intruder.planted(a {0}, b {0}) returns boolean language plpgsql as"
        " $f$ begin raise exception 'planted operator'; end $f$"
    ),
    *(
        f"create operator intruder.{operator} "
        "(leftarg = {0}, rightarg = {0}, function = intruder.planted)"
        for operator in ("=", "<>", ">")
    ),
)


def names(project: Project, pattern: str) -> list[str]:
    """The names in the procedures' texts that match."""
    texts = project.inspected(
        f"select prosrc from pg_proc where pronamespace = '{project.schema('ops')}'::regnamespace",
    )
    found = sorted({name for (text,) in texts for name in re.findall(pattern, text)})
    assert found
    return found


def call(project: Project, mode: str = "incremental") -> str:
    return (
        f"call {project.schema('ops')}.refresh_pipeline_health("
        f"cast('{project.next_slot()}' as timestamp), '{mode}')"
    )


def outcome(connection: Connection, statement: str) -> str:
    cursor = connection.cursor()
    cursor.execute(statement)
    return str(json.loads(cursor.fetchall()[0][0])["outcome"])


@pytest.fixture
def intruder(project: Project) -> Iterator[Connection]:
    """A caller who owns a schema of their name, which their search path begins with."""
    role = f"{project.environment}_refresher"
    for statement in (
        "create user intruder password 'Sandbox-1'",
        "create schema intruder authorization intruder",
        f"grant role {role} to intruder",
    ):
        project.rows(statement, user="admin")
    connection = project.warehouse.connect("intruder")
    connection.autocommit = True
    yield connection
    connection.close()
    with service(project.warehouse.home) as cursor:
        cursor.execute("drop schema intruder cascade")
        cursor.execute("drop user intruder")


@pytest.fixture
def session(connect: Connect) -> Connection:
    connection = connect("scheduler")
    connection.autocommit = True
    return connection


def left_behind(project: Project, session: Connection) -> list[tuple[Any, ...]]:
    """The temporary tables of the session; another one's may go long after its end was asked."""
    cursor = session.cursor()
    cursor.execute("select pg_backend_pid()")
    ((pid,),) = cursor.fetchall()
    return project.inspected(
        "select relname from pg_class where relnamespace::regnamespace::text in"
        " (select 'pg_temp_' || backend from pg_stat_get_backend_idset() as ids (backend)"
        f" where pg_stat_get_backend_pid(backend) = {pid})"
    )


def unharmed(project: Project) -> None:
    """The tables are as a reconcile would make them."""
    before = project.marts()
    assert project.refresh(mode="reconcile")["outcome"] == "nothing_new"
    assert project.marts() == before


@pytest.mark.parametrize(
    "path", ["'$user', public", "intruder, pg_catalog, pg_temp", "intruder, pg_temp, pg_catalog"]
)
def test_a_callers_search_path_finds_nothing(
    project: Project, intruder: Connection, path: str
) -> None:
    """Tables, functions and operators of the same names, before and behind those of the system."""
    relations = names(project, r"\b_[a-z]+__\w+")
    relations += [
        name
        for (name,) in project.inspected(
            "select relname from pg_class where"
            f" relkind = 'r' and relnamespace in ('{project.schema('ops')}'::regnamespace,"
            f" '{project.schema('staging')}'::regnamespace)",
        )
    ]
    for name in relations:
        intruder.cursor().execute(f"create table intruder.{name} (planted integer)")
        intruder.cursor().execute(f"grant all on intruder.{name} to deployer")
    with service(project.warehouse.home) as cursor:
        cursor.execute(PLANT_FUNCTIONS.format(ops=project.schema("ops")))
        for kind in ("text", "varchar", "bigint", "timestamp", "boolean", "date"):
            for statement in PLANT_OPERATORS:
                cursor.execute(statement.format(kind))
        cursor.execute("grant usage on schema intruder to public")
        cursor.execute("select count(*) from pg_proc where pronamespace = 'intruder'::regnamespace")
        assert cursor.fetchall()[0][0] > 20
    failed = log_item(category="path", status="FAILED", error_message={"S": f"Not in {path}"})
    project.replicas.put(failed, log_item(category="path", run_date="20260302"))
    intruder.cursor().execute(f"set search_path to {path}")

    assert outcome(intruder, call(project)) == "done"
    assert outcome(intruder, call(project, "reconcile")) == "nothing_new"
    unharmed(project)


def test_a_temporary_table_named_like_ours_stops_only_its_own_session(
    project: Project, session: Connection
) -> None:
    """One name of each kind that the procedures use."""
    kinds = {name.split("__")[0]: name for name in names(project, r"\b_[a-z]+__\w+")}
    assert kinds.keys() >= {"_items", "_now", "_delta", "_affected"}
    for kind, name in kinds.items():
        project.replicas.put(log_item(category=f"temporary{kind}"))
        before = project.marts()
        session.cursor().execute(f"create temp table {name} (log_key varchar(300))")

        assert "must be owner of" in refused(session, call(project, "reconcile"))
        assert project.marts() == before
        assert project.refresh()["outcome"] == "done"
        session.cursor().execute(f"drop table {name}")
        assert outcome(session, call(project)) == "nothing_new"
    unharmed(project)


def test_temporary_tables_named_like_real_ones_are_not_used(
    project: Project, session: Connection
) -> None:
    schemas = ", ".join(
        f"'{project.schema(name)}'::regnamespace" for name in ("ops", "staging", "bi_reports")
    )
    real = project.inspected(
        f"select relname from pg_class where relkind = 'r' and relnamespace in ({schemas})",
    )
    for (name,) in real:
        session.cursor().execute(f"create temp table {name} (planted integer)")
    project.replicas.put(log_item(category="masked"))

    assert outcome(session, call(project)) == "done"
    assert outcome(session, call(project, "reconcile")) == "nothing_new"
    for (name,) in real:
        cursor = session.cursor()
        cursor.execute(f"select count(*) from {name}")
        assert cursor.fetchall()[0][0] == 0, name
    unharmed(project)


def test_calls_in_one_session_leave_nothing_for_each_other(
    project: Project, session: Connection
) -> None:
    assert not left_behind(project, session)
    for category in ("first", "second"):
        project.replicas.put(log_item(category=category))
        assert outcome(session, call(project)) == "done"
        assert not left_behind(project, session)
    session.autocommit = False
    project.replicas.put(log_item(category="third"))
    assert outcome(session, call(project)) == "done"
    assert outcome(session, call(project, "reconcile")) == "nothing_new"
    session.commit()
    assert not left_behind(project, session)
    unharmed(project)


def test_a_call_that_failed_in_the_middle_leaves_nothing(
    project: Project, session: Connection
) -> None:
    """The last model of a refresh fails, after all others have made and filled their tables."""
    project.replicas.put(log_item(category="middle"))
    before = project.marts()
    session.cursor().execute("create temp table _now__agg_pipeline_daily (planted integer)")
    assert "must be owner" in refused(session, call(project))
    assert left_behind(project, session) == [("_now__agg_pipeline_daily",)]
    assert project.marts() == before

    session.cursor().execute("drop table _now__agg_pipeline_daily")
    assert outcome(session, call(project)) == "done"
    assert not left_behind(project, session)
    unharmed(project)

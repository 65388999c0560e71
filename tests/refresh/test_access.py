"""Who may do what, tried as each user; and what the catalog says of everything that was made."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redshift_connector.error import Error

from tests.conftest import Connect
from tests.refresh.project import MARTS, ROOT, Project, refused

STAGING = "stg_pipeline_logger__pipeline_logs"
VIEWS = ("pipeline_health", "pipeline_live")
ACCESS = """
select source as client_id
from {{ ref('pipeline_registry') }}
"""
ACCESS_YML = """
models:
  - name: grants_now
    description: One row per client.
    config:
      materialized: view
      contract: {enforced: true}
      grants: {select: [stranger]}
      meta: {subject: access, reader: %s}
    columns:
      - {name: client_id, data_type: varchar(300), description: Client.}
"""


@pytest.fixture(scope="module", autouse=True)
def users(project: Project) -> Iterator[None]:
    """A member of security_reader, and a user without any role."""
    names = ("auditor", "stranger")
    for name in names:
        project.rows(f"create user {name} password 'Sandbox-1'", user="admin")
    members = "{members: {security_reader: [auditor]}}"
    outcome = project.dbt("run-operation", "grant_roles", "--args", members)
    assert outcome.success, outcome.messages
    yield
    for name in names:
        project.rows(f"drop user {name}", user="admin")


@pytest.fixture
def everything(project: Project) -> list[str]:
    """A query for one relation of every kind."""
    ops, staging, marts = (project.schema(name) for name in ("ops", "staging", "bi_reports"))
    return [
        f"select 1 from {marts}.fct_pipeline_runs",
        f"select 1 from {marts}.pipeline_health",
        f"select 1 from {staging}.{STAGING}",
        f"select 1 from {staging}.pipeline_registry",
        f"select 1 from {ops}.runs",
        f"select 1 from {ops}.state_pipeline_health",
        f"select 1 from {ops}.{STAGING}__changes",
        'select 1 from zero_etl_pipeline_logs.public."pipeline-logs"',
    ]


@pytest.fixture
def writes(project: Project) -> list[str]:
    """A statement for every way to change something without a procedure."""
    ops, staging, marts = (project.schema(name) for name in ("ops", "staging", "bi_reports"))
    return [
        f"delete from {marts}.fct_pipeline_runs",
        f"insert into {marts}.dim_run_days (run_on) select current_date",
        f"truncate {marts}.fct_pipeline_runs",
        f"drop table {marts}.fct_pipeline_runs",
        f"alter table {marts}.fct_pipeline_runs add column planted integer",
        f"create or replace view {marts}.pipeline_live as select 1 as one",
        f"update {ops}.state_pipeline_health set counter = 0",
        f"lock table {ops}.state_pipeline_health",
        f"delete from {ops}.runs",
        f"delete from {staging}.{STAGING}",
        f"create table {ops}.planted (one integer)",
        f"create table {marts}.planted (one integer)",
        "create table public.planted (one integer)",
        "create schema planted",
        f"create procedure {ops}.planted() as $$ begin null; end; $$ language plpgsql",
        f"create or replace procedure {ops}.read_runs() as $$ begin null; end; $$ language plpgsql",
    ]


def calls(project: Project, names: str) -> list[str]:
    """A CALL of every procedure of the environment whose name matches a pattern."""
    found = project.inspected(
        "select proname, array(select format_type(type, null) from unnest(proargtypes)"
        " with ordinality as input (type, place) where place <= pronargs - pronargdefaults"
        " order by place) from pg_proc where pronamespace ="
        f" '{project.schema('ops')}'::regnamespace and proname ~ '{names}'",
    )
    assert found
    return [
        f"call {project.schema('ops')}.{name}({', '.join(f'cast(null as {t})' for t in types)})"
        for name, types in found
    ]


@pytest.mark.parametrize("user", ["scheduler", "quick", "auditor", "stranger"])
def test_nobody_but_the_deployer_writes(
    project: Project, connect: Connect, user: str, writes: list[str]
) -> None:
    connection = connect(user)
    for statement in writes:
        said = refused(connection, statement)
        assert "permission denied" in said or "must be owner" in said, statement


@pytest.mark.parametrize("user", ["scheduler", "stranger"])
def test_without_a_readers_role_nothing_is_read(
    project: Project, connect: Connect, user: str, everything: list[str]
) -> None:
    connection = connect(user)
    for statement in everything:
        assert "permission denied" in refused(connection, statement), statement


@pytest.mark.parametrize("user", ["quick", "auditor"])
def test_readers_see_marts_and_nothing_else(
    project: Project, connect: Connect, user: str, everything: list[str]
) -> None:
    marts = project.schema("bi_reports")
    connection = connect(user)
    for name in (*MARTS, *VIEWS):
        connection.cursor().execute(f"select count(*) from {marts}.{name}")
    for statement in everything:
        if f"from {marts}." not in statement:
            assert "permission denied" in refused(connection, statement), statement


def test_the_refresher_calls_a_subject_but_no_model(project: Project, connect: Connect) -> None:
    assert project.refresh()["outcome"] in ("done", "nothing_new")
    connection = connect("scheduler")
    for statement in calls(project, "__refresh$"):
        assert "permission denied" in refused(connection, statement), statement


@pytest.mark.parametrize("user", ["quick", "auditor", "stranger"])
def test_only_the_refresher_calls_anything(project: Project, connect: Connect, user: str) -> None:
    connection = connect(user)
    for statement in calls(project, "."):
        assert "permission denied" in refused(connection, statement), statement


def test_only_security_readers_read_what_is_theirs(project: Project, tmp_path: Path) -> None:
    """A folder's reader stands in one place; a change of it takes the right away again. A
    `grants:` of the model's own stands beside it."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "models", folder / "models")
    for name in ("macros", "seeds", "procedures", "dbt_project.yml", "tests"):
        (folder / name).symlink_to(ROOT / name)
    access = folder / "models" / "marts" / "access"
    access.mkdir()
    (access / "grants_now.sql").write_text(ACCESS)
    copied = replace(project, root=folder)
    query = f"select count(*) from {project.schema('bi_reports')}.grants_now"
    try:
        for reader, may_quick in (("security_reader", False), ("bi_reader", True)) * 2:
            (access / "_access.yml").write_text(ACCESS_YML % reader)
            outcome = copied.dbt("run", "--select", "grants_now")
            assert outcome.success, outcome.messages
            assert project.value(query, user="auditor") > 0
            if may_quick:
                assert project.value(query, user="quick") > 0
            else:
                with pytest.raises(Error, match="permission denied"):
                    project.value(query, user="quick")
        (access / "_access.yml").write_text(ACCESS_YML % "everybody")
        outcome = copied.dbt("run", "--select", "grants_now")
        assert "bi_reader or security_reader" in outcome.messages
        granted = project.inspected("select relacl from pg_class where relname = 'grants_now'")
        assert "stranger=r" in str(granted)
    finally:
        project.rows(f"drop view if exists {project.schema('bi_reports')}.grants_now")
        project.rows(f"drop table if exists {project.schema('ops')}.state_access")


def test_granting_again_mends_what_was_granted_by_hand(project: Project) -> None:
    marts = project.schema("bi_reports")
    role = f"{project.environment}_bi_reader"
    project.rows(f"revoke select on {marts}.dim_run_days from role {role}")
    project.rows(
        f"grant delete on {marts}.dim_run_days to role {project.environment}_security_reader"
    )
    with pytest.raises(Error, match="permission denied"):
        project.rows(f"select 1 from {marts}.dim_run_days", user="quick")

    outcome = project.dbt("run-operation", "grant_roles")

    assert outcome.success, outcome.messages
    project.rows(f"select 1 from {marts}.dim_run_days", user="quick")
    with pytest.raises(Error, match="permission denied"):
        project.rows(f"delete from {marts}.dim_run_days", user="auditor")


def test_a_role_that_is_none_is_refused(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    members = "{members: {reader: [quick]}}"
    outcome = project.dbt("run-operation", "grant_roles", "--args", members)
    assert not outcome.success
    assert "there is no role reader" in capfd.readouterr().out


def test_every_procedure_is_closed(project: Project) -> None:
    """Whatever was deployed: its owner's rights, no search path of its caller, one role."""
    refresher = f"{project.environment}_refresher"
    found = project.inspected(
        "select proname, pg_get_userbyid(proowner), prosecdef, proconfig,"
        " array(select case grantee when 0 then 'public' else pg_get_userbyid(grantee) end::text"
        " from aclexplode(proacl) where grantee <> proowner)"
        f" from pg_proc where pronamespace = '{project.schema('ops')}'::regnamespace",
    )
    assert len(found) > len(MARTS)
    for name, owner, is_definer, config, grantees in found:
        assert (owner, is_definer) == ("deployer", True), name
        assert config == ["search_path=pg_catalog"], name
        assert grantees == ([] if name.endswith("__refresh") else [refresher]), name


def test_every_relation_is_the_deployers_and_no_more_is_granted(project: Project) -> None:
    roles = {
        "staging": {},
        "ops": {f"{project.environment}_refresher": "USAGE"},
        "bi_reports": {f"{project.environment}_bi_reader": "USAGE"},
    }
    readers = {f"{project.environment}_bi_reader": "SELECT"}
    for name, expected in roles.items():
        schema = f"'{project.schema(name)}'::regnamespace"
        (is_super,) = project.inspected("select usesuper from pg_user where usename = 'deployer'")
        assert is_super == (False,)
        granted = project.inspected(
            "select grantee::regrole::text, privilege_type from pg_namespace,"
            f" aclexplode(nspacl) where oid = {schema} and grantee <> nspowner",
        )
        assert dict(granted) == expected, name
        relations = project.inspected(
            "select relname, pg_get_userbyid(relowner) from pg_class"
            f" where relnamespace = {schema} and relkind in ('r', 'v')",
        )
        assert {owner for _, owner in relations} == {"deployer"}
        granted = project.inspected(
            "select relname, grantee::regrole::text, privilege_type from pg_class,"
            f" aclexplode(relacl) where relnamespace = {schema} and grantee <> relowner",
        )
        assert all({role: right} == readers for _, role, right in granted), name
        assert len(granted) == (len(relations) if name == "bi_reports" else 0)


def test_the_scheduler_learns_counts_and_failures_without_reading(project: Project) -> None:
    call = f"call {project.schema('ops')}.check_pipeline_health()"
    checked = json.loads(project.value(call, user="scheduler"))

    runs = project.value(f"select count(*) from {project.schema('bi_reports')}.pipeline_health")
    assert checked["failures"] == []
    assert checked["counts"]["pipeline_health"] == runs


def test_an_outcome_is_recorded_once_and_read_back(project: Project) -> None:
    ops = project.schema("ops")
    call = (
        f"call {ops}.record_outcome('pipeline_health', 'incremental',"
        " cast('2026-03-31 12:00' as timestamp), 'ingestion', 'pipeline_health-r7',"
        " 'COMPLETED', '')"
    )
    project.rows(call, user="scheduler")
    project.rows(call, user="scheduler")

    runs = json.loads(
        project.value(f"call {ops}.read_runs('pipeline_health', 100)", user="scheduler")
    )
    assert [run["outcome"] for run in runs if run["name"] == "pipeline_health-r7"] == ["COMPLETED"]

"""Environments as a whole: dropped, and given to another deploying user."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redshift_connector.error import Error

from sandbox.zero_etl.session import service
from tests.refresh.project import Outcome, Project
from tests.refresh.telemetry import log_item

SECOND = "deployer_two"


@pytest.fixture
def alice(project: Project) -> Iterator[Project]:
    """A second environment, built; what a test leaves of it is dropped."""
    made = Project(project.warehouse, project.replicas, project.folder, environment="alice")
    outcome = made.dbt("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.success, outcome.messages
    yield made
    if schemas(made):
        made.rows("drop schema alice_staging, alice_ops, alice_bi_reports cascade", user="admin")
        for (role,) in roles(made):
            made.rows(f"drop role {role} force", user="admin")


def drop(project: Project, **arguments: str) -> Outcome:
    return project.dbt("run-operation", "drop_environment", "--args", json.dumps(arguments))


def schemas(project: Project) -> list[str]:
    found = project.rows("select nspname from pg_namespace where nspname like 'alice%' order by 1")
    return [name for (name,) in found]


def roles(project: Project) -> list[tuple[str]]:
    found = project.rows(
        "select role_name from svv_roles where role_name like 'alice%' order by 1", user="admin"
    )
    return [(name,) for (name,) in found]


def test_an_environment_is_dropped_with_its_roles_and_nothing_else(
    project: Project, alice: Project
) -> None:
    members = "{members: {refresher: [scheduler]}}"
    assert alice.dbt("run-operation", "grant_roles", "--args", members).success
    before, user = project.marts(), "admin"
    alice.rows("create schema alice_notes", user=user)
    alice.rows("create view public.peek as select * from alice_bi_reports.dim_run_days", user=user)

    unsaid = drop(alice, environment="alice")
    watched = drop(alice, environment="alice", confirm="alice")
    alice.rows("drop view public.peek", user=user)
    assert schemas(alice) == ["alice_bi_reports", "alice_notes", "alice_ops", "alice_staging"]
    dropped = drop(project, environment="alice", confirm="alice")

    assert not unsaid.success
    assert "{environment: alice, confirm: alice}" in unsaid.messages
    assert not watched.success
    assert "alice is read by public.peek" in watched.messages
    assert dropped.success, dropped.messages
    assert schemas(alice) == ["alice_notes"]
    assert roles(alice) == []
    alice.rows("drop schema alice_notes", user=user)
    assert project.marts() == before
    assert project.refresh()["outcome"] == "nothing_new"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("prod", "production is not dropped"),
        ("bob", "bob is no environment of this project"),
        ("x; drop schema y", "is no name of an environment"),
    ],
)
def test_what_is_no_environment_of_ours_is_not_dropped(
    project: Project, environment: str, message: str
) -> None:
    project.rows("create schema if not exists bob_ops", user="admin")
    outcome = drop(project, environment=environment, confirm=environment)
    assert not outcome.success
    assert message in outcome.messages
    assert project.rows("select 1 from pg_namespace where nspname = 'bob_ops'")
    project.rows("drop schema bob_ops", user="admin")


def _as_service(project: Project, statement: str) -> None:
    with service(project.warehouse.home) as cursor:
        cursor.execute(statement)


@pytest.fixture
def second(project: Project) -> Iterator[str]:
    """A second user who may deploy, as the set-up page makes one."""
    replicas = [
        schema
        for (schema,) in project.inspected(
            "select nspname::text from pg_namespace where nspname like 'zero_etl_%public'"
        )
    ]
    assert len(replicas) == 2
    project.rows(f"create user {SECOND} password 'Sandbox-1'", user="admin")
    project.rows(f"grant create on database dev to {SECOND}", user="admin")
    for schema in replicas:
        _as_service(project, f'grant usage on schema "{schema}" to {SECOND}')
        _as_service(project, f'grant select on all tables in schema "{schema}" to {SECOND}')
    yield SECOND
    for schema in replicas:
        _as_service(project, f'revoke all on all tables in schema "{schema}" from {SECOND}')
        _as_service(project, f'revoke all on schema "{schema}" from {SECOND}')
    project.rows(f"revoke create on database dev from {SECOND}", user="admin")
    dropped = "drop schema if exists alice_staging, alice_ops, alice_bi_reports cascade"
    project.rows(dropped, user="admin")
    for (role,) in roles(project):
        project.rows(f"drop role {role} force", user="admin")
    project.rows(f"drop user {SECOND}", user="admin")


def transfer(project: Project, user: str, to: str = SECOND) -> Outcome:
    words = json.dumps({"to": to})
    return replace(project, user=user).dbt("run-operation", "transfer_ownership", "--args", words)


def owners(project: Project) -> set[str]:
    """Who owns anything of the environment."""
    return {
        owner
        for (owner,) in project.inspected(
            "with held as (select oid from pg_namespace where nspname like 'alice%')"
            " select relowner::regrole::text from pg_class"
            " where relnamespace in (select oid from held) and relkind in ('r', 'v')"
            " union select proowner::regrole::text from pg_proc"
            " where pronamespace in (select oid from held)"
            " union select nspowner::regrole::text from pg_namespace where nspname like 'alice%'"
            " union select role_owner from svv_roles where role_name like 'alice%'"
        )
    }


def test_another_user_deploys_and_the_procedures_have_his_rights(
    alice: Project, second: str
) -> None:
    members = "{members: {refresher: [scheduler], bi_reader: [quick]}}"
    assert alice.dbt("run-operation", "grant_roles", "--args", members).success
    by_owner = transfer(alice, "deployer")
    to_nobody = transfer(alice, "admin", "nobody_here")
    assert owners(alice) == {"deployer"}

    outcome = transfer(alice, "admin")

    assert not by_owner.success
    assert "only a superuser gives ownership away" in by_owner.messages
    assert not to_nobody.success
    assert "there is no user nobody_here" in to_nobody.messages
    assert outcome.success, outcome.messages
    assert owners(alice) == {second}
    alice.replicas.put(log_item(category="transferred"))
    assert alice.refresh()["outcome"] == "done"
    marts = "alice_bi_reports.fct_stage_runs where category = 'transferred'"
    assert alice.value(f"select count(*) from {marts}", user="quick") == 1
    with pytest.raises(Error, match="permission denied"):
        alice.rows(f"select count(*) from {marts}")
    outcome = replace(alice, user=second).dbt("run")
    assert outcome.success, outcome.messages
    outcome = replace(alice, user=second).dbt("run-operation", "grant_roles", "--args", members)
    assert outcome.success, outcome.messages
    outcome = alice.dbt("run", "--select", "fct_stage_runs")
    assert not outcome.success
    assert "must be owner" in outcome.messages or "permission denied" in outcome.messages

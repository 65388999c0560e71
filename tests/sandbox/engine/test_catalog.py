"""Rights that every new sandbox has, and the system views over them."""

from collections.abc import Iterator
from typing import Any

import pytest
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

from tests.conftest import Connect
from tests.sandbox.engine.conftest import Ask


@pytest.fixture(scope="module")
def rights(ask: Ask) -> Iterator[Ask]:
    """A schema of the deployer with a table, a view and a procedure; a role that may use some."""
    ask("set session authorization deployer")
    ask("create schema rights_here")
    ask("create table rights_here.facts (id int not null, name varchar(20))")
    ask("comment on column rights_here.facts.id is 'the key'")
    ask("create view rights_here.seen as select id from rights_here.facts")
    body = "$$ begin insert into rights_here.facts values (1, 'one'); end $$"
    ask(f"create procedure rights_here.add() security definer language plpgsql as {body}")
    ask(f"create procedure rights_here.closed() language plpgsql as {body}")
    ask("create role rights_reader")
    ask("grant usage on schema rights_here to rights_reader")
    ask("grant select on rights_here.seen to rights_reader")
    ask("grant execute on procedure rights_here.add() to rights_reader")
    ask("grant rights_reader to quick")
    ask("reset session authorization")
    yield ask
    ask("drop schema rights_here cascade")
    ask("drop role rights_reader")


@pytest.fixture
def cursor_of(rights: Ask, connect: Connect) -> Any:
    def open_one(user: str) -> Any:
        connection: Connection = connect(user)
        connection.autocommit = True
        return connection.cursor()

    return open_one


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return [tuple(row) for row in cursor.fetchall()]


def test_a_role_gives_what_it_was_granted_and_no_more(cursor_of: Any) -> None:
    quick = cursor_of("quick")
    quick.execute("call rights_here.add()")
    assert rows(quick, "select id from rights_here.seen") == [(1,)]
    for refused, of in (
        ("select * from rights_here.facts", "relation facts"),
        ("insert into rights_here.facts values (2, 'two')", "relation facts"),
        ("call rights_here.closed()", "procedure closed"),
        ("create table public.mine (id int)", "schema public"),
        ("create schema mine", "database dev"),
    ):
        with pytest.raises(ProgrammingError, match=f"permission denied for {of}"):
            quick.execute(refused)
    with pytest.raises(ProgrammingError, match="permission denied"):
        cursor_of("scheduler").execute("call rights_here.add()")


def test_users_and_who_is_superuser(ask: Ask) -> None:
    found = ask("select usename, usesuper from pg_user order by usename")
    assert found == [
        ["admin", True],
        ["deployer", False],
        ["quick", False],
        ["rdsdb", True],
        ["scheduler", False],
    ]


def test_privileges_of_a_relation(cursor_of: Any) -> None:
    asked = (
        "select identity_name, identity_type, privilege_type from svv_relation_privileges "
        "where namespace_name = 'rights_here' and relation_name = 'seen' "
        "and not (identity_type = 'user' and identity_name = current_user)"
    )
    assert rows(cursor_of("deployer"), asked) == [("rights_reader", "role", "SELECT")]
    assert rows(cursor_of("scheduler"), asked) == []


def test_roles_are_seen_by_those_who_have_or_made_them(cursor_of: Any) -> None:
    asked = "select role_name, role_owner from svv_roles where role_name = 'rights_reader'"
    for user in ("deployer", "quick", "admin"):
        assert rows(cursor_of(user), asked) == [("rights_reader", "deployer")]
    assert rows(cursor_of("scheduler"), asked) == []
    granted = "select user_name from svv_user_grants where role_name = 'rights_reader'"
    assert rows(cursor_of("deployer"), granted) == [("quick",)]


def test_columns_as_docs_generate_reads_them(cursor_of: Any) -> None:
    assert rows(
        cursor_of("deployer"),
        "select column_name, ordinal_position, data_type, remarks from svv_redshift_columns "
        "where schema_name = 'rights_here' and table_name = 'facts' order by ordinal_position",
    ) == [("id", 1, "integer", "the key"), ("name", 2, "character varying(20)", "")]


def test_table_info_is_for_superusers_unless_granted(cursor_of: Any) -> None:
    asked = "select has_table_privilege(current_user, 'svv_table_info', 'SELECT')"
    assert rows(cursor_of("deployer"), asked) == [(False,)]
    assert rows(
        cursor_of("admin"),
        """select "table", max_varchar from svv_table_info where "schema" = 'rights_here'""",
    ) == [("facts", 20)]


def test_a_role_that_is_given_away_keeps_its_members(cursor_of: Any) -> None:
    admin = cursor_of("admin")
    admin.execute("create user rights_taker password 'Sandbox-1'")
    try:
        admin.execute("alter role rights_reader owner to rights_taker")
        asked = "select role_owner from svv_roles where role_name = 'rights_reader'"
        assert rows(admin, asked) == [("rights_taker",)]
        assert rows(cursor_of("quick"), "select count(*) from rights_here.seen")
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor_of("deployer").execute("grant role rights_reader to scheduler")
    finally:
        admin.execute("alter role rights_reader owner to deployer")
        admin.execute("drop user rights_taker")


def test_locks_and_statements_are_seen_by_their_owner_and_who_may(
    rights: Ask, connect: Connect, cursor_of: Any
) -> None:
    holder = connect("deployer")
    cursor = holder.cursor()
    cursor.execute("lock table rights_here.facts")
    locks = (
        "select txn_owner, lock_mode, granted from svv_transactions as t"
        " inner join pg_class as c on t.relation = c.oid where c.relname = 'facts'"
    )
    held = [("deployer", "AccessExclusiveLock", True)]
    assert rows(cursor_of("deployer"), locks) == held
    assert rows(cursor_of("admin"), locks) == held
    assert rows(cursor_of("scheduler"), locks) == []
    admin = cursor_of("admin")
    running = "select count(*) from sys_query_history where query_text like '%sys_query_history%'"
    assert rows(cursor_of("scheduler"), running) == [(1,)]
    admin.execute("alter user scheduler syslog access unrestricted")
    try:
        assert rows(cursor_of("scheduler"), locks) == held
    finally:
        admin.execute("alter user scheduler syslog access restricted")
    holder.rollback()
    assert rows(admin, locks) == []

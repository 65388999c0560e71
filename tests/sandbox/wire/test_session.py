"""The listener, the real translation and the real engine together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redshift_connector
from redshift_connector.core import Connection
from redshift_connector.error import ProgrammingError

from sandbox.deadline import Deadline
from sandbox.wire import messages
from sandbox.wire.messages import message, string
from sandbox.wire.results import SUPER_OID, VARCHAR_OID

Connect = Callable[..., Connection]
Raw = Callable[..., Any]
SYNC = message(b"S")


def _parse(sql: str, name: str = "") -> bytes:
    return messages.parse(name, sql, ())


def _bind_execute(name: str = "") -> bytes:
    bind = message(b"B", b"\0" + string(name) + b"\0" * 6)
    return bind + message(b"E", b"\0" + b"\0" * 4)


def _kinds(answers: list[tuple[bytes, bytes]]) -> str:
    return b"".join(kind for kind, _ in answers).decode()


def _errors(answers: list[tuple[bytes, bytes]]) -> list[dict[str, str]]:
    return [messages.fields(body) for kind, body in answers if kind == b"E"]


def _rows(connection: Connection, sql: str, *values: object) -> list[list[Any]]:
    cursor = connection.cursor()
    cursor.execute(sql, *([values] if values else []))
    return [list(row) for row in cursor.fetchall()] if cursor.description else []


@pytest.fixture
def enter(connect: Connect) -> Connect:
    """`enter(user)` gives connections without an open transaction: they hold no lock at the end."""

    def enter_one(user: str = "deployer") -> Connection:
        connection = connect(user)
        connection.autocommit = True
        return connection

    return enter_one


@pytest.fixture
def session(enter: Connect) -> Connection:
    return enter()


@pytest.fixture
def table(session: Connection) -> Any:
    """A table of one integer column with one row, 1; dropped at the end."""
    name = f"wire_{uuid4().hex[:12]}"
    schema = f"wire_{uuid4().hex[:12]}"
    _rows(session, f"create schema {schema}")
    _rows(session, f"create table {schema}.{name} (n integer)")
    _rows(session, f"insert into {schema}.{name} values (1)")
    yield f"{schema}.{name}"
    session.rollback()
    _rows(session, f"drop schema {schema} cascade")


def test_super_has_redshifts_type_and_compact_text(session: Connection) -> None:
    cursor = session.cursor()
    cursor.execute("""select json_parse('{"a": [1, 2], "k": "x, y: z"}') as s, 'x' as t""")
    assert cursor.fetchall() == ([r'{"a":[1,2],"k":"x, y: z"}', "x"],)
    assert [column[1] for column in cursor.description] == [SUPER_OID, VARCHAR_OID]


def test_super_is_compact_without_a_description(raw: Raw) -> None:
    client = raw()
    client.send(_parse("""select json_parse('[1, {"a": 2}]')"""), _bind_execute(), SYNC)
    answers = client.until_ready()
    assert _kinds(answers) == "12DCZ"
    assert answers[2][1].endswith(b'[1,{"a":2}]')


def test_values_are_bound(session: Connection) -> None:
    assert _rows(session, "select %s::integer + 1, %s::varchar", 41, "O'Neil") == [[42, "O'Neil"]]


def test_a_refused_statement_skips_to_the_sync_and_no_further(raw: Raw) -> None:
    client = raw()
    client.send(_parse("select 1 for update"), _bind_execute(), _parse("select 2"), SYNC)
    client.send(_parse("select 3"), _bind_execute(), SYNC)
    answers = client.until_ready(2)
    assert _kinds(answers) == "EZ12DCZ"
    assert _errors(answers)[0]["C"] == "0A000"
    assert answers[1][1] == b"I"


def test_a_refused_statement_fails_the_transaction(session: Connection, table: str) -> None:
    _rows(session, "begin")
    _rows(session, f"insert into {table} values (2)")
    with pytest.raises(ProgrammingError, match="0A000"):
        _rows(session, "select 1 for update")
    with pytest.raises(ProgrammingError, match="25P02"):
        _rows(session, "select 1")
    _rows(session, "commit")
    assert _rows(session, f"select n from {table}") == [[1]]


def test_statements_of_one_message_are_one_transaction(raw: Raw, table: str) -> None:
    client = raw()
    insert = f"insert into {table} values (2)"
    failed = client.query(f"{insert}; reindex table nowhere; {insert}")
    assert _kinds(failed) == "CEZ"
    assert _errors(failed)[0]["C"] == "0A000"
    done = client.query(f"{insert}; select n from {table} order by n;")
    assert _kinds(done) == "CTDDCZ"
    assert done[-2][1] == b"SELECT\0"


def test_two_statements_cannot_be_prepared_as_one(session: Connection) -> None:
    with pytest.raises(ProgrammingError, match="cannot insert multiple commands"):
        _rows(session, "select 1; select 2")


def test_an_empty_message_has_an_empty_answer(raw: Raw) -> None:
    assert _kinds(raw().query("")) == "IZ"


def test_a_prepared_statement_follows_the_settings(session: Connection) -> None:
    sql = """select s."A" from (select json_parse('{"A": 1, "a": 2}') as s) as t"""
    assert _rows(session, sql) == [["1"]]
    _rows(session, "set enable_case_sensitive_identifier to false")
    assert _rows(session, sql) == [["2"]]
    _rows(session, "reset enable_case_sensitive_identifier")
    assert _rows(session, sql) == [["1"]]


def test_a_rollback_takes_a_setting_back(session: Connection) -> None:
    sql = """select s."A" from (select json_parse('{"A": 1, "a": 2}') as s) as t"""
    _rows(session, "begin")
    _rows(session, "set enable_case_sensitive_identifier to false")
    assert _rows(session, sql) == [["2"]]
    _rows(session, "rollback")
    assert _rows(session, sql) == [["1"]]


def test_a_transaction_that_a_setting_failed_can_be_rolled_back(session: Connection) -> None:
    _rows(session, "begin")
    with pytest.raises(ProgrammingError, match="22023"):
        _rows(session, "set statement_timeout to 'soon'")
    _rows(session, "rollback")
    assert _rows(session, "select 1") == [[1]]


def test_a_setting_counts_at_once_in_a_pipeline(raw: Raw) -> None:
    client = raw()
    sql = """select s."A" from (select json_parse('{"A": 1, "a": 2}') as s) as t"""
    off = "set enable_case_sensitive_identifier to false"
    client.send(_parse(off), _bind_execute(), _parse(sql), _bind_execute(), SYNC)
    answers = client.until_ready()
    assert _kinds(answers) == "12C12DCZ"
    assert answers[5][1].endswith(b"2")


def test_a_setting_of_a_simple_query_counts_for_the_next(raw: Raw) -> None:
    client = raw()
    sql = """select s."A" from (select json_parse('{"A": 1, "a": 2}') as s) as t"""
    client.query("set enable_case_sensitive_identifier to false")
    assert client.query(sql)[1][1].endswith(b"2")


def test_errors_after_a_setting_in_a_pipeline_leave_the_session_in_step(raw: Raw) -> None:
    client = raw()
    off = "set enable_case_sensitive_identifier to false"
    broken = _parse("select 1 from nowhere_at_all")
    client.send(_parse(off), _bind_execute(), broken, _parse("select 2"), _bind_execute(), SYNC)
    client.send(_parse("select 3"), _bind_execute(), SYNC)
    assert _kinds(client.until_ready(2)) == "12CEZ12DCZ"


def test_a_users_setting_is_where_the_session_starts(enter: Connect) -> None:
    admin = enter("admin")
    sql = """select s."A" from (select json_parse('{"A": 1, "a": 2}') as s) as t"""
    _rows(admin, "alter user quick set enable_case_sensitive_identifier to false")
    try:
        assert _rows(enter("quick"), sql) == [["2"]]
    finally:
        _rows(admin, "alter user quick reset enable_case_sensitive_identifier")
    assert _rows(enter("quick"), sql) == [["1"]]


def test_a_transaction_reads_one_snapshot_taken_after_its_lock(
    session: Connection, enter: Connect, table: str
) -> None:
    other = enter()
    count = f"select count(*) from {table}"
    _rows(session, "begin")
    _rows(session, "set query_group to 'first'")
    _rows(other, f"insert into {table} values (2)")
    _rows(session, f"lock table {table}")
    assert _rows(session, count) == [[2]]
    _rows(session, "commit")
    _rows(session, "begin")
    assert _rows(session, count) == [[2]]
    _rows(other, f"insert into {table} values (3)")
    assert _rows(session, count) == [[2]]
    _rows(session, "commit")
    assert _rows(session, count) == [[3]]


def test_a_procedure_that_locks_first_sees_what_the_lock_waited_for(
    session: Connection, enter: Connect, table: str
) -> None:
    schema = table.split(".")[0]
    body = f"begin lock {table}; select into n count(*) from {table}; end;"
    _rows(
        session, f"create procedure {schema}.seen(n out integer) as $$ {body} $$ language plpgsql"
    )
    writer = enter()
    _rows(writer, "begin")
    _rows(writer, f"insert into {table} values (2)")
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(_rows, session, f"call {schema}.seen()")
        waiting = "select count(*) from pg_locks where not granted"
        assert Deadline.after(10).wait(lambda: _rows(writer, waiting) == [[1]])
        _rows(writer, "commit")
        assert called.result(timeout=10) == [[2]]


def test_two_writers_of_one_row_conflict_in_redshifts_words(
    session: Connection, enter: Connect, table: str
) -> None:
    other = enter()
    _rows(session, "begin")
    assert _rows(session, f"select n from {table}") == [[1]]
    _rows(other, f"update {table} set n = 2")
    with pytest.raises(ProgrammingError, match="conflict with concurrent transaction"):
        _rows(session, f"update {table} set n = 3")
    _rows(session, "rollback")


def test_truncate_commits(session: Connection, enter: Connect, table: str) -> None:
    _rows(session, "begin")
    _rows(session, f"truncate table {table}")
    assert _rows(enter(), f"select count(*) from {table}") == [[0]]
    _rows(session, f"insert into {table} values (5)")
    assert _rows(enter(), f"select n from {table}") == [[5]]


def test_truncate_in_a_script_answers_once(raw: Raw, table: str) -> None:
    answers = raw().query(f"truncate {table}; select 1")
    assert _kinds(answers) == "CTDCZ"


def test_a_failed_truncate_is_an_error_like_any_other(session: Connection) -> None:
    with pytest.raises(ProgrammingError, match="42P01"):
        _rows(session, "truncate nowhere_at_all")
    assert _rows(session, "select 1") == [[1]]


def test_errors_have_no_internals(session: Connection) -> None:
    with pytest.raises(ProgrammingError) as caught:
        _rows(session, "select * from nowhere_at_all")
    assert caught.value.args[0] == {
        "S": "ERROR",
        "C": "42P01",
        "M": 'relation "nowhere_at_all" does not exist',
    }


def test_a_missing_right_is_told_as_redshift_does(
    session: Connection, enter: Connect, table: str
) -> None:
    _rows(session, f"grant usage on schema {table.split('.')[0]} to quick")
    with pytest.raises(ProgrammingError, match="permission denied for relation wire_"):
        _rows(enter("quick"), f"select * from {table}")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"password": "wrong"}, "28P01"),
        ({"user": "nobody"}, "28P01"),
        ({"database": "postgres"}, "3D000"),
    ],
)
def test_who_may_not_come_in_is_told_why(warehouse: Any, given: dict[str, Any], code: str) -> None:
    wire = warehouse.state.wire
    usual: dict[str, Any] = {"user": "deployer", "password": "Sandbox-1", "database": "dev"}
    with pytest.raises(ProgrammingError, match=code):
        redshift_connector.connect(host=wire.host, port=wire.port, ssl=False, **(usual | given))


def test_the_service_users_statements_pass_untouched(warehouse: Any, raw: Raw) -> None:
    state = warehouse.state
    with redshift_connector.connect(
        host=state.wire.host,
        port=state.wire.port,
        ssl=False,
        user="rdsdb",
        password=state.service_password,
        database="dev",
    ) as service:
        assert _rows(service, "select array_agg(n)::text from generate_series(1, 3) n") == [
            ["{1,2,3}"]
        ]

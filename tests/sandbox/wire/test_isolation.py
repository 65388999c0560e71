"""Transactions beside each other: which snapshot each reads, which lock each waits for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from redshift_connector.error import ProgrammingError

from sandbox import lifecycle
from sandbox.errors import Busy
from sandbox.isolation import SERIALIZABLE, SNAPSHOT
from sandbox.wire import messages
from sandbox.wire.messages import message, string
from tests.sandbox.wire.stage import Stage, holding, procedure

Raw = Callable[..., Any]

CONFLICT = "could not complete because of conflict with concurrent transaction"
DENIED = "permission denied"


@pytest.mark.parametrize("opening", [(), ("begin",), ("begin", "set query_group to 'x'")])
def test_a_procedure_that_locks_first_sees_what_the_lock_waited_for(
    level: str, stage: Stage, schema: str, opening: tuple[str, ...]
) -> None:
    body = f"begin lock {schema}.gate; select into n count(*) from {schema}.a; end;"
    stage.enter().run(
        procedure(schema, "counted", body),
        f"grant execute on procedure {schema}.counted() to scheduler",
    )
    caller = stage.enter("scheduler")
    with holding(stage, f"{schema}.gate") as holder:
        caller.run(*opening)
        called = caller.start(f"call {schema}.counted()")
        stage.until_waits(caller)
        holder.run(f"insert into {schema}.a values (2)", "commit")
        assert called.result(20) == [[2]]
    if opening:
        stage.enter().run(f"insert into {schema}.a values (3)")
        assert caller.run(f"call {schema}.counted()") == [[2]], "one snapshot a transaction"
        caller.run("rollback")


def test_a_procedure_reads_one_snapshot_all_along(level: str, stage: Stage, schema: str) -> None:
    body = (
        f"declare before integer; begin select into before count(*) from {schema}.a;"
        f" lock {schema}.gate; select into n count(*) - before from {schema}.a; end;"
    )
    caller = stage.enter()
    caller.run(procedure(schema, "late", body))
    with holding(stage, f"{schema}.gate") as holder:
        called = caller.start(f"call {schema}.late()")
        stage.until_waits(caller)
        holder.run(f"insert into {schema}.a values (2)", "commit")
        assert called.result(20) == [[0]]


def test_a_value_in_declare_takes_the_snapshot(stage: Stage, schema: str) -> None:
    body = (
        f"declare one integer := 1; begin lock {schema}.gate;"
        f" select into n count(*) * one from {schema}.a; end;"
    )
    caller = stage.enter()
    caller.run(procedure(schema, "eager", body))
    with holding(stage, f"{schema}.gate") as holder:
        called = caller.start(f"call {schema}.eager()")
        stage.until_waits(caller)
        holder.run(f"insert into {schema}.a values (2)", "commit")
        assert called.result(20) == [[1]]


def test_the_lock_of_a_called_procedure_is_first_too(stage: Stage, schema: str) -> None:
    inner = f"begin lock {schema}.gate; select into n count(*) from {schema}.a; end;"
    owner = stage.enter()
    owner.run(
        procedure(schema, "inner_one", inner, "n inout integer"),
        procedure(schema, "outer_one", f"begin call {schema}.inner_one(n); end;"),
        f"grant execute on procedure {schema}.outer_one() to scheduler",
    )
    caller = stage.enter("scheduler")
    with holding(stage, f"{schema}.gate") as holder:
        called = caller.start(f"call {schema}.outer_one()")
        stage.until_waits(caller)
        holder.run(f"insert into {schema}.a values (2)", "commit")
        assert called.result(20) == [[2]]


def test_two_calls_of_one_procedure_queue(level: str, stage: Stage, schema: str) -> None:
    """Each reads and rewrites what the other did; nobody's work is lost, nobody gets an error."""
    body = (
        f"begin lock {schema}.gate; select into n max(s.n) + 1 from {schema}.a as s;"
        f" delete from {schema}.b; insert into {schema}.b select n;"
        f" update {schema}.a set n = a.n + 1; end;"
    )
    stage.enter().run(
        procedure(schema, "stepped", body),
        f"grant execute on procedure {schema}.stepped() to scheduler",
    )
    callers = [stage.enter("scheduler") for _ in range(4)]
    for number, caller in enumerate(callers):
        caller.run(*(("begin",) if number % 2 else ()))
    with holding(stage, f"{schema}.gate") as holder:
        calls = [caller.start(f"call {schema}.stepped()") for caller in callers[:1]]
        stage.until_waits(callers[0])
        for caller in callers[1:]:
            calls.append(caller.start(f"call {schema}.stepped()"))
            stage.until_waits(caller)
        holder.run("commit")
    for number, caller in enumerate(callers):
        assert calls[number].result(20) == [[number + 2]]
        caller.run(*(("commit",) if number % 2 else ()))
    assert stage.enter().run(f"select n from {schema}.a") == [[5]]
    assert stage.enter().run(f"select n from {schema}.b") == [[5]]


def test_who_may_not_call_waits_for_no_lock(stage: Stage, schema: str) -> None:
    body = f"begin lock {schema}.gate; n := 1; end;"
    stage.enter().run(procedure(schema, "closed", body))
    with holding(stage, f"{schema}.gate") as holder:
        with pytest.raises(ProgrammingError, match=DENIED):
            stage.enter("quick").start(f"call {schema}.closed()").result(20)
        holder.run("commit")


def test_a_procedure_without_its_schema_is_found(stage: Stage, schema: str) -> None:
    body = f"begin lock {schema}.gate; select into n count(*) from {schema}.a; end;"
    caller = stage.enter()
    caller.run(procedure(schema, "near", body), f"set search_path to {schema}, public", "begin")
    with holding(stage, f"{schema}.gate") as holder:
        called = caller.start("call near()")
        stage.until_waits(caller)
        holder.run(f"insert into {schema}.a values (2)", "commit")
        assert called.result(20) == [[2]]
    caller.run("commit")


def test_overloads_that_lock_differently_are_refused(stage: Stage, schema: str) -> None:
    caller = stage.enter()
    for table, kind in (("a", "integer"), ("b", "varchar(8)")):
        body = f"begin lock {schema}.{table}; end;"
        caller.run(procedure(schema, "twice", body, f"n {kind}"))
    with pytest.raises(ProgrammingError, match="cannot tell which one is called"):
        caller.run(f"call {schema}.twice(1)")
    assert caller.run("select 1") == [[1]]


def test_a_failed_call_leaves_the_session_as_it_was(stage: Stage, schema: str) -> None:
    body = f"begin lock {schema}.gate; raise exception 'on purpose'; end;"
    caller = stage.enter()
    caller.run(procedure(schema, "failing", body))
    for opening in ((), ("begin",)):
        caller.run(*opening)
        with pytest.raises(ProgrammingError, match="on purpose"):
            caller.run(f"call {schema}.failing()")
        caller.run("rollback")
        assert caller.run("select current_user") == [["deployer"]]
    with pytest.raises(ProgrammingError, match="does not exist"):
        caller.run(f"call {schema}.nobody_made_it()")
    stage.until(
        "select count(*) = 0 from pg_locks where pid = %s and mode = 'AccessExclusiveLock'",
        caller.pid,
    )


def test_all_messages_in_one_go_lock_first(raw: Raw, stage: Stage, schema: str) -> None:
    """Drivers that prepare, bind and run in one group."""
    body = f"begin lock {schema}.gate; select into n count(*) from {schema}.a; end;"
    stage.enter().run(procedure(schema, "grouped", body))
    client = raw()
    with holding(stage, f"{schema}.gate") as holder:
        bind = message(b"B", b"\0" + string("") + b"\0" * 6)
        execute = message(b"E", b"\0" + b"\0" * 4)
        client.send(
            messages.parse("", f"call {schema}.grouped()", ()), bind, execute, message(b"S")
        )
        stage.until("select count(*) > 0 from pg_locks where not granted")
        holder.run(f"insert into {schema}.a values (2)", "commit")
        answers = client.until_ready()
    assert b"".join(kind for kind, _ in answers) in (b"12DCZ", b"SS12DCZ")
    assert messages.values(next(body for kind, body in answers if kind == b"D")) == ("2",)


def test_a_script_locks_first(raw: Raw, stage: Stage, schema: str) -> None:
    body = f"begin lock {schema}.gate; select into n count(*) from {schema}.a; end;"
    stage.enter().run(procedure(schema, "scripted", body))
    client = raw()
    with holding(stage, f"{schema}.gate") as holder:
        client.send(message(b"Q", string(f"begin; call {schema}.scripted(); commit")))
        stage.until("select count(*) > 0 from pg_locks where not granted")
        holder.run(f"insert into {schema}.a values (2)", "commit")
        answers = client.until_ready()
    kinds = b"".join(kind for kind, _ in answers if kind != b"S")
    assert kinds == b"CTDCCZ"
    assert messages.values(next(body for kind, body in answers if kind == b"D")) == ("2",)


@pytest.mark.parametrize(
    "write",
    ["update {}.a set n = n + 1", "delete from {}.a", "insert into {}.a select n from {}.a"],
)
@pytest.mark.parametrize("opening", [(), ("begin",)])
def test_a_writer_that_waits_sees_what_it_waited_for(
    level: str, stage: Stage, schema: str, opening: tuple[str, ...], write: str
) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html"""
    first, second = stage.enter(), stage.enter()
    first.run("begin", f"update {schema}.a set n = 10")
    second.run(*opening)
    waiting = second.start(write.format(schema, schema))
    stage.until_waits(second)
    first.run("commit")
    waiting.result(20)
    rows = second.run(f"select n from {schema}.a order by n")
    assert rows == {"u": [[11]], "d": [], "i": [[10], [10]]}[write[0]]
    second.run(*(("commit",) if opening else ()))


def test_a_reader_that_waits_for_ddl_reads_what_was_committed(
    level: str, stage: Stage, schema: str
) -> None:
    altering, reader = stage.enter(), stage.enter()
    altering.run(
        "begin",
        f"alter table {schema}.a add column twice integer",
        f"update {schema}.a set twice = n * 2",
    )
    reader.run("begin")
    reading = reader.start(f"select n, twice from {schema}.a")
    stage.until_waits(reader)
    altering.run("commit")
    assert reading.result(20) == [[1, 2]]
    reader.run("commit")


def test_inserts_share_a_table(stage: Stage, schema: str) -> None:
    first, second = stage.enter(), stage.enter()
    for talk in (first, second):
        talk.run("begin", f"insert into {schema}.a values (2)")
    for talk in (first, second):
        talk.run("commit")
    assert first.run(f"select count(*) from {schema}.a") == [[3]]


def test_the_example_of_the_guide(level: str, stage: Stage, schema: str) -> None:
    """Two users swap digits: https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html"""
    numbers, first, second = f"{schema}.a", stage.enter(), stage.enter()
    first.run(f"insert into {numbers} values (0)")
    for talk in (first, second):
        talk.run("begin")
        assert talk.run(f"select n from {numbers} order by n") == [[0], [1]]
    first.run(f"update {numbers} set n = 0 where n = 1", "commit")
    swap = f"update {numbers} set n = 1 where n = 0"
    if level == SNAPSHOT:
        second.run(swap)
        assert second.run(f"select n from {numbers}") == [[1], [1]]
        second.run("commit")
        assert first.run(f"select n from {numbers} order by n") == [[0], [1]]
        return
    with pytest.raises(ProgrammingError) as failed:
        second.run(swap, "commit")
    assert failed.value.args[0]["M"] == "1023"
    assert "Serializable isolation violation on table" in failed.value.args[0]["D"]


def test_two_writers_of_one_row(level: str, stage: Stage, schema: str) -> None:
    first, second = stage.enter(), stage.enter()
    second.run("begin", f"select n from {schema}.a")
    first.run(f"update {schema}.a set n = 2")
    with pytest.raises(ProgrammingError) as failed:
        second.run(f"update {schema}.a set n = 3")
    assert failed.value.args[0]["M"] == {SNAPSHOT: CONFLICT, SERIALIZABLE: "1023"}[level]


def test_write_skew(level: str, stage: Stage, schema: str) -> None:
    """The troubleshooting page's two sessions, each reading what the other writes."""
    first, second = stage.enter(), stage.enter()
    first.run("begin", f"select * from {schema}.a", f"insert into {schema}.b values (1)")
    second.run("begin", f"insert into {schema}.a values (1)", f"select * from {schema}.b")
    first.run("commit")
    if level == SNAPSHOT:
        second.run("commit")
        return
    with pytest.raises(ProgrammingError) as failed:
        second.run("commit")
    assert failed.value.args[0]["M"] == "1023"


def test_what_the_proxy_asks_in_a_script_answers_nobody(
    raw: Raw, stage: Stage, schema: str
) -> None:
    client = raw()
    script = (
        f"begin; select n from {schema}.a; select n from {schema}.b; update {schema}.b set n = 3"
    )
    kinds = b"".join(kind for kind, _ in client.query(script) if kind != b"S")
    assert kinds == b"CTDCTDCCZ"
    client.query("rollback")


def test_a_lone_reader_stops_no_writer(level: str, stage: Stage, schema: str) -> None:
    """It reads `b` before one writes it, who read `a` before another wrote that: no cycle."""
    first, second = stage.enter(), stage.enter()
    first.run("begin", f"insert into {schema}.b select n from {schema}.a")
    second.run("begin", f"insert into {schema}.a values (2)", "commit")
    assert stage.enter().run(f"select count(*) from {schema}.b") == [[1]]
    first.run("commit")


def test_a_new_user_enters_twice_at_once_and_is_dropped(stage: Stage) -> None:
    """To take locks ahead makes him a member of nothing that he or others can see."""
    name, admin = f"guest_{uuid4().hex[:8]}", stage.enter("admin")
    admin.run(f"create user {name} password 'Sandbox-1'")
    with ThreadPoolExecutor(4) as pool:
        talks = list(pool.map(stage.enter, [name] * 4))
    assert talks[0].run("select role_name from svv_roles") == []
    assert talks[0].run("select role_name from svv_user_grants") == []
    with pytest.raises(ProgrammingError, match="SET ROLE is not in Redshift"):
        talks[0].run("set role rs_locker")
    with pytest.raises(ProgrammingError, match=DENIED):
        talks[0].run("create schema mine")
    admin.run(f"drop user {name}")


def test_the_level_is_seen_and_stays_while_users_are_connected(level: str, stage: Stage) -> None:
    user = stage.enter()
    shown = user.run("select rtrim(isolation_level) from stv_db_isolation_level")
    assert shown == [[{SNAPSHOT: "Snapshot Isolation", SERIALIZABLE: "Serializable"}[level]]]
    with pytest.raises(ProgrammingError, match="database dev cannot be altered"):
        user.run("alter database dev isolation level serializable")


def test_the_level_waits_for_users_to_leave(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.isolation.LEAVE_SECONDS", 0.0)
    stage.enter()
    with pytest.raises(Busy, match="sessions of users are open"):
        lifecycle.up(stage.home, isolation=SERIALIZABLE)

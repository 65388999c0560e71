"""Locks, times and changes of tables while others are at work."""

import pytest
from redshift_connector.error import ProgrammingError

from tests.sandbox.wire.stage import Stage, holding, procedure


def test_getdate_is_the_statements_time_and_sysdate_the_transactions(
    stage: Stage, schema: str
) -> None:
    """Also in a procedure, whose statements are statements of their own."""
    body = (
        f"declare before timestamp; after timestamp; begin lock {schema}.gate;"
        " before := getdate();"
        f" select into n count(*) from {schema}.a;"
        f" lock {schema}.b; after := getdate();"
        " n := case when before >= date_trunc('second', sysdate) and after > before then 1 else 0"
        " end; end;"
    )
    caller = stage.enter()
    caller.run(procedure(schema, "timed", body))
    with holding(stage, f"{schema}.b") as holder:
        called = caller.start(f"call {schema}.timed()")
        stage.until_waits(caller)
        stage.until(
            "select clock_timestamp() > xact_start + interval '1.1 s'"
            " from pg_stat_activity where pid = %s",
            caller.pid,
        )
        holder.run("commit")
        assert called.result(20) == [[1]]
    caller.run("begin", f"select n from {schema}.a")
    began = caller.run("select sysdate")
    stage.until(
        "select clock_timestamp() > xact_start + interval '1.1 s'"
        " from pg_stat_activity where pid = %s",
        caller.pid,
    )
    assert caller.run("select sysdate") == began
    assert caller.run("select getdate() > date_trunc('second', sysdate)") == [[True]]
    caller.run("commit")


def test_an_alter_that_queues_behind_a_refresh_queues_readers(stage: Stage, schema: str) -> None:
    """ACCESS EXCLUSIVE waits for whoever uses the table, and who comes later waits for it."""
    refresh, altering, reader = (stage.enter() for _ in range(3))
    refresh.run("begin", f"insert into {schema}.a values (2)")
    assert reader.run(f"select count(*) from {schema}.a") == [[1]], "a refresh stops no reader"
    altered = altering.start(f"alter table {schema}.a add column m integer")
    stage.until_waits(altering)
    read = reader.start(f"select count(*) from {schema}.a")
    stage.until_waits(reader)
    refresh.run("commit")
    altered.result(20)
    assert read.result(20) == [[2]]


def test_a_lock_is_exclusive_and_of_a_transaction(stage: Stage, schema: str) -> None:
    other = stage.enter()
    with pytest.raises(ProgrammingError, match="25P01"):
        other.run(f"lock {schema}.a")
    with holding(stage, f"{schema}.a") as holder:
        read = other.start(f"select n from {schema}.a")
        stage.until_waits(other)
        holder.run("rollback")
        assert read.result(20) == [[1]]


def test_a_view_cannot_be_locked(stage: Stage, schema: str) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html"""
    owner = stage.enter()
    owner.run(f"create view {schema}.seen as select n from {schema}.a", "begin")
    with pytest.raises(ProgrammingError, match="is not a table"):
        owner.run(f"lock {schema}.a, {schema}.seen")
    owner.run("rollback")


def test_a_change_of_type_runs_in_no_transaction(stage: Stage, schema: str) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html"""
    owner = stage.enter()
    widen = f"alter table {schema}.words alter column word type varchar(9)"
    owner.run(f"create table {schema}.words (word varchar(8))", "begin")
    with pytest.raises(ProgrammingError, match="cannot run inside a transaction block"):
        owner.run(widen)
    owner.run("rollback", widen)


def test_a_deadlock_stops_one_of_the_two(level: str, stage: Stage, schema: str) -> None:
    first, second = stage.enter(), stage.enter()
    first.run("begin", f"update {schema}.a set n = 2")
    second.run("begin", f"update {schema}.b set n = 2")
    waiting = first.start(f"update {schema}.b set n = 3")
    stage.until_waits(first)

    def end() -> None:
        second.run(f"update {schema}.a set n = 3", "commit")
        waiting.result(20)

    with pytest.raises(ProgrammingError) as failed:
        end()
    assert failed.value.args[0]["M"] == "deadlock detected"
    assert "ShareRowExclusiveLock on relation" in failed.value.args[0]["D"]


def test_what_others_made_or_dropped_is_seen_at_once(level: str, stage: Stage, schema: str) -> None:
    """DDL is visible to running transactions, the rows of a table made since are not."""
    talk, other = stage.enter(), stage.enter()
    talk.run("begin", f"select n from {schema}.a")
    other.run(f"drop table {schema}.b", f"create table {schema}.c as select 7 as n")
    with pytest.raises(ProgrammingError) as failed:
        talk.run(f"select n from {schema}.b")
    assert "does not exist" in failed.value.args[0]["M"]
    talk.run("rollback", "begin", f"select n from {schema}.a")
    other.run(f"create table {schema}.d as select 7 as n")
    with pytest.raises(ProgrammingError) as failed:
        talk.run(f"select n from {schema}.d")
    assert (failed.value.args[0]["M"], failed.value.args[0]["D"]) == (
        "1018",
        "Relation does not exist",
    )
    talk.run("rollback")
    assert talk.run(f"select n from {schema}.d") == [[7]]

"""Replicas in history mode: every state of an item is a row.

docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-history-mode.html
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redshift_connector.error import ProgrammingError

from sandbox.deadline import Deadline
from sandbox.zero_etl import integrations, replicas
from sandbox.zero_etl.load import LoadReport
from sandbox.zero_etl.session import service
from tests.conftest import Connect
from tests.sandbox.zero_etl.conftest import (
    Item,
    Replica,
    Wire,
    delete,
    put,
    write_full_export,
)

START = datetime.fromisoformat("2026-03-01T12:00:00")
START_MICROS = 1_772_366_400_000_000
SECOND = 1_000_000
NAMES = "_record_is_active, _record_create_time, _record_delete_time"


def item(value: str, key: str = "a") -> Item:
    return {"id": {"S": key}, "x": {"S": value}}


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def micros(second: int) -> int:
    return START_MICROS + second * SECOND


def states(wire: Wire) -> list[tuple[Any, ...]]:
    """(text, is active, begin, end) of every row, oldest first."""
    rows = wire.run(f'select "value", {NAMES} from {wire.name} order by 3, 4, id')
    return [(json.loads(row[0])["x"]["S"], *row[1:]) for row in rows]


@pytest.fixture
def history(wire: Wire) -> Wire:
    wire.set(f"history_mode = true for table {wire.two_part}")
    return wire


def test_every_state_of_an_item_is_a_row_from_write_to_write(
    history: Wire, replica: Replica
) -> None:
    assert replica.load(put(item("1"), micros(1), "id")) == LoadReport(inserted=1)
    assert replica.load(put(item("2"), micros(2), "id")) == LoadReport(updated=1)
    assert replica.load(delete(item("2"), micros(3), "id")) == LoadReport(deleted=1)
    assert replica.load(put(item("4"), micros(4), "id")) == LoadReport(inserted=1)
    assert states(history) == [
        ("1", False, at(1), at(2)),
        ("2", False, at(2), at(3)),
        ("4", True, at(4), None),
    ]


def test_an_export_holds_one_state_per_item_and_so_does_the_replica(
    history: Wire, replica: Replica
) -> None:
    first, second = put(item("1"), micros(1), "id"), put(item("2"), micros(2), "id")
    assert replica.load(second, first) == LoadReport(inserted=1, unchanged=1)
    assert states(history) == [("2", True, at(2), None)]


def test_what_is_repeated_older_or_equal_changes_nothing(history: Wire, replica: Replica) -> None:
    replica.load(put(item("5"), micros(5), "id"), delete(item("x", "b"), micros(5), "id"))
    before = states(history)
    assert replica.load(put(item("5"), micros(5), "id")) == LoadReport(unchanged=1)
    assert replica.load(put(item("4"), micros(4), "id")) == LoadReport(unchanged=1)
    assert replica.load(put(item("5"), micros(6), "id")) == LoadReport(unchanged=1)
    assert replica.load(put(item("4", "b"), micros(4), "id")) == LoadReport(unchanged=1)
    assert states(history) == before == [("5", True, at(5), None)]


def test_a_full_export_is_as_old_as_its_moment_else_as_its_load(
    history: Wire, replica: Replica
) -> None:
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    replica.load({"Item": item("plain", "plain")})
    moment = "2026-03-01T12:00:07.000Z"
    lines = [{"Item": item("dated", "dated")}]
    replica.load_files(write_full_export(replica.folder / "export", lines, moment))
    dated, plain = states(history)
    assert dated == ("dated", True, at(7), None)
    assert before < plain[2] < before + timedelta(minutes=1)


def test_no_state_ends_before_it_began(history: Wire, replica: Replica) -> None:
    """An item of unknown age began with its load, though its next write may be older."""
    replica.load({"Item": item("first")})
    replica.load(put(item("second"), micros(1), "id"))
    (first, second) = sorted(states(history))
    assert first[2] == first[3] == second[2]


def test_switched_on_what_is_there_is_active_since_its_last_write(
    wire: Wire, replica: Replica
) -> None:
    replica.load(put(item("1"), micros(1), "id"), put(item("b", "b"), micros(3), "id"))
    replica.load(put(item("2"), micros(2), "id"))
    wire.set("history_mode true")
    assert states(wire) == [("2", True, at(2), None), ("b", True, at(3), None)]
    names = [name for (name,) in wire.run(_columns(replica))]
    assert names == ["id", "value", *NAMES.split(", ")]


def _columns(replica: Replica) -> str:
    return (
        "select column_name from information_schema.columns where table_name ="
        f" '{replica.table.name}' and table_schema = '{replica.table.schema}'"
        " order by ordinal_position"
    )


def test_switched_off_the_active_rows_stay_and_history_is_kept_aside(
    history: Wire, replica: Replica
) -> None:
    replica.load(put(item("1"), micros(1), "id"), put(item("b", "b"), micros(1), "id"))
    replica.load(put(item("2"), micros(2), "id"), delete(item("b", "b"), micros(2), "id"))
    history.set("history_mode false for all tables in schema public")
    assert replica.rows() == {("a",): item("2")}
    with pytest.raises(ProgrammingError, match="_record_is_active"):
        states(history)

    prefix = f"{replica.table.name}_historical_20"
    ((kept,),) = history.run(
        f"select table_name from information_schema.tables where left(table_name, {len(prefix)})"
        f" = '{prefix}'"
    )
    name = f'{history.database}.public."{kept}"'
    rows = history.run(f"select {NAMES} from {name} order by 2, 1")
    assert rows == [[False, at(1), at(2)], [False, at(1), at(2)], [True, at(2), None]]
    history.run(f"drop table {name}")

    replica.load(put(item("3"), micros(3), "id"))
    assert replica.rows() == {("a",): item("3")}


def test_the_same_again_changes_nothing(history: Wire, replica: Replica) -> None:
    replica.load(put(item("1"), micros(1), "id"))
    history.set("history_mode = true")
    assert states(history) == [("1", True, at(1), None)]


def test_inactive_rows_may_be_deleted_and_nothing_else(history: Wire, replica: Replica) -> None:
    replica.load(put(item("1"), micros(1), "id"), put(item("b", "b"), micros(1), "id"))
    replica.load(put(item("2"), micros(2), "id"))
    history.run(f"delete from {history.name} where _record_delete_time <= sysdate or id = 'b'")
    assert states(history) == [("b", True, at(1), None), ("2", True, at(2), None)]


def test_an_inactive_row_stays_for_ten_minutes(history: Wire, replica: Replica) -> None:
    replica.load({"Item": item("1")})
    replica.load(put(item("2"), micros(1), "id"))
    history.run(f"delete from {history.name} where not _record_is_active")
    assert len(states(history)) == 2
    with service(replica.home) as cursor:
        cursor.execute(
            f"update {replicas.storage(replica.table)} set _record_delete_time ="
            " now() at time zone 'UTC' - interval '10 minutes 1 second'"
        )
    history.run(f"delete from {history.name} where not _record_is_active")
    assert [row[0] for row in states(history)] == ["2"]


def test_a_replica_is_read_only_even_for_superusers(
    wire: Wire, replica: Replica, new_replica: Callable[..., Replica]
) -> None:
    replica.load({"Item": item("1")})
    for statement in (
        f"insert into {wire.name} (id) values ('b')",
        f"update {wire.name} set id = 'b'",
        f"delete from {wire.name}",
    ):
        with pytest.raises(ProgrammingError, match="read-only"):
            wire.run(statement)
    wire.set("history_mode = true")
    for statement in (
        f"insert into {wire.name} (id) values ('b')",
        f"update {wire.name} set _record_is_active = false",
    ):
        with pytest.raises(ProgrammingError, match="read-only"):
            wire.run(statement)
    assert len(states(wire)) == 1


def test_a_change_of_mode_waits_for_a_load_and_keeps_what_it_brought(
    wire: Wire, replica: Replica
) -> None:
    waits = (
        "select count(*) from pg_locks where not granted and relation ="
        f" '{replicas.writes(replica.table)}'::regclass"
    )
    with service(replica.home) as loading, service(replica.home) as watching:
        loading.execute("begin")
        loading.execute(f"lock table {replicas.writes(replica.table)} in exclusive mode")

        def is_waiting() -> bool:
            watching.execute(waits)
            return bool(watching.fetchone()[0])

        with ThreadPoolExecutor(1) as pool:
            changed = pool.submit(wire.set, "history_mode = true")
            try:
                assert Deadline.after(20).wait(is_waiting)
                for table, more in ((replicas.storage, "'{}'"), (replicas.writes, str(micros(1)))):
                    loading.execute(f"insert into {table(replica.table)} values ('a', {more})")
                integrations.set_state(loading, replica.table.database, "Synced", "loaded")
            finally:
                loading.execute("commit")
            changed.result()
    assert wire.run(f"select id, {NAMES} from {wire.name}") == [["a", True, at(1), None]]


def test_who_began_before_a_change_of_mode_never_finds_an_empty_replica(
    wire: Wire, replica: Replica, connect: Connect
) -> None:
    replica.load(put(item("1"), micros(1), "id"))
    cursor = connect("deployer").cursor()
    cursor.execute("begin")
    cursor.execute('select count(*) from zero_etl_failed_jobs.public."failed-jobs"')
    wire.set("history_mode = true")
    with pytest.raises(ProgrammingError, match="conflict with concurrent transaction"):
        cursor.execute(f"select count(*) from {wire.name}")


def test_history_mode_is_for_the_owner_of_the_database(
    wire: Wire, replica: Replica, connect: Connect
) -> None:
    statement = f"alter database {wire.database} integration set history_mode true"
    other = connect("deployer")
    other.autocommit = True
    with pytest.raises(ProgrammingError, match="must be owner of database"):
        other.cursor().execute(statement)
    assert [name for (name,) in wire.run(_columns(replica))] == ["id", "value"]


def test_it_stands_outside_of_transactions(replica: Replica, connect: Connect) -> None:
    cursor = connect("admin").cursor()
    with pytest.raises(ProgrammingError, match="cannot run inside a transaction block"):
        cursor.execute(f"alter database {replica.table.database} integration refresh all tables")


@pytest.mark.parametrize(
    ("database", "change", "words"),
    [
        ("", "refresh table public.other", "relation .*public.other.* does not exist"),
        ("", "set history_mode = true for all tables in schema other", "other.* does not exist"),
        ("dev", "refresh all tables", "is not the destination of a zero-ETL integration"),
    ],
)
def test_what_the_integration_does_not_have_is_named(
    wire: Wire, database: str, change: str, words: str
) -> None:
    with pytest.raises(ProgrammingError, match=words):
        wire.run(f"alter database {database or wire.database} integration {change}")

"""States of replicas: who can read them, how they become Synced again, what the views tell.

docs.aws.amazon.com/redshift/latest/dg/r_SVV_INTEGRATION_TABLE_STATE.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redshift_connector.error import ProgrammingError

from sandbox.zero_etl import STATES, UNSYNCED, integrations
from sandbox.zero_etl.errors import ZeroEtlError
from sandbox.zero_etl.load import LoadReport
from sandbox.zero_etl.replicas import storage
from tests.conftest import Connect, Warehouse
from tests.sandbox.zero_etl.conftest import Item, Replica, Wire, delete, put, write_lines


def item(value: str, key: str = "a") -> Item:
    return {"id": {"S": key}, "x": {"S": value}}


def become(replica: Replica, state: str, reason: str | None = None) -> None:
    integrations.put(replica.home, replica.table.name, state, reason, replica.project)


def state(wire: Wire) -> Any:
    return wire.run(
        "select table_state from svv_integration_table_state"
        f" where target_database = '{wire.database}'"
    )[0][0].rstrip()


def facts(wire: Wire, view: str) -> dict[str, Any]:
    """What a system view says of the database of a replica; its text has blanks at the end."""
    names, row = wire.described(f"select * from {view} where target_database = '{wire.database}'")
    plain = [value.rstrip() if isinstance(value, str) else value for value in row]
    return dict(zip(names, plain, strict=True))


@pytest.mark.parametrize("unreadable", [*UNSYNCED, "Deleted"])
def test_who_reads_what_is_not_synced_is_told_so(
    wire: Wire, replica: Replica, connect: Connect, unreadable: str
) -> None:
    replica.load({"Item": item("1")})
    become(replica, unreadable)
    words = f'"{replica.table.name}" .* cannot be queried: its state is {unreadable}'
    for user in ("deployer", "admin"):
        with pytest.raises(ProgrammingError, match=words):
            connect(user).cursor().execute(f"select count(*) from {wire.name}")
    become(replica, "Synced")
    assert wire.run(f"select count(*) from {wire.name}") == [[1]]


def test_a_definer_procedure_cannot_read_it_either(
    wire: Wire, replica: Replica, connect: Connect
) -> None:
    deployer = connect("deployer")
    deployer.autocommit = True
    cursor = deployer.cursor()
    cursor.execute("create schema reads_replica")
    try:
        cursor.execute(
            "create procedure reads_replica.count_items(n out bigint) as $$ begin"
            f" select into n count(*) from {wire.name}; end $$"
            " language plpgsql security definer"
        )
        cursor.execute("grant usage on schema reads_replica to scheduler")
        cursor.execute("grant execute on procedure reads_replica.count_items() to scheduler")
        scheduler = connect("scheduler").cursor()
        scheduler.execute("call reads_replica.count_items()")
        assert scheduler.fetchone() == [0]
        become(replica, "ResyncRequired")
        with pytest.raises(ProgrammingError, match="cannot be queried"):
            connect("scheduler").cursor().execute("call reads_replica.count_items()")
    finally:
        cursor.execute("drop schema reads_replica cascade")


@pytest.mark.parametrize("unsynced", UNSYNCED)
def test_query_all_states_opens_what_is_not_synced(
    wire: Wire, replica: Replica, unsynced: str
) -> None:
    replica.load({"Item": item("1")})
    become(replica, unsynced)
    wire.set("query_all_states = true")
    assert wire.run(f"select count(*) from {wire.name}") == [[1]]
    wire.set("query_all_states false")
    with pytest.raises(ProgrammingError, match="cannot be queried"):
        wire.run(f"select count(*) from {wire.name}")


def test_what_its_source_dropped_can_still_be_read(wire: Wire, replica: Replica) -> None:
    replica.load({"Item": item("1")})
    become(replica, "DroppedSource")
    assert wire.run(f"select count(*) from {wire.name}") == [[1]]


def test_a_transaction_keeps_the_state_that_it_saw(
    wire: Wire, replica: Replica, connect: Connect
) -> None:
    """Other databases are read as they were when the transaction began.

    docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
    """
    replica.load({"Item": item("1")})
    cursor = connect("deployer").cursor()
    cursor.execute("begin")
    cursor.execute(f"select count(*) from {wire.name}")
    become(replica, "ResyncRequired")
    cursor.execute(f"select count(*) from {wire.name}")
    assert cursor.fetchone() == [1]


@pytest.mark.parametrize(
    ("mode", "unsynced"), [(True, "ResyncInitiated"), (False, "ResyncRequired"), (False, "Failed")]
)
def test_a_full_export_replaces_all_and_ends_the_resync(
    wire: Wire, replica: Replica, unsynced: str, mode: bool
) -> None:
    wire.set(f"history_mode = {mode}")
    replica.load(put(item("1"), 10, "id"), put(item("1", "b"), 10, "id"))
    replica.load(put(item("1", "c"), 10, "id"), delete(item("1", "d"), 10, "id"))
    become(replica, unsynced, "somebody asked")
    parts = [[{"Item": item("2")}, {"Item": item("1", "c")}], [{"Item": item("2", "d")}]]
    files = [write_lines(replica.folder / f"{at}.json", part) for at, part in enumerate(parts)]
    counts = LoadReport(inserted=1, updated=1, deleted=1, unchanged=1)
    assert replica.load_files(*files) == counts
    assert state(wire) == "Synced"
    alive = " where _record_is_active" if mode else ""
    assert wire.run(f'select id, "value"."x"."S"::varchar from {wire.name}{alive} order by 1') == [
        ["a", "2"],
        ["c", "1"],
        ["d", "2"],
    ]
    if mode:
        ended = "select id from {} where not _record_is_active and _record_delete_time is not null"
        assert wire.run(ended.format(wire.name) + " order by 1") == [["a"], ["b"]]
    # What was written before the resync is older than what comes after it.
    assert replica.load(put(item("3"), 11, "id")) == LoadReport(updated=1)


@pytest.mark.parametrize("unsynced", UNSYNCED)
def test_an_incremental_export_does_not_end_a_resync(
    wire: Wire, replica: Replica, unsynced: str
) -> None:
    replica.load({"Item": item("1")})
    become(replica, unsynced)
    with pytest.raises(ZeroEtlError, match=f"is {unsynced}; load a full export"):
        replica.load({"Item": item("2")}, put(item("3"), 11, "id"))
    assert state(wire) == unsynced
    become(replica, "Synced")
    assert replica.rows() == {("a",): item("1")}


@pytest.mark.parametrize("gone", ["Deleted", "DroppedSource"])
def test_nothing_is_replicated_from_a_source_that_is_gone(replica: Replica, gone: str) -> None:
    become(replica, gone)
    with pytest.raises(ZeroEtlError, match=f"is {gone}: .* Synced` undoes it"):
        replica.load({"Item": item("1")})


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("Synced", "refresh all tables", "ResyncInitiated"),
        ("Synced", "refresh inerror tables", "Synced"),
        ("Synced", "refresh table {table}", "ResyncInitiated"),
        ("Failed", "refresh inerror tables in schema public", "ResyncInitiated"),
        ("ResyncRequired", "refresh inerror tables", "ResyncInitiated"),
        ("ResyncInitiated", "refresh inerror tables", "ResyncInitiated"),
        ("DroppedSource", "refresh all tables", "DroppedSource"),
    ],
)
def test_a_refresh_replicates_anew(
    wire: Wire, replica: Replica, before: str, change: str, after: str
) -> None:
    become(replica, before)
    wire.run(f"alter database {wire.database} integration {change.format(table=wire.two_part)}")
    assert state(wire) == after


@pytest.mark.parametrize("unsynced", [one for one in STATES if one != "Synced"])
def test_history_mode_is_switched_only_while_synced(
    wire: Wire, replica: Replica, unsynced: str
) -> None:
    become(replica, unsynced)
    with pytest.raises(ProgrammingError, match=f"its state is {unsynced}, not Synced"):
        wire.set("history_mode = true")


def test_the_view_of_tables_tells_all(wire: Wire, replica: Replica) -> None:
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    wire.set("history_mode = true")
    replica.load(put(item("1"), 10, "id"), put(item("1", "b"), 12, "id"))
    replica.load(put(item("2"), 11, "id"))
    become(replica, "Failed", "no key")
    told = facts(wire, "svv_integration_table_state")
    assert len(told.pop("integration_id")) == 36
    assert before < told.pop("last_updated_timestamp") < before + timedelta(minutes=1)
    assert told.pop("table_size") >= 0
    assert told == {
        "target_database": wire.database,
        "schema_name": "public",
        "table_name": replica.table.name,
        "table_state": "Failed",
        "table_last_replicated_checkpoint": '{"write_time_micros":12}',
        "reason": "no key",
        "table_rows": 3,
        "is_history_mode": True,
    }


def test_the_view_of_integrations_tells_all(wire: Wire, replica: Replica) -> None:
    new = facts(wire, "svv_integration")
    assert new["current_lag"] is new["last_replicated_checkpoint"] is None
    replica.load(put(item("1"), 10, "id"))
    wire.set("refresh_interval 1800")
    told = facts(wire, "svv_integration")
    assert len(told.pop("integration_id")) == 36
    assert 0 <= told.pop("current_lag") < 60_000
    assert told.pop("creation_time") == new["creation_time"]
    assert told == {
        "target_database": wire.database,
        "source": "DynamoDB",
        "state": "CdcRefreshState",
        "last_replicated_checkpoint": '{"write_time_micros":10}',
        "total_tables_replicated": 1,
        "total_tables_failed": 0,
        "refresh_interval": 1800,
        "source_database": None,
        "is_history_mode": False,
    }


def test_the_views_are_for_superusers_and_whom_they_grant_them(
    wire: Wire, connect: Connect
) -> None:
    views = ("svv_integration", "svv_integration_table_state")
    for view in views:
        with pytest.raises(ProgrammingError, match=f"permission denied for relation {view}"):
            connect("scheduler").cursor().execute(f"select * from {view}")
        wire.run(f"grant select on {view} to scheduler")
        try:
            connect("scheduler").cursor().execute(f"select * from {view}")
        finally:
            wire.run(f"revoke select on {view} from scheduler")


def test_what_the_service_keeps_is_no_table_of_anybody(
    wire: Wire, replica: Replica, connect: Connect
) -> None:
    assert wire.run(f"select 1 from svv_table_info where \"table\" = '{replica.table.name}'") == []
    with pytest.raises(ProgrammingError, match="permission denied for schema zero_etl_storage"):
        connect("deployer").cursor().execute(f"select * from {storage(replica.table)}")


def test_the_deployer_sees_the_states(warehouse: Warehouse, connect: Connect) -> None:
    """As docs/setup-aws.md has an administrator grant it."""
    cursor = connect("deployer").cursor()
    cursor.execute(
        "select table_name from svv_integration_table_state"
        " where target_database = 'zero_etl_pipeline_logs' and table_state = 'Synced'"
    )
    assert [name.rstrip() for (name,) in cursor.fetchall()] == ["pipeline-logs"]

"""What keeps a refresh waiting, and how it says so: a replica that is not there, a lock."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redshift_connector.core import Connection

from sandbox.zero_etl.integrations import put
from tests.refresh.project import Project
from tests.refresh.telemetry import log_item
from tests.refresh.test_scheduler import run, scheduler

SUBJECT = "pipeline_health"


@contextmanager
def unsynced(project: Project, everything: str = "false") -> Iterator[None]:
    """The replica of pipeline-logs while it is being filled again."""
    option = "alter database zero_etl_pipeline_logs integration set query_all_states = "
    project.rows(option + everything, user="admin")
    put(project.warehouse.home, "pipeline-logs", "ResyncInitiated", None)
    try:
        yield
    finally:
        put(project.warehouse.home, "pipeline-logs", "Synced", None)
        project.rows(option + "false", user="admin")


def test_an_unreadable_replica_is_waited_for_and_the_slot_made_up(project: Project) -> None:
    run(project, project.next_slot(), "--no-quick")
    before, slot = project.marts(), project.next_slot()
    project.replicas.put(log_item(category="resync"))
    with unsynced(project):
        report = run(project, slot, "--no-quick", code=3)
        again = run(project, slot, "--no-quick", code=3)

    assert (report["outcome"], again["outcome"]) == ("waiting_for_resync", "waiting_for_resync")
    assert "ResyncInitiated" in report["reason"]
    assert project.marts() == before
    assert project.rows(
        f"select outcome, count(*) from {project.schema('ops')}.runs"
        f" where slot_at = cast('{slot}' as timestamp) group by 1"
    ) == [("waiting_for_resync", 2)]
    assert run(project, slot, "--no-quick")["outcome"] == "done"


def test_a_replica_that_can_be_read_half_full_is_asked_for_its_state(project: Project) -> None:
    node = ("run", "--select", "refresh_pipeline_health", "reprocess_pipeline_health")
    assert project.dbt(*node, variables={"ask_replica_state": True}).success
    project.refresh()
    before, slot = project.marts(), project.next_slot()
    with unsynced(project, everything="true"):
        results = [project.refresh(slot), project.reprocess("2026-03-01", "2026-03-02", slot)]
        assert project.retain("feeds", slot)["outcome"] != "waiting_for_resync", "it reads none"
    synced = project.refresh(slot)
    assert project.dbt(*node).success

    assert [result["outcome"] for result in results] == ["waiting_for_resync"] * 2
    assert {result["reason"] for result in results} == {"pipeline-logs is ResyncInitiated"}
    assert synced["outcome"] in ("done", "nothing_new"), "the slot was not used up"
    assert project.marts() == before


@pytest.fixture
def holder(project: Project) -> Iterator[Connection]:
    """A session of the deployer that locked the subject and was left open."""
    connection = project.warehouse.connect("deployer")
    connection.cursor().execute(f"lock table {project.schema('ops')}.state_{SUBJECT}")
    yield connection
    connection.close()


def pid_of(connection: Connection) -> int:
    cursor = connection.cursor()
    cursor.execute("select pg_backend_pid()")
    [[pid]] = cursor.fetchall()
    return int(pid)


def test_a_stuck_lock_is_explained_at_the_deadline(project: Project, holder: Connection) -> None:
    pid = pid_of(holder)
    name = f"{project.next_slot()[:16].replace(' ', 'T')}Z"
    words = ("run", SUBJECT, "--slot", name, "--no-quick", "--timeout", "1s")

    stuck = scheduler(project, *words, code=1)
    arguments = json.dumps({"subject": SUBJECT})
    by_hand = project.dbt("run-operation", "explain_lock", "--args", arguments)

    told = f"the subject's lock is held by deployer (pid {pid}) since "
    assert told in stuck["error"]
    assert "it runs nothing now; more: dbt run-operation explain_lock" in stuck["error"]
    assert by_hand.success, by_hand.messages
    assert f"is held by deployer (pid {pid}, AccessExclusiveLock) since " in by_hand.told
    assert "; 0 wait for it. That session runs nothing now" in by_hand.told
    assert f"select pg_terminate_backend({pid})" in by_hand.told
    holder.rollback()
    freed = project.dbt("run-operation", "explain_lock", "--args", arguments)
    assert f"nobody whom deployer may see holds the lock of {SUBJECT}" in freed.told
    assert scheduler(project, *words[:-2])["outcome"] in ("done", "nothing_new")
    assert project.value(f"call {project.schema('ops')}.explain_lock('{SUBJECT}')") == (
        '{"waiting": 0}'
    )


def test_what_others_do_is_for_those_who_may_see_it(project: Project) -> None:
    connection = project.warehouse.connect("admin")
    connection.cursor().execute(f"lock table {project.schema('ops')}.state_{SUBJECT}")
    call = f"call {project.schema('ops')}.explain_lock('{SUBJECT}')"
    try:
        unseen = json.loads(project.value(call, user="scheduler"))
        project.rows("alter user deployer syslog access unrestricted", user="admin")
        seen = json.loads(project.value(call, user="scheduler"))
    finally:
        project.rows("alter user deployer syslog access restricted", user="admin")
        connection.close()
    assert unseen == {"waiting": 0}
    assert (seen["user"], seen["lock"]) == ("admin", "AccessExclusiveLock")

"""What answers mean."""

import botocore.session
import pytest

from scheduler.errors import DONE, FAILED, SKIPPED, TRY_LATER, UnknownAnswer
from scheduler.outcomes import (
    Change,
    Check,
    Refresh,
    ingestion_phase,
    is_transient,
    is_transient_ingestion_error,
    is_unreadable,
    parse_check,
    parse_lock,
    parse_refresh,
    redact,
    statement_phase,
    worst,
)


def enumeration(service: str, shape: str) -> list[str]:
    model = botocore.session.get_session().get_service_model(service)
    values: list[str] = model.shape_for(shape).enum
    return values


def test_every_state_of_a_statement_is_known() -> None:
    # ALL is a filter of the list, never a state.
    states = set(enumeration("redshift-data", "StatusString")) - {"ALL"}
    phases = {state: statement_phase(state) for state in states}
    assert {state for state, phase in phases.items() if phase == "done"} == {"FINISHED"}
    assert {state for state, phase in phases.items() if phase == "failed"} == {"FAILED", "ABORTED"}


def test_every_state_of_an_ingestion_is_known() -> None:
    phases = {
        state: ingestion_phase(state) for state in enumeration("quicksight", "IngestionStatus")
    }
    assert {s for s, phase in phases.items() if phase == "done"} == {"COMPLETED"}
    assert {s for s, phase in phases.items() if phase == "failed"} == {"FAILED", "CANCELLED"}


def test_every_transient_error_of_an_ingestion_is_one_that_quick_knows() -> None:
    known = enumeration("quicksight", "IngestionErrorType")
    transient = [error for error in known if is_transient_ingestion_error(error)]
    assert len(transient) == 11
    assert "PERMISSION_DENIED" not in transient


@pytest.mark.parametrize(
    "error",
    [
        "ERROR: 1023 DETAIL: Serializable isolation violation on table - 100162",
        "ERROR: could not complete because of conflict with concurrent transaction",
        "ERROR: could not serialize access due to concurrent update",
        "ERROR: deadlock detected",
        "Service returned error code ThrottlingException (Service: RedshiftServerless)",
        "ERROR: The connection was lost before the statement's outcome was known.",
        "The connection to the warehouse failed: connection refused",
        "FATAL: terminating connection due to administrator command",
    ],
)
def test_errors_that_may_pass(error: str) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        "",
        "ERROR: permission denied for procedure refresh_health",
        "ERROR: enable_case_sensitive_identifier is off in this session",
        "ERROR: refresh would delete 1023 of 2000 rows; allow it with allow_mass_change",
        "ERROR: procedure dev.ops.refresh_health does not exist",
    ],
)
def test_errors_that_stay(error: str) -> None:
    assert not is_transient(error)


def test_a_refresh_result_is_read() -> None:
    text = (
        '{"outcome": "done", "subject": "health", "mode": "incremental", "slot": "x",'
        ' "refresh_id": 7, "changed_refresh_id": 7, "models": {"a": {"removed": 1, "written": 2}}}'
    )
    assert parse_refresh(text) == Refresh("done", 7, 7, {"a": Change(1, 2)})


def test_no_change_yet_is_none() -> None:
    text = '{"outcome": "nothing_new", "refresh_id": 1, "changed_refresh_id": 0, "models": {}}'
    assert parse_refresh(text).changed_refresh_id is None


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("done", DONE),
        ("nothing_new", DONE),
        ("slot_done", DONE),
        ("superseded", SKIPPED),
        ("paused", SKIPPED),
        ("waiting_for_resync", TRY_LATER),
    ],
)
def test_exit_codes_of_refresh_outcomes(outcome: str, code: int) -> None:
    assert parse_refresh(f'{{"outcome": "{outcome}"}}').exit_code == code


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "7", '{"outcome": "great"}', '{"outcome": "done", "models": {"a": 1}}'],
)
def test_an_unreadable_refresh_result_is_an_error(text: str) -> None:
    with pytest.raises(UnknownAnswer, match="refresh procedure answered what this version cannot"):
        parse_refresh(text)


def test_a_check_result_is_read() -> None:
    text = '{"failures": [{"test": "unique", "rows": 3}], "counts": {"health": 12}}'
    assert parse_check(text) == Check({"unique": 3}, {"health": 12})


@pytest.mark.parametrize("text", ["", "{}", '{"failures": [1], "counts": {}}'])
def test_an_unreadable_check_result_is_an_error(text: str) -> None:
    with pytest.raises(UnknownAnswer, match="check procedure"):
        parse_check(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key AKIAABCDEFGHIJKLMNOP used", "key *** used"),
        ("password=hunter2 for deployer", "password*** for deployer"),
        ("Secret: 'x y'", "Secret*** y'"),
        ("redshift://bob:hunter2@host/dev", "redshift://***@host/dev"),
        ("Bearer eyJhbGci.eyJzdWIi.c2ln-_x", "Bearer ***"),
        ("permission denied for schema ops", "permission denied for schema ops"),
    ],
)
def test_secrets_do_not_reach_ledger_or_log(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_a_long_error_is_cut_to_what_the_ledger_holds() -> None:
    assert len(redact("x" * 5000)) == 1000


def test_the_worst_exit_code_stands_for_all() -> None:
    assert worst([DONE, SKIPPED, TRY_LATER, FAILED]) == FAILED
    assert worst([DONE, SKIPPED, TRY_LATER]) == TRY_LATER
    assert worst([DONE, SKIPPED]) == SKIPPED
    assert worst([]) == DONE


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (
            'ERROR: table "t" of database "d" cannot be queried: its state is Failed, not Synced',
            True,
        ),
        ("ERROR: relation t is in ResyncRequired state", True),
        ("ERROR: permission denied for relation t", False),
    ],
)
def test_an_unreadable_replica_is_known_by_its_state(error: str, waits: bool) -> None:
    assert is_unreadable(error) is waits
    assert not is_transient(error)


def test_a_lock_is_told_in_words_without_secrets() -> None:
    lock = (
        '{"waiting": 1, "pid": 7, "user": "bob", "since": "2026-03-31T12:00:07Z",'
        ' "lock": "AccessExclusiveLock", "statement": "alter user x password=hunter2"}'
    )
    told = parse_lock(lock)
    assert told.startswith("the subject's lock is held by bob (pid 7) since 2026-03-31T12:00:07Z")
    assert "it runs: alter user x password***" in told
    assert "nobody whom" in parse_lock('{"waiting": 0}')
    with pytest.raises(UnknownAnswer):
        parse_lock("[]")

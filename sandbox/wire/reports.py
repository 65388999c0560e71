"""Errors and notices in Redshift's words, without PostgreSQL's internals."""

import re
from collections.abc import Callable, Mapping

CONFLICT = "could not complete because of conflict with concurrent transaction"
INTERNAL_ERROR = "XX000"

# Severity, SQLSTATE, message, detail, hint, where. File, line, routine, positions and query texts
# speak of the translated statement and of PostgreSQL's source.
_KEPT = "SCMDHW"
_WHERE = re.compile(r"^PL/pgSQL function .*$", re.MULTILINE)

_ALONE = {
    "inline_code_block": "ALTER TABLE ALTER COLUMN",
    "rs_vacuum": "VACUUM",
    "rs_alter_integration": "ALTER DATABASE INTEGRATION",
}

_Fields = dict[str, str]


def _conflict(values: Mapping[str, str]) -> _Fields:
    # Seen under SNAPSHOT isolation, the default: https://github.com/dbt-labs/dbt-core/issues/12596
    return {"S": values["S"], "C": INTERNAL_ERROR, "M": CONFLICT}


def _serializable(values: Mapping[str, str]) -> _Fields:
    # https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
    # and, as clients see it, https://github.com/aws/aws-sdk-pandas/issues/665
    detail = "Serializable isolation violation on table"
    return {"S": values["S"], "C": INTERNAL_ERROR, "M": "1023", "D": detail}


def _no_commit(values: Mapping[str, str]) -> _Fields:
    # What may not run in a transaction block is translated to code that commits first.
    # https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
    # https://docs.aws.amazon.com/redshift/latest/dg/r_VACUUM_command.html
    # Whether ALTER DATABASE .. INTEGRATION may stand in one, no page says.
    for code, what in _ALONE.items():
        if code in values.get("W", ""):
            words = f"{what} cannot run inside a transaction block"
            return {"S": values["S"], "C": "25001", "M": words}
    # https://docs.aws.amazon.com/redshift/latest/dg/stored-procedure-transaction-management.html
    words = "COMMIT cannot be invoked from a procedure that is executing in an atomic context"
    return {**values, "M": words}


def _say(pattern: str, words: str) -> Callable[[Mapping[str, str]], _Fields]:
    compiled = re.compile(pattern)
    return lambda values: {**values, "M": compiled.sub(words, values["M"], count=1)}


_OBJECT = "(?:table|view|materialized view|sequence)"
# SQLSTATE, what the message looks like, Redshift's words. Text of the permission error as in
# https://github.com/awslabs/amazon-redshift-utils/issues/648
_RULES: tuple[tuple[str, re.Pattern[str], Callable[[Mapping[str, str]], _Fields]], ...] = tuple(
    (code, re.compile(pattern), words)
    for code, pattern, words in (
        ("40001", "due to concurrent (update|delete)", _conflict),
        ("40001", "", _serializable),
        (INTERNAL_ERROR, "tuple concurrently (updated|deleted)", _conflict),
        # Two sessions that create the same object: PostgreSQL's catalog index stops the second.
        ("23505", 'unique constraint "pg_', _conflict),
        ("42501", "^permission denied for", _say(f"denied for {_OBJECT} ", "denied for relation ")),
        ("42501", "^must be owner of", _say(f"owner of {_OBJECT} ", "owner of relation ")),
        ("2D000", "invalid transaction termination", _no_commit),
        ("57014", "due to user request", _say("^.*$", "Query cancelled on user's request")),
    )
)


def redshift(values: Mapping[str, str], *, serializable: bool = False) -> _Fields:
    """The fields of an error or notice as a client of Redshift gets them.

    ``serializable``: the session's level is not SNAPSHOT.
    """
    kept = {letter: values[letter] for letter in _KEPT if letter in values}
    if "W" in kept:
        where = "\n".join(_WHERE.findall(kept.pop("W")))
        kept |= {"W": where} if where else {}
    for code, pattern, words in _RULES:
        if serializable and words is _conflict and code == "40001":
            continue
        if kept.get("C") == code and pattern.search(kept.get("M", "")):
            return words(kept)
    return kept

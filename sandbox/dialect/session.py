"""SET, RESET, SHOW, and the ends of transactions."""

from sandbox.dialect.walk import Done, Walk, literal, quote
from sandbox.gate import Refused, not_in_redshift, word_set

# Settings that PostgreSQL has under the same name and meaning.
_SHARED = word_set(
    """
    application_name client_encoding datestyle extra_float_digits search_path
    statement_timeout timezone
    """
)
# https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html
_BOOLEANS = word_set(
    """
    cast_super_null_on_error downcase_delimited_identifier enable_case_sensitive_identifier
    enable_case_sensitive_super_attribute enable_result_cache_for_session
    json_parse_dedup_attributes json_parse_truncate_strings navigate_super_null_on_error
    parse_super_null_on_error
    """
)
_TEXTS = frozenset({"query_group", "wlm_query_slot_count", "stored_proc_log_min_messages"})
_TRUE = frozenset({"true", "on", "1", "t", "yes"})
_FALSE = frozenset({"false", "off", "0", "f", "no"})


def _setting_name(w: Walk, i: int) -> tuple[str, int]:
    """The setting's name, of one word or of two for the time zone, and the index after it."""
    if w.words(i, "time", "zone"):
        return "timezone", i + 2
    name = w.name(i)
    if name not in _SHARED | _BOOLEANS | _TEXTS:
        raise Refused(
            f'unrecognized configuration parameter "{name}": '
            "not in Redshift, or not in this stand-in",
            "42704",
        )
    return name, i + 1


def _value(w: Walk, name: str, i: int, hi: int) -> str | None:
    """The value as text; None for DEFAULT."""
    if i >= hi:
        raise w.syntax_error(i)
    if w.low(i) == "default":
        return None
    texts = [
        w.at(n).text[1:-1].replace("''", "'")
        if w.at(n).kind in ("string", "quoted")
        else w.at(n).text
        for n in range(i, hi)
    ]
    value = "".join(texts)
    if name not in _BOOLEANS:
        return value
    if value.lower() in _TRUE | _FALSE:
        return "on" if value.lower() in _TRUE else "off"
    raise Refused(f'invalid value for parameter "{name}": {value!r}; use true or false', "22023")


def set_(w: Walk, lo: int, hi: int) -> Done:
    """SET [SESSION | LOCAL] name {TO | =} value."""
    i = lo + 2 if w.low(lo + 1) in ("session", "local") else lo + 1
    if w.low(i) in ("role", "session_authorization", "seed", "transaction", "constraints"):
        raise not_in_redshift(f"SET {w.at(i).text.upper()}", "", "r_SET")
    name, i = _setting_name(w, i)
    if w.low(i) == "to" or w.at(i).text == "=":
        i += 1
    elif name != "timezone":
        raise w.syntax_error(i)
    value = _value(w, name, i, hi)
    local = "local " if w.low(lo + 1) == "local" else ""
    if name == "search_path":
        text = ", ".join(w.at(n).text for n in range(i, hi) if w.low(n) != ",")
    else:
        text = "default" if value is None else literal(value)
    return Done("set", f"set {local}{_stored(name)} to {text}", (name, value))


def reset(w: Walk, lo: int, hi: int) -> Done:
    """RESET name."""
    if w.low(lo + 1) == "all":
        raise not_in_redshift("RESET ALL", "reset the settings you changed", "r_RESET")
    name, i = _setting_name(w, lo + 1)
    if i != hi:
        raise w.syntax_error(i)
    return Done("reset", f"reset {_stored(name)}", (name, None))


def show(w: Walk, lo: int, hi: int) -> Done:
    """SHOW name."""
    if w.low(lo + 1) in (
        "schemas",
        "tables",
        "columns",
        "grants",
        "databases",
        "procedure",
        "table",
        "view",
    ):
        raise not_in_redshift(
            f"SHOW {w.at(lo + 1).text.upper()}",
            "set datasharing: false in the dbt profile",
            "r_SHOW",
        )
    name, i = _setting_name(w, lo + 1)
    if i != hi:
        raise w.syntax_error(i)
    value = f"pg_catalog.current_setting({literal(_stored(name))}, true)"
    return Done("show", f"select {value} as {quote(name)}")


def _stored(name: str) -> str:
    return name if name in _SHARED else f"rs.{name}"


def begin(w: Walk, lo: int, hi: int) -> Done:
    """BEGIN or START TRANSACTION; an isolation level is accepted and ignored, as Redshift does.

    https://docs.aws.amazon.com/redshift/latest/dg/r_BEGIN.html
    """
    i = lo + 1
    if w.low(lo) == "start":
        i = w.expect(i, "transaction")
    elif w.low(i) in ("work", "transaction"):
        i += 1
    text = "begin"
    while i < hi:
        if w.words(i, "isolation", "level"):
            i = _isolation_level(w, i + 2)
        elif w.words(i, "read", "only") or w.words(i, "read", "write"):
            text += f" read {w.low(i + 1)}"
            i += 2
        else:
            raise w.syntax_error(i)
        i += 1 if w.low(i) == "," else 0
    return Done("begin", text)


def _isolation_level(w: Walk, i: int) -> int:
    for level in (
        ("serializable",),
        ("snapshot",),
        ("repeatable", "read"),
        ("read", "committed"),
        ("read", "uncommitted"),
    ):
        if w.words(i, *level):
            return i + len(level)
    raise w.syntax_error(i)


def end(w: Walk, lo: int, hi: int) -> Done:
    """COMMIT, END, ROLLBACK or ABORT."""
    i = lo + 2 if w.low(lo + 1) in ("work", "transaction") else lo + 1
    if i != hi:
        raise w.syntax_error(i)
    kind = "commit" if w.low(lo) in ("commit", "end") else "rollback"
    return Done(kind, kind)

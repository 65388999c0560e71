"""ALTER DATABASE, of a zero-ETL integration's destination.

https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
"""

from dataclasses import dataclass

from sandbox.dialect.names import dotted
from sandbox.dialect.walk import Done, Walk, literal
from sandbox.gate import Refused, not_in_redshift, page

# Seconds, for integrations with DynamoDB.
_INTERVALS = range(900, 432_001)
_BOOLEANS = ("query_all_states", "history_mode")
_PAGE = "r_ALTER_DATABASE"


@dataclass(frozen=True)
class _Option:
    """One change; `tables` are schemas and tables (`s`, `s.t`), none for all there are."""

    name: str
    value: str
    tables: list[str]

    @property
    def sql(self) -> str:
        """It as an object that the engine reads."""
        tables = f"array[{', '.join(map(literal, self.tables))}]::text[]"
        fields = (
            f"'option', {literal(self.name)}, 'value', {literal(self.value)}, 'tables', {tables}"
        )
        return f"jsonb_build_object({fields})"


def alter_database(w: Walk, lo: int, hi: int) -> Done:
    """ALTER DATABASE d INTEGRATION {SET ... | REFRESH ...}; other changes are refused."""
    if w.in_procedure:
        raise not_in_redshift("ALTER DATABASE in a procedure", "", _PAGE)
    database = w.name(lo + 2)
    i = lo + 3
    if w.words(i, "isolation", "level") and database == w.database:
        raise Refused(
            f"the isolation level of database {database} cannot be altered ({page(_PAGE)}): "
            "see sandbox up --isolation"
        )
    if w.low(i) != "integration":
        raise not_in_redshift(f"ALTER DATABASE ... {w.at(i).text.upper()}", "", _PAGE)
    if w.low(i + 1) == "refresh":
        options, i = [_refresh(w, i + 2)], hi
    else:
        options, i = _settings(w, w.expect(i, "integration", "set"), hi)
    changes = ", ".join(option.sql for option in options)
    text = (
        f"call pg_catalog.rs_alter_integration({literal(database)}, jsonb_build_array({changes}))"
    )
    return Done("alter_database", text)


def _refresh(w: Walk, i: int) -> _Option:
    """{ALL | INERROR} TABLES [IN SCHEMA s [, ...]] | TABLE s.t [, ...]."""
    if w.low(i) == "table":
        tables, i = _names(w, i + 1, parts=2)
        which = "all"
    else:
        which = w.low(i) if w.low(i) in ("all", "inerror") else ""
        tables, i = _all_tables(w, w.expect(i, which or "all"))
    if w.low(i):
        raise w.syntax_error(i)
    return _Option("refresh", which, tables)


def _settings(w: Walk, i: int, hi: int) -> tuple[list[_Option], int]:
    options: list[_Option] = []
    while i < hi or not options:
        name = w.low(i)
        if name in ("acceptinvchars", "truncatecolumns"):
            raise not_in_redshift(
                f"INTEGRATION SET {name.upper()}", "items are loaded as they are", _PAGE
            )
        if name == "refresh_interval":
            options.append(_Option(name, _interval(w, i + 1), []))
            i += 2
        elif name in _BOOLEANS:
            option, i = _boolean(w, i)
            options.append(option)
        else:
            raise w.syntax_error(i)
    return options, i


def _interval(w: Walk, i: int) -> str:
    seconds = w.at(i).text
    if not seconds.isdecimal() or int(seconds) not in _INTERVALS:
        limits = f"{_INTERVALS[0]} and {_INTERVALS[-1]} seconds"
        raise Refused(f"REFRESH_INTERVAL {seconds} is not between {limits}", "22023")
    return seconds


def _boolean(w: Walk, i: int) -> tuple[_Option, int]:
    """QUERY_ALL_STATES [=] b; HISTORY_MODE [=] b [FOR {ALL TABLES [...] | TABLE s.t [, ...]}]."""
    name = w.low(i)
    i += 2 if w.at(i + 1).text == "=" else 1
    if w.low(i) not in ("true", "false"):
        raise w.syntax_error(i)
    value, tables = w.low(i), list[str]()
    i += 1
    if name == "history_mode" and w.low(i) == "for":
        if w.low(i + 1) == "table":
            tables, i = _names(w, i + 2, parts=2)
        else:
            tables, i = _all_tables(w, w.expect(i, "for", "all"))
    return _Option(name, value, tables), i


def _all_tables(w: Walk, i: int) -> tuple[list[str], int]:
    """TABLES [IN SCHEMA s [, ...]]."""
    i = w.expect(i, "tables")
    return _names(w, i + 2, parts=1) if w.words(i, "in", "schema") else ([], i)


def _names(w: Walk, i: int, parts: int) -> tuple[list[str], int]:
    """Names of as many parts, with commas between them."""
    names: list[str] = []
    while True:
        name, i = dotted(w, i)
        if len(name) != parts:
            raise w.syntax_error(i)
        names.append(".".join(name))
        if w.low(i) != ",":
            return names, i
        i += 1

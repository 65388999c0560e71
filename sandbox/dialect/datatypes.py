"""Data types as Redshift understands them, written as PostgreSQL ones."""

from sandbox.dialect.walk import Walk
from sandbox.gate import check_type, not_in_redshift
from sandbox.gate.types import MAX_CHAR, MAX_VARCHAR, check_size

_SECOND_WORDS = {"double": "precision", "character": "varying"}
_VARCHARS = frozenset({"varchar", "character varying", "nvarchar", "text"})
_CHARS = frozenset({"char", "character", "nchar", "bpchar"})
# https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
_DEFAULT_VARCHAR = 256
_DEFAULT_PRECISION = "(18, 0)"


def data_type(w: Walk, index: int, *, stored: bool) -> int:
    """Translate the data type at the index; the index after it.

    ``stored``: of a column, argument or variable, where VARCHAR alone has 256 bytes. In a cast it
    has as many as the expression needs.
    """
    name, after = _type_name(w, index)
    arguments, closing = _arguments(w, after)
    check_type(name)
    after_arguments = closing + 1 if arguments else after
    if name in ("timestamp", "time"):
        return _time_zone(w, after_arguments)
    if name == "interval":
        return _interval(w, after_arguments)
    if arguments and arguments != ("max",):
        check_size(name, tuple(int(a) for a in arguments if a.isdigit()) or (1,))
    text = _in_postgresql(name, arguments, stored)
    if text:
        w.put(index, after_arguments - 1, text)
    if w.low(after_arguments) == "[":
        raise not_in_redshift("an array type", "use SUPER", "c_unsupported-postgresql-datatypes")
    return after_arguments


def _type_name(w: Walk, index: int) -> tuple[str, int]:
    name = w.name(index)
    if w.low(index + 1) == "." and name == "pg_catalog":
        name, index = w.name(index + 2), index + 2
    second = _SECOND_WORDS.get(name)
    if second and w.low(index + 1) == second:
        return f"{name} {second}", index + 2
    return name, index + 1


def _arguments(w: Walk, index: int) -> tuple[tuple[str, ...], int]:
    if w.low(index) != "(":
        return (), index
    closing = w.tokens[index].pair
    return tuple(w.at(lo).text.lower() for lo, _ in w.split(index + 1, closing)), closing


def _in_postgresql(name: str, arguments: tuple[str, ...], stored: bool) -> str:
    """The type's text where it differs; empty where it stays."""
    if name in ("decimal", "numeric") and not arguments:
        return f"numeric{_DEFAULT_PRECISION}"
    if name in _VARCHARS:
        if arguments:
            length = str(MAX_VARCHAR) if arguments == ("max",) else arguments[0]
            return f"varchar({length})" if name == "nvarchar" or arguments == ("max",) else ""
        return f"varchar({_DEFAULT_VARCHAR})" if stored else "varchar"
    if name in _CHARS and arguments == ("max",):
        return f"char({MAX_CHAR})"
    if name in ("nchar", "bpchar"):
        return f"char({arguments[0]})" if arguments else "char(1)"
    return ""


def _time_zone(w: Walk, index: int) -> int:
    if w.low(index) in ("with", "without") and w.low(index + 1) == "time":
        return w.expect(index + 1, "time", "zone")
    return index


def _interval(w: Walk, index: int) -> int:
    units = ("year", "month", "day", "hour", "minute", "second")
    if w.low(index) in units:
        index += 1
        if w.low(index) == "to" and w.low(index + 1) in units:
            index += 2
    return index

"""Expressions: columns and paths, casts, functions, operators and what stands between them."""

from collections.abc import Callable

from sandbox.dialect.calls import function_call
from sandbox.dialect.datatypes import data_type
from sandbox.dialect.literals import type_beside, type_case
from sandbox.dialect.paths import path, value_steps
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk
from sandbox.gate import UNSUPPORTED_CLAUSES, check_operator, not_in_redshift, word_set
from sandbox.gate.types import DATA_TYPES

# Words of expressions that name no column. Those that Redshift lets one use as a column name are
# absent.
KEYWORDS = word_set(
    """
    all and any asc between by case collate cross current_date current_time
    current_timestamp current_user default desc distinct else end escape except exists false
    first following for from full group having ilike in inner intersect into is join left
    like limit localtime localtimestamp not null nulls offset on or order outer partition
    preceding qualify range recursive right row rows select session_user set similar some
    then to true unbounded union user using when where with within window
    """
)
# Keywords that are functions when a bracket follows.
_FUNCTION_KEYWORDS = frozenset({"left", "right", "row", "any", "some", "all"})
# Reserved words that stand for a value or begin an argument.
_VALUE_WORDS = frozenset({"user", "interval", "both", "leading", "trailing"})
_LEADER_WORDS = frozenset({"current_timestamp", "current_time", "localtime", "localtimestamp"})

_Handler = Callable[[Walk, int, int, Scope], int]


def expressions(w: Walk, lo: int, hi: int, scope: Scope) -> None:
    """Translate every expression in ``[lo, hi)``; ``scope`` tells columns from paths."""
    i = lo
    while i < hi:
        i = _one(w, i, hi, scope)


def _one(w: Walk, i: int, hi: int, scope: Scope) -> int:
    token = w.tokens[i]
    if token.kind == "word":
        return _word(w, i, hi, scope)
    if token.kind == "quoted":
        return _named(w, i, scope)
    if token.kind == "(":
        return _group(w, i, scope)
    if token.kind == "::":
        return data_type(w, i + 1, stored=False)
    if token.kind == "op":
        check_operator(token.text)
    elif token.kind == "[":
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["array"])
    elif token.kind in (";", ":", ":=", "..", "]", ")"):
        raise w.syntax_error(i)
    return i + 1


def _word(w: Walk, i: int, hi: int, scope: Scope) -> int:
    low = w.tokens[i].low
    handler = _SPECIAL.get(low)
    if handler is not None:
        return handler(w, i, hi, scope)
    if low in _LEADER_WORDS:
        w.touched.leader_function = low
    if w.low(i + 1) == "(" and low in _FUNCTION_KEYWORDS:
        return _list_operator(w, i) if low in ("any", "some", "all") else _named(w, i, scope)
    if low in KEYWORDS:
        return i + 1
    if w.at(i + 1).kind == "string" and low in DATA_TYPES:
        return i + 2
    return _named(w, i, scope)


def _named(w: Walk, i: int, scope: Scope) -> int:
    """A column, a path, or a function and the path into its result."""
    end = i + 1
    while w.low(end) == "." and w.at(end + 1).is_name:
        end += 2
    if w.low(end) == "(":
        after = function_call(w, i, end, scope)
        after = value_steps(w, i, after, scope)
    elif w.low(end) == "." and w.at(end + 1).text == "*":
        return end + 2
    elif w.at(end).kind == "string":
        raise not_in_redshift(f"a literal of {w.at(i).text}", "use cast", "r_Literals")
    else:
        if w.low(i) not in _VALUE_WORDS:
            w.identifier(i)
        after = path(w, i, scope)
    if i in w.super_spans:
        type_beside(w, i, after)
    return after


def _group(w: Walk, i: int, scope: Scope) -> int:
    closing = w.tokens[i].pair
    if w.low(i + 1) in ("select", "with") or (
        w.low(i + 1) == "(" and _is_set_operation(w, i + 1, closing)
    ):
        w.query(i + 1, closing, scope)
    else:
        w.expressions(i + 1, closing, scope)
    after = value_steps(w, i, closing + 1, scope)
    if i in w.super_spans:
        type_beside(w, i, after)
    return after


def _is_set_operation(w: Walk, lo: int, hi: int) -> bool:
    """Whether brackets hold queries joined by UNION and the like, and not a bracketed
    expression.
    """
    inner = lo
    while w.low(inner) == "(":
        inner += 1
    after = w.low(w.tokens[lo].pair + 1)
    return w.low(inner) in ("select", "with") and (
        after in ("union", "except", "intersect", "minus", "order", "limit")
        or w.tokens[lo].pair + 1 == hi
    )


def _list_operator(w: Walk, i: int) -> int:
    if w.low(i + 2) not in ("select", "with"):
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["any"])
    return i + 1


def _alias(w: Walk, i: int, hi: int, scope: Scope) -> int:
    return i + 2


def _is(w: Walk, i: int, hi: int, scope: Scope) -> int:
    n = i + 2 if w.low(i + 1) == "not" else i + 1
    if w.words(n, "distinct", "from"):
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["is distinct from"])
    if w.low(n) not in ("null", "true", "false", "unknown"):
        raise w.syntax_error(n)
    return n + 1


def _interval(w: Walk, i: int, hi: int, scope: Scope) -> int:
    if w.at(i + 1).kind != "string":
        return _named(w, i, scope)
    return data_type(w, i, stored=False) + 1 if w.low(i + 2) == "" else _interval_units(w, i + 2)


def _interval_units(w: Walk, i: int) -> int:
    units = ("year", "month", "day", "hour", "minute", "second")
    while w.low(i) in units or (w.low(i) == "to" and w.low(i + 1) in units):
        i += 1
    return i


def _sysdate(w: Walk, i: int, hi: int, scope: Scope) -> int:
    w.put(i, i, "pg_catalog.rs_sysdate()")
    w.labels[i] = i + 1, "sysdate"
    return i + 1


def _approximate(w: Walk, i: int, hi: int, scope: Scope) -> int:
    w.drop(i, i)
    return i + 1


def _over(w: Walk, i: int, hi: int, scope: Scope) -> int:
    if w.low(i + 1) != "(":
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["window"])
    scope.is_windowed = True
    return i + 1


def _refused(w: Walk, i: int, hi: int, scope: Scope) -> int:
    if w.low(i + 1) not in ("(", "["):
        return _named(w, i, scope)
    if w.low(i) == "array" and w.low(i + 1) == "(" and w.low(i + 2) not in ("select", "with"):
        return _named(w, i, scope)
    raise not_in_redshift(*UNSUPPORTED_CLAUSES[w.low(i)])


def _collate(w: Walk, i: int, hi: int, scope: Scope) -> int:
    raise not_in_redshift("COLLATE", "", "c_unsupported-postgresql-features")


def _case(w: Walk, i: int, hi: int, scope: Scope) -> int:
    end = _end_of_case(w, i, hi)
    w.expressions(i + 1, end, scope)
    type_case(w, i, end)
    return end + 1


def _end_of_case(w: Walk, i: int, hi: int) -> int:
    depth, n = 1, i + 1
    while n < hi:
        depth += {"case": 1, "end": -1}.get(w.low(n), 0) if w.low(n - 1) != "." else 0
        if depth == 0:
            return n
        n = w.after(n)
    raise w.syntax_error(hi)


_SPECIAL: dict[str, _Handler] = {
    "as": _alias,
    "is": _is,
    "interval": _interval,
    "sysdate": _sysdate,
    "approximate": _approximate,
    "over": _over,
    "filter": _refused,
    "array": _refused,
    "case": _case,
    "collate": _collate,
}

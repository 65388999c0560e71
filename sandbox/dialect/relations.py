"""FROM: relations, subqueries, joins, and arrays and objects of SUPER taken apart.

https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause30.html
"""

from sandbox.dialect.names import dotted, note_relation, object_name
from sandbox.dialect.paths import path
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk, quote
from sandbox.gate import UNSUPPORTED_CLAUSES, check_function, not_in_redshift, word_set

_JOIN_WORDS = frozenset({"join", "left", "right", "full", "inner", "cross", "outer", "natural"})
_NO_ALIAS = _JOIN_WORDS | word_set(
    "on using as at where group having order limit set pivot unpivot tablesample"
)
# The one function in FROM that dbt-redshift uses.
_TABLE_FUNCTIONS = frozenset({"pg_get_late_binding_view_cols"})


def from_clause(w: Walk, lo: int, hi: int, scope: Scope) -> None:
    """Translate the items of FROM in ``[lo, hi)`` and put their aliases into the scope."""
    conditions: list[tuple[int, int]] = []
    i = _item(w, lo, hi, scope)
    while i < hi:
        low = w.low(i)
        if low == ",":
            i = _item(w, i + 1, hi, scope)
        elif low in _JOIN_WORDS:
            while w.low(i) in _JOIN_WORDS:
                i += 1
            i = _item(w, i, hi, scope)
        elif low == "on":
            end = _end_of_condition(w, i + 1, hi)
            conditions.append((i + 1, end))
            i = end
        elif low == "using" and w.low(i + 1) == "(":
            i = w.tokens[i + 1].pair + 1
        elif low in ("pivot", "tablesample"):
            raise not_in_redshift(*UNSUPPORTED_CLAUSES[low])
        else:
            raise w.syntax_error(i)
    for start, end in conditions:
        w.expressions(start, end, scope)


def _end_of_condition(w: Walk, i: int, hi: int) -> int:
    while i < hi:
        low = w.low(i)
        if low in (",", "on", "using"):
            return i
        if low in _JOIN_WORDS and not (low in ("left", "right") and w.low(i + 1) == "("):
            return i
        i = w.after(i)
    return hi


def _item(w: Walk, i: int, hi: int, scope: Scope) -> int:
    low = w.low(i)
    if low == "(":
        return _bracket(w, i, hi, scope)
    if low == "unpivot":
        return _unnested(w, i, i + 1, hi, scope, "super_unpivot")
    if low in ("lateral", "values"):
        raise not_in_redshift(*UNSUPPORTED_CLAUSES[low])
    if low == "only" or not w.at(i).is_name:
        raise w.syntax_error(i)
    end = _end_of_name(w, i)
    if w.low(end) == "(":
        return _table_function(w, i, end, hi, scope)
    owner = scope.owns(dotted(w, i)[0])
    if w.low(end) == "[" or owner.kind != "column":
        return _unnested(w, i, i, hi, scope, "super_unnest")
    return _relation(w, i, hi, scope)


def _end_of_name(w: Walk, i: int) -> int:
    i += 1
    while w.low(i) == "." and w.at(i + 1).is_name:
        i += 2
    return i


def _relation(w: Walk, i: int, hi: int, scope: Scope) -> int:
    parts, after = object_name(w, i)
    note_relation(w, parts)
    alias, after = _alias(w, after, hi)
    if alias:
        scope.tables.add(alias)
        return _column_list(w, after, hi)
    scope.tables.add(parts[-1])
    for length in range(2, len(parts) + 1):
        scope.qualified.add(parts[-length:])
    return after


def _alias(w: Walk, i: int, hi: int) -> tuple[str, int]:
    """The alias that stands here, empty where none does, and the index after it."""
    if i < hi and w.low(i) == "as":
        return w.identifier(i + 1), i + 2
    if i < hi and w.at(i).is_name and w.low(i) not in _NO_ALIAS:
        return w.identifier(i), i + 1
    return "", i


def _column_list(w: Walk, i: int, hi: int) -> int:
    return w.tokens[i].pair + 1 if i < hi and w.low(i) == "(" else i


def _bracket(w: Walk, i: int, hi: int, scope: Scope) -> int:
    closing = w.tokens[i].pair
    inner = i + 1
    while w.low(inner) == "(":
        inner += 1
    if w.low(inner) in ("select", "with"):
        if w.query(i + 1, closing, scope.parent) and _is_plain(w, i + 1, closing):
            # A fence: without it PostgreSQL computes a column again wherever it is mentioned.
            w.edits.close(w.tokens[closing - 1].end, " offset 0")
    elif w.low(inner) == "values":
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["values"])
    else:
        from_clause(w, i + 1, closing, scope)
    alias, after = _alias(w, closing + 1, hi)
    if alias:
        scope.tables.add(alias)
    return _column_list(w, after, hi)


def _is_plain(w: Walk, lo: int, hi: int) -> bool:
    """Whether the query is one SELECT without a limit, so that OFFSET may follow it."""
    words = ("union", "intersect", "except", "minus", "limit", "offset", "top", "qualify")
    return w.low(lo) == "select" and w.find(lo, hi, *words) == hi


def _table_function(w: Walk, i: int, opening: int, hi: int, scope: Scope) -> int:
    name = w.name(opening - 1)
    if name == "unnest":
        raise not_in_redshift(
            "UNNEST(...)", "name the array in FROM: from t, t.list as item", "query-super"
        )
    if check_function(name).leader_only:
        w.touched.leader_function = name
    if name not in _TABLE_FUNCTIONS:
        raise not_in_redshift(f"function {name}() in FROM", "", "c_unsupported-postgresql-features")
    alias, after = _alias(w, w.tokens[opening].pair + 1, hi)
    scope.tables.add(alias or name)
    return _column_list(w, after, hi)


def _unnested(w: Walk, start: int, value: int, hi: int, scope: Scope, function: str) -> int:
    """FROM t, t.list AS item AT position; FROM t, UNPIVOT t.object AS item AT name."""
    after = path(w, value, scope)
    text = w.span(value, after)
    last = after - 1
    default = "" if w.tokens[last].kind == "]" else w.name(last)
    alias, after = _alias(w, after, hi)
    alias = alias or default
    if not alias:
        raise w.syntax_error(after)
    columns = quote(alias)
    if w.low(after) == "at":
        columns += f", {quote(w.name(after + 1))}"
        after += 2
        function = {"super_unnest": "super_unnest_at"}.get(function, function)
    elif function == "super_unpivot":
        columns += ', "rs_attribute"'
    scope.elements.add(alias)
    w.edits.replace(
        w.tokens[start].start,
        w.tokens[after - 1].end,
        *(f"lateral pg_catalog.{function}(", text, f") as {quote(alias)}({columns})"),
    )
    return after

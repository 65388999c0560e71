"""Queries: WITH, set operations, SELECT and its clauses."""

from sandbox.dialect.relations import from_clause
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk, quote
from sandbox.gate import UNSUPPORTED_CLAUSES, Refused, not_in_redshift, page
from sandbox.gate.refusal import SYNTAX_ERROR

_SET_OPERATIONS = ("union", "intersect", "except", "minus")
_CLAUSES = frozenset({"from", "where", "group", "having", "qualify", "order", "limit", "offset"})
_REFUSED_CLAUSES = frozenset({"window", "fetch", "for"})


def query(w: Walk, lo: int, hi: int, parent: Scope | None) -> bool:
    """Translate the query in ``[lo, hi)``; ``parent`` is the scope around it.

    Returns whether it computes columns, which PostgreSQL would compute again at every mention of
    them.
    """
    parent = parent or w.variables
    lo = with_clause(w, lo, hi, parent)
    if lo >= hi:
        raise w.syntax_error(lo)
    start = i = lo
    computes = False
    while i < hi:
        if w.tokens[i].low in _SET_OPERATIONS and i > start:
            computes |= _part(w, start, i, parent)
            if w.tokens[i].low == "minus":
                w.put(i, i, "except")
            start = i = i + 2 if w.low(i + 1) in ("all", "distinct") else i + 1
            continue
        i = w.after(i)
    return computes | _part(w, start, hi, parent)


def with_clause(w: Walk, lo: int, hi: int, parent: Scope | None) -> int:
    """Translate WITH, if it stands here; the index after it."""
    if w.low(lo) != "with":
        return lo
    i = lo + 2 if w.low(lo + 1) == "recursive" else lo + 1
    names: list[str] = []
    while True:
        names.append(w.identifier(i))
        i += 1
        has_columns = w.low(i) == "("
        if has_columns:
            i = w.tokens[i].pair + 1
        i = w.expect(i, "as", "(")
        if w.low(lo + 1) == "recursive":
            _check_recursion(w, i, names[-1], has_columns)
            w.ctes.add(names[-1])
        if w.query(i, w.tokens[i - 1].pair, parent):
            w.edits.open(w.tokens[i - 1].start, "materialized ")
        w.ctes.add(names[-1])
        i = w.tokens[i - 1].pair + 1
        if i >= hi or w.low(i) != ",":
            return i
        i += 1


def _check_recursion(w: Walk, lo: int, name: str, has_columns: bool) -> None:
    """A recursive CTE lists its columns. https://docs.aws.amazon.com/redshift/latest/dg/r_WITH_clause.html"""
    inside = range(lo, w.tokens[lo - 1].pair)
    if not has_columns and any(w.at(i).is_name and w.name(i) == name for i in inside):
        raise Refused(
            f"the recursive CTE {name} needs a list of its columns ({page('r_WITH_clause')})",
            SYNTAX_ERROR,
        )


def _part(w: Walk, lo: int, hi: int, parent: Scope | None) -> bool:
    """One operand of a set operation, with the ORDER BY and LIMIT that may follow the last."""
    if w.low(lo) == "(":
        closing = w.tokens[lo].pair
        computes = w.query(lo + 1, closing, parent)
        w.expressions(closing + 1, hi, Scope(parent))
        return computes
    if w.low(lo) == "values":
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["values"])
    if w.low(lo) != "select":
        raise w.syntax_error(lo)
    return _select(w, lo, hi, parent)


def _clauses(w: Walk, lo: int, hi: int) -> dict[str, int]:
    """Where each clause of the SELECT begins."""
    found: dict[str, int] = {}
    i = lo
    while i < hi:
        low = w.tokens[i].low
        if low in _CLAUSES and w.tokens[i].kind == "word":
            if low == "from" and w.low(i - 1) == "distinct" and "from" not in found:
                raise not_in_redshift(*UNSUPPORTED_CLAUSES["is distinct from"])
            if _is_clause(w, i, low):
                found.setdefault(low, i)
        elif low in _REFUSED_CLAUSES and _starts_refused(w, i, low):
            raise not_in_redshift(*UNSUPPORTED_CLAUSES[low])
        elif low == "into" and not w.in_procedure:
            raise not_in_redshift("SELECT INTO", "use create table as", "r_SELECT_INTO")
        i = w.after(i)
    return found


def _is_clause(w: Walk, i: int, low: str) -> bool:
    if low in ("group", "order"):
        return w.low(i + 1) == "by"
    return w.low(i - 1) not in ("as", ".")


def _starts_refused(w: Walk, i: int, low: str) -> bool:
    if low == "for":
        return w.low(i + 1) in ("update", "share", "no", "key")
    if low == "fetch":
        return w.low(i + 1) in ("first", "next")
    return w.low(i + 2) == "as" and w.low(i + 3) == "("


def _select(w: Walk, lo: int, hi: int, parent: Scope | None) -> bool:
    scope = Scope(parent)
    clauses = _clauses(w, lo + 1, hi)
    starts = sorted(clauses.values())
    first = starts[0] if starts else hi

    def end_of(start: int) -> int:
        return next((s for s in starts if s > start), hi)

    if "from" in clauses:
        from_clause(w, clauses["from"] + 1, end_of(clauses["from"]), scope)
    items = _select_list(w, lo, first, hi)
    if not items:
        raise w.syntax_error(first)
    for item_lo, item_hi in items:
        w.expressions(item_lo, item_hi, scope)
        _label_item(w, item_lo, item_hi)
    for name, start in clauses.items():
        if name not in ("from", "qualify"):
            w.expressions(start + 1, end_of(start), scope)
    if "qualify" in clauses:
        start = clauses["qualify"]
        w.expressions(start + 1, end_of(start), scope)
        _qualify(w, lo, items, clauses, end_of(start), scope)
    if scope.is_correlated and scope.is_windowed:
        raise not_in_redshift(
            "a window function in a correlated subquery", "", "r_correlated_subqueries"
        )
    return any(w.low(i) in ("(", "case") for item in items for i in range(*item))


def _select_list(w: Walk, lo: int, first: int, hi: int) -> list[tuple[int, int]]:
    """Stretches of the select list, DISTINCT and TOP taken off."""
    i = lo + 1
    if w.low(i) == "top" and w.at(i + 1).kind == "number":
        w.edits.close(w.tokens[hi - 1].end, f" limit {w.at(i + 1).text}")
        w.drop(i, i + 1)
        i += 2
    if w.low(i) in ("distinct", "all"):
        i += 1
        if w.words(i, "on", "("):
            raise not_in_redshift(*UNSUPPORTED_CLAUSES["distinct on"])
    if not w.in_procedure:
        return w.split(i, first)
    if w.low(i) == "into":
        return w.split(_after_targets(w, i + 1), first)
    return w.split(i, w.find(i, first, "into"))


def _after_targets(w: Walk, i: int) -> int:
    """A procedure's SELECT INTO x, y a, b FROM t: where the list begins."""
    while w.low(i + 1) in (",", "."):
        i += 2
    return i + 1


def _label_item(w: Walk, lo: int, hi: int) -> None:
    """Give a column the name Redshift would, where the translation changes its text."""
    if lo not in w.labels:
        return
    after, name = w.labels[lo]
    while after < hi and w.low(after) == "::":
        after = _after_type(w, after + 1, hi)
    if after == hi:
        w.edits.close(w.tokens[hi - 1].end, f" as {quote(name)}")


def _after_type(w: Walk, i: int, hi: int) -> int:
    while i < hi and (w.at(i).kind == "word" or w.low(i) in ("(", ".")):
        if w.low(i) == "as":
            return hi + 1
        i = w.after(i)
    return i


def _qualify(
    w: Walk,
    lo: int,
    items: list[tuple[int, int]],
    clauses: dict[str, int],
    end: int,
    scope: Scope,
) -> None:
    """QUALIFY as a condition on a query around this one.

    https://docs.aws.amazon.com/redshift/latest/dg/r_QUALIFY_clause.html
    """
    names = [_output_name(w, item_lo, item_hi) for item_lo, item_hi in items]
    if w.low(lo + 1) in ("distinct", "top") or "from" not in clauses or "*" in names:
        raise not_in_redshift(
            "QUALIFY with *, DISTINCT or TOP", "name the columns", "r_QUALIFY_clause"
        )
    outer = ", ".join(quote(name) for name in names)
    qualify = clauses["qualify"]
    _unfold_aliases(w, qualify + 1, end, items)
    w.edits.open(w.tokens[lo].start, f"select {outer} from (")
    condition = w.span(qualify + 1, end)
    w.edits.open(w.tokens[clauses["from"]].start, ", (", condition, ') as "rs_qualify" ')
    w.edits.replace(
        w.tokens[qualify].start,
        w.tokens[end - 1].end,
        ') as "rs_qualified" where "rs_qualify"',
    )


def _unfold_aliases(w: Walk, lo: int, hi: int, items: list[tuple[int, int]]) -> None:
    """Put a window function in the place of its alias."""
    aliased = {
        w.name(end - 1): w.span(start, end - 2)
        for start, end in items
        if w.low(end - 2) == "as" and w.find(start, end, "over") < end
    }
    for i in range(lo, hi):
        token = w.tokens[i]
        if token.is_name and w.low(i - 1) != "." and w.low(i + 1) not in (".", "("):
            expression = aliased.get(w.name(i))
            if expression:
                w.edits.replace(token.start, token.end, "(", expression, ")")


def _output_name(w: Walk, lo: int, hi: int) -> str:
    """The column name of a select item."""
    last = w.at(hi - 1)
    if last.text == "*":
        return "*"
    if lo in w.labels and w.labels[lo][0] == hi:
        return w.labels[lo][1]
    if last.is_name and (hi - lo == 1 or w.low(hi - 2) != "::"):
        return w.name(hi - 1)
    raise not_in_redshift(
        "QUALIFY beside a column without a name", "give it one", "r_QUALIFY_clause"
    )

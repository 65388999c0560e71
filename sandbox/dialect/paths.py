"""Dotted names in expressions: a column, or a way into a SUPER value.

https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
"""

from dataclasses import dataclass

from sandbox.dialect.names import strip_database
from sandbox.dialect.scopes import Owner, Scope
from sandbox.dialect.walk import Walk, literal, quote
from sandbox.gate import SYSTEM_COLUMNS, Refused, not_in_redshift, page

_FEATURES = "c_unsupported-postgresql-features"
_GET = "pg_catalog.super_get("


@dataclass(frozen=True)
class Step:
    """One step into a value: an attribute's token, or a subscript's bracket (``index`` of the
    ``[``).
    """

    index: int
    is_attribute: bool


def steps_from(w: Walk, index: int) -> tuple[list[Step], int]:
    """Steps that follow a value, from its next token on, and the index after them."""
    steps: list[Step] = []
    while True:
        low = w.low(index)
        if low == "." and w.at(index + 1).is_name:
            steps.append(Step(index + 1, is_attribute=True))
            index += 2
        elif low == "[" and w.tokens[index].pair > index:
            steps.append(Step(index, is_attribute=False))
            index = w.tokens[index].pair + 1
        else:
            return steps, index


def attribute_key(w: Walk, index: int) -> str:
    """The attribute's name as SUPER navigation looks it up, as SQL text."""
    token, settings = w.at(index), w.settings
    quoted = token.kind == "quoted"
    name = token.text[1:-1].replace('""', '"') if quoted else token.text
    if w.in_procedure and quoted and name != name.lower():
        # A procedure follows the setting its caller has at run time.
        # https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_super_attribute.html
        return f"(select pg_catalog.rs_key({literal(name)}))"
    keeps = settings.case_sensitive_super_attribute or (
        quoted and settings.case_sensitive_identifier
    )
    return literal(name if keeps else name.lower())


def navigate(w: Walk, start: int, steps: list[Step], scope: Scope) -> None:
    """Write the steps into the value whose first token is ``start`` as calls of super_get."""
    w.edits.open(w.tokens[start].start, _GET * len(steps))
    for step in steps:
        if step.is_attribute:
            dot = w.tokens[step.index - 1].start
            key = attribute_key(w, step.index)
            w.edits.replace(dot, w.tokens[step.index].end, f", {key})")
        else:
            _subscript(w, step.index, scope)


def _subscript(w: Walk, opening: int, scope: Scope) -> None:
    closing = w.tokens[opening].pair
    if closing == opening + 2 and w.tokens[opening + 1].kind == "number":
        w.put(opening, opening, ", ")
        w.put(closing, closing, ")")
        return
    w.expressions(opening + 1, closing, scope)
    w.put(opening, opening, ", (")
    w.put(closing, closing, ")::int)")


def path(w: Walk, index: int, scope: Scope) -> int:
    """Translate the dotted name at the index, column or path; the index after it."""
    steps, after = steps_from(w, index + 1)
    names = [w.name(index)]
    for step in steps:
        if not step.is_attribute:
            break
        names.append(w.name(step.index))
    owner = scope.owns(tuple(names))
    _check_reach(w, owner, names, scope)
    if owner.kind == "table" and names[owner.used - 1] in SYSTEM_COLUMNS:
        raise not_in_redshift(f"column {names[owner.used - 1]}", "", _FEATURES)
    if owner.kind == "table" and owner.used == 4:
        strip_database(w, index, tuple(names))
    inner = steps[owner.used - 1 :]
    if owner.kind == "element" and inner:
        alias = quote(names[0])
        w.put(index, index, f"{alias}.{alias}")
    if inner:
        navigate(w, index, inner, scope)
        w.labels[index] = after, _label(w, index, steps)
    if inner or owner.kind == "element":
        w.super_spans[index] = after
    return after


def _check_reach(w: Walk, owner: Owner, names: list[str], scope: Scope) -> None:
    """A subquery may name the columns of the query around it, but not of one further out.

    https://docs.aws.amazon.com/redshift/latest/dg/r_correlated_subqueries.html
    """
    if owner.distance == 0 or owner.scope is w.variables:
        return
    scope.is_correlated = True
    if owner.distance > 1:
        raise Refused(
            f"correlated subquery: {'.'.join(names)} belongs to a query further out than the one "
            f"around it, which Redshift does not support ({page('r_correlated_subqueries')})"
        )


def value_steps(w: Walk, start: int, index: int, scope: Scope) -> int:
    """Translate steps into the value that begins at ``start`` and ends before the index, such as
    f(x).a[0].
    """
    steps, after = steps_from(w, index)
    if steps:
        navigate(w, start, steps, scope)
        w.labels[start] = after, _label(w, start, steps)
        w.super_spans[start] = after
    return after


def _label(w: Walk, start: int, steps: list[Step]) -> str:
    """The column name Redshift gives to a path: its last attribute."""
    last = next((s.index for s in reversed(steps) if s.is_attribute), start)
    return w.name(last)

"""String literals next to SUPER values.

PostgreSQL reads an untyped literal as the type beside it, and so 'done' beside SUPER as JSON. To
Redshift it is a string.
"""

from sandbox.dialect.walk import Walk
from sandbox.gate.operators import COMPARISON


def _type_literal(w: Walk, index: int) -> None:
    if w.at(index).kind == "string" and w.low(index + 1) not in ("::", "||"):
        w.edits.close(w.tokens[index].end, "::varchar")


def type_beside(w: Walk, start: int, after: int) -> None:
    """Type the literals that are compared with the SUPER value in tokens ``[start, after)``."""
    if w.low(after) == "::":
        return
    if w.at(after).text in COMPARISON:
        _type_literal(w, after + 1)
    before = w.at(start - 1)
    if before.text in COMPARISON and w.low(start - 3) != "||":
        _type_literal(w, start - 2)
    if w.low(after) == "not":
        after += 1
    if w.low(after) == "in" and w.low(after + 1) == "(":
        type_each(w, w.split(after + 2, w.tokens[after + 1].pair))
    if w.low(after) == "between":
        _type_literal(w, after + 1)
        _type_literal(w, after + 3)


def type_each(w: Walk, operands: list[tuple[int, int]]) -> None:
    """Type those operands that are nothing but a literal."""
    for lo, hi in operands:
        if hi == lo + 1:
            _type_literal(w, lo)


def type_alike(w: Walk, operands: list[tuple[int, int]]) -> None:
    """Make operands that must share one type SUPER, if one of them is."""
    others = [(lo, hi) for lo, hi in operands if w.super_spans.get(lo) != hi]
    if len(others) == len(operands):
        return
    for lo, hi in others:
        if hi == lo + 1 and w.at(lo).kind == "string":
            w.edits.close(w.tokens[lo].end, "::varchar::super")
        else:
            w.edits.open(w.tokens[lo].start, "(")
            w.edits.close(w.tokens[hi - 1].end, ")::super")


def type_case(w: Walk, start: int, end: int) -> None:
    """The same for the results of the CASE between its two tokens."""
    if not w.super_spans:
        return
    results: list[tuple[int, int]] = []
    depth, begin = 0, -1
    i = start + 1
    while i <= end:
        low = w.low(i)
        depth += {"case": 1, "end": -1}.get(low, 0) if i < end else 0
        if depth == 0 and low in ("when", "else", "end", "then"):
            if begin >= 0:
                results.append((begin, i))
            begin = i + 1 if low in ("then", "else") else -1
        i = w.after(i)
    type_alike(w, results)

"""INSERT, UPDATE, DELETE and TRUNCATE."""

from sandbox.dialect.locks import INSERT, WRITE
from sandbox.dialect.names import dotted, note_relation, object_name, own_name
from sandbox.dialect.queries import with_clause
from sandbox.dialect.relations import from_clause
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk
from sandbox.gate import UNSUPPORTED_CLAUSES, not_in_redshift


def insert(w: Walk, lo: int, hi: int) -> None:
    """INSERT INTO t [(columns)] {VALUES (...), ... | query}. https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html"""
    _refuse_tail(w, lo, hi, "returning", "on conflict")
    parts, i = object_name(w, w.expect(lo, "insert", "into"))
    note_relation(w, parts, INSERT)
    if w.low(i) == "(" and w.low(i + 1) not in ("select", "with", "("):
        i = w.tokens[i].pair + 1
    if w.words(i, "default", "values"):
        return
    if w.low(i) == "values":
        w.expressions(i + 1, hi, Scope(w.variables))
    else:
        w.query(i, hi, None)


def update(w: Walk, lo: int, hi: int) -> None:
    """UPDATE t [alias] SET ... [FROM ...] [WHERE ...]. https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html"""
    _refuse_tail(w, lo, hi, "returning")
    scope = Scope(w.variables)
    lo = with_clause(w, lo, hi, w.variables)
    set_ = w.find(lo, hi, "set")
    note_relation(w, dotted(w, lo + 1)[0], WRITE)
    from_clause(w, w.expect(lo, "update"), set_, scope)
    from_ = w.find(set_, hi, "from", "where")
    where = w.find(from_, hi, "where")
    _from_and_where(w, from_, where, hi, scope)
    w.expressions(set_ + 1, from_, scope)


def delete(w: Walk, lo: int, hi: int) -> None:
    """DELETE [FROM] t [USING ...] [WHERE ...]. https://docs.aws.amazon.com/redshift/latest/dg/r_DELETE.html"""
    _refuse_tail(w, lo, hi, "returning")
    scope = Scope(w.variables)
    lo = with_clause(w, lo, hi, w.variables)
    target = w.expect(lo, "delete")
    if w.low(target) == "from":
        target += 1
    else:
        w.edits.close(w.tokens[target - 1].end, " from")
    end = w.find(target, hi, "using", "where")
    note_relation(w, dotted(w, target)[0], WRITE)
    from_clause(w, target, end, scope)
    where = w.find(end, hi, "where")
    _from_and_where(w, end, where, hi, scope)


def truncate(w: Walk, lo: int, hi: int) -> None:
    """TRUNCATE [TABLE] t. https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html"""
    i = lo + 2 if w.low(lo + 1) == "table" else lo + 1
    parts, after = own_name(w, i)
    note_relation(w, parts)
    if after != hi:
        raise w.syntax_error(after)


def _from_and_where(w: Walk, from_: int, where: int, hi: int, scope: Scope) -> None:
    if from_ < where:
        from_clause(w, from_ + 1, where, scope)
    if where < hi:
        w.expressions(where + 1, hi, scope)


def _refuse_tail(w: Walk, lo: int, hi: int, *clauses: str) -> None:
    i = lo
    while i < hi:
        for clause in clauses:
            if w.words(i, *clause.split()):
                raise not_in_redshift(*UNSUPPORTED_CLAUSES[clause])
        i = w.after(i)

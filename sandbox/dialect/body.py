"""The body of a procedure: Redshift's PL/pgSQL, statement by statement.

https://docs.aws.amazon.com/redshift/latest/dg/c_PLpgSQL-statements.html
"""

from collections.abc import Callable
from dataclasses import replace

from sandbox.dialect.datatypes import data_type
from sandbox.dialect.names import dotted, object_name
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk
from sandbox.gate import Refused, not_in_redshift, word_set
from sandbox.gate.refusal import SYNTAX_ERROR

_PAGE = "c_PLpgSQL-statements"
_LEVELS = frozenset({"debug", "log", "notice", "info", "warning", "exception"})
_REFUSED = {
    "execute": ("dynamic SQL (EXECUTE)", "write the statement itself"),
    "open": ("a cursor", "use a query, or FOR ... IN"),
    "fetch": ("a cursor", "use a query, or FOR ... IN"),
    "move": ("a cursor", "use a query, or FOR ... IN"),
    "close": ("a cursor", "use a query, or FOR ... IN"),
    "perform": ("PERFORM", "use SELECT ... INTO, or CALL"),
    "case": ("the CASE statement", "use IF ... ELSIF"),
    "commit": ("COMMIT in a procedure", "let the caller end the transaction"),
    "rollback": ("ROLLBACK in a procedure", "let the caller end the transaction"),
    "truncate": ("TRUNCATE in a procedure", "delete: TRUNCATE commits"),
    "savepoint": ("SAVEPOINT", ""),
    "set": ("SET in a procedure", "set it in the session"),
    "reset": ("RESET in a procedure", "reset it in the session"),
    "prepare": ("PREPARE in a procedure", ""),
    "vacuum": ("VACUUM in a procedure", ""),
}
# Statements of SQL that a body may hold.
_SQL = word_set(
    """
    select with insert update delete create drop alter lock comment analyze call grant
    revoke
    """
)


def block(w: Walk, lo: int, hi: int) -> None:
    """Translate the outermost block, tokens ``[lo, hi)``."""
    after = _block(w, lo)
    if w.low(after) == ";":
        after += 1
    if after != hi:
        raise w.syntax_error(after)


def _block(w: Walk, i: int) -> int:
    """[DECLARE ...] BEGIN ... [EXCEPTION ...] END; the index after END and its label."""
    if w.low(i) == "declare":
        i += 1
        while w.low(i) != "begin":
            i = _declaration(w, i)
    i = _statements(w, w.expect(i, "begin"))
    if w.low(i) == "exception":
        i = _handler(w, i)
    return w.expect(i, "end")


def _end(w: Walk, i: int) -> int:
    """The semicolon that ends the statement at the index."""
    end = w.find(i, len(w.tokens), ";")
    if end == len(w.tokens):
        raise w.syntax_error(end)
    return end


def _expression(w: Walk, lo: int, hi: int) -> None:
    if lo >= hi:
        raise w.syntax_error(lo)
    w.expressions(lo, hi, Scope(w.variables))


def _declaration(w: Walk, i: int) -> int:
    """name [CONSTANT] type [NOT NULL] [:= value]; the index after the semicolon."""
    end = _end(w, i)
    name = w.name(i)
    at = i + 2 if w.low(i + 1) == "constant" else i + 1
    if w.low(at) in ("cursor", "alias", "refcursor"):
        raise not_in_redshift(f"{w.low(at).upper()} in DECLARE", "", _PAGE)
    if w.low(at) == "record":
        _scope(w).tables.add(name)
        after = at + 1
    elif w.find(at, end, "%") < end or any(w.at(n).text == "%" for n in range(at, end)):
        after = _copied_type(w, at, name)
    else:
        after = data_type(w, at, stored=True)
    if w.words(after, "not", "null"):
        after += 2
    if w.low(after) in (":=", "default"):
        _expression(w, after + 1, end)
    elif after != end:
        raise w.syntax_error(after)
    return end + 1


def _copied_type(w: Walk, at: int, name: str) -> int:
    """table.column%TYPE or table%ROWTYPE."""
    _, after = dotted(w, at)
    if w.low(after + 1) == "rowtype":
        object_name(w, at)
        _scope(w).tables.add(name)
    elif w.low(after + 1) == "type":
        object_name(w, at, tail=1)
    else:
        raise w.syntax_error(after)
    return after + 2


def _scope(w: Walk) -> Scope:
    assert w.variables is not None
    return w.variables


def _statements(w: Walk, i: int) -> int:
    """Statements up to a word that ends a list of them; the index of that word."""
    while w.low(i) not in ("end", "exception", "else", "elsif", "elseif", ""):
        i = _statement(w, i)
    if i >= len(w.tokens):
        raise w.syntax_error(i)
    return i


def _statement(w: Walk, i: int) -> int:
    """One statement; the index after its semicolon."""
    low = w.low(i)
    if w.at(i).text == "<<":
        raise not_in_redshift("a label", "leave it out", _PAGE)
    if low in ("begin", "declare"):
        return w.expect(_block(w, i), ";")
    control = _CONTROL.get(low)
    if control is not None:
        return control(w, i)
    end = _end(w, i)
    _, after = dotted(w, i)
    if w.low(after) == ":=":
        _expression(w, after + 1, end)
    elif low in _REFUSED:
        raise not_in_redshift(*_REFUSED[low], _PAGE)
    elif low in _SQL:
        w.statement_of(w, i, end)
    else:
        raise Refused(f"syntax error at or near {w.at(i).text!r} in a procedure body", SYNTAX_ERROR)
    return end + 1


def _then(w: Walk, i: int, word: str = "then") -> int:
    """Translate the condition before THEN or LOOP; the index after that word."""
    start, depth = i, 0
    while i < len(w.tokens):
        low = w.tokens[i].low
        if depth == 0 and low == word:
            _expression(w, start, i)
            return i + 1
        if low == ";":
            break
        depth += {"case": 1, "end": -1}.get(low, 0)
        i = w.after(i)
    raise w.syntax_error(i)


def _if(w: Walk, i: int) -> int:
    i = _statements(w, _then(w, i + 1))
    while w.low(i) in ("elsif", "elseif"):
        i = _statements(w, _then(w, i + 1))
    if w.low(i) == "else":
        i = _statements(w, i + 1)
    return w.expect(i, "end", "if", ";")


def _while(w: Walk, i: int) -> int:
    return _loop(w, _then(w, i + 1, "loop") - 1)


def _loop(w: Walk, i: int) -> int:
    i = _statements(w, w.expect(i, "loop"))
    return w.expect(i, "end", "loop", ";")


def _for(w: Walk, i: int) -> int:
    """FOR record IN query LOOP, or FOR number IN [REVERSE] a..b LOOP."""
    name = w.name(i + 1)
    start = w.expect(i + 2, "in")
    loop = w.find(start, len(w.tokens), "loop", ";")
    if w.low(start) in ("select", "with", "("):
        if w.in_cursor:
            raise not_in_redshift(
                "a query loop in a query loop", "", "stored-procedure-constraints"
            )
        w.statement_of(w, start, loop)
        _scope(w).tables.add(name)
        inner = replace(w, in_cursor=True)
        return _loop(inner, loop)
    if w.low(start) == "execute":
        raise not_in_redshift(*_REFUSED["execute"], _PAGE)
    low = start + 1 if w.low(start) == "reverse" else start
    dots = next((n for n in range(low, loop) if w.at(n).text == ".."), loop)
    _expression(w, low, dots)
    _expression(w, dots + 1, loop)
    return _loop(w, loop)


def _raise(w: Walk, i: int) -> int:
    """RAISE level 'text' [, variable ...]. Redshift takes no expressions there."""
    end = _end(w, i)
    if w.low(i + 1) not in _LEVELS or w.at(i + 2).kind != "string":
        raise not_in_redshift("RAISE without a level and a literal text", "", _PAGE)
    wanted = w.at(i + 2).text.replace("%%", "").count("%")
    arguments = w.split(i + 4, end) if w.low(i + 3) == "," else []
    if i + 3 != end and not arguments:
        raise w.syntax_error(i + 3)
    for lo, hi in arguments:
        if not w.at(lo).is_name or dotted(w, lo)[1] != hi:
            raise not_in_redshift("an expression in RAISE", "assign it to a variable first", _PAGE)
    if wanted != len(arguments):
        raise Refused(f"RAISE has {wanted} % in its text and {len(arguments)} arguments", "42601")
    return end + 1


def _get(w: Walk, i: int) -> int:
    """GET DIAGNOSTICS variable := ROW_COUNT."""
    end = _end(w, i)
    w.name(w.expect(i, "get", "diagnostics"))
    if w.low(i + 3) != ":=" and w.at(i + 3).text != "=":
        raise w.syntax_error(i + 3)
    if w.low(i + 4) != "row_count" or i + 5 != end:
        raise not_in_redshift(f"GET DIAGNOSTICS {w.at(i + 4).text.upper()}", "", _PAGE)
    return end + 1


def _exit(w: Walk, i: int) -> int:
    """EXIT and CONTINUE [WHEN condition]."""
    end = _end(w, i)
    if w.low(i + 1) == "when":
        _expression(w, i + 2, end)
    elif i + 1 != end:
        raise not_in_redshift("a label", "leave it out", _PAGE)
    return end + 1


def _bare(w: Walk, i: int) -> int:
    """RETURN and NULL stand alone."""
    return w.expect(i + 1, ";")


def _handler(w: Walk, i: int) -> int:
    """EXCEPTION WHEN OTHERS THEN, the only handler; the index of END.

    Redshift rolls the whole transaction back, runs the handler, commits what it wrote and raises
    the error again.
    PostgreSQL cannot commit there, so a handler may report here, but not write.
    https://docs.aws.amazon.com/redshift/latest/dg/stored-procedure-trapping-errors.html
    """
    doc = "stored-procedure-trapping-errors"
    if not w.words(i + 1, "when", "others"):
        raise not_in_redshift("a handler other than WHEN OTHERS", "", doc)
    start = w.expect(i + 1, "when", "others", "then")
    end = _statements(w, start)
    written = next((n for n in range(start, end) if w.low(n) in _SQL - {"with"}), None)
    if written is not None:
        raise not_in_redshift(
            f"{w.at(written).text.upper()} in an exception handler",
            "only RAISE and assignments",
            doc,
        )
    w.edits.open(w.tokens[end].start, "raise; ")
    return end


_CONTROL: dict[str, Callable[[Walk, int], int]] = {
    "if": _if,
    "while": _while,
    "loop": _loop,
    "for": _for,
    "raise": _raise,
    "get": _get,
    "exit": _exit,
    "continue": _exit,
    "return": _bare,
    "null": _bare,
}

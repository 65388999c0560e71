"""Stored procedures: their head, and CALL, ALTER and DROP.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_PROCEDURE.html
"""

from dataclasses import replace

from sandbox.dialect import session
from sandbox.dialect.body import block
from sandbox.dialect.datatypes import data_type
from sandbox.dialect.lexer import lex
from sandbox.dialect.model import Called
from sandbox.dialect.names import object_name, own_name
from sandbox.dialect.scopes import Scope
from sandbox.dialect.tables import create_view
from sandbox.dialect.walk import Done, Walk, literal, quote, spell
from sandbox.gate import Refused, not_in_redshift
from sandbox.names import schema_of

MAX_ARGUMENTS = 32  # in and out each; stored-procedure-constraints
_PAGE = "r_CREATE_PROCEDURE"
_MODES = frozenset({"in", "out", "inout"})
# Second words of types: double precision, character varying, timestamp without time zone.
_LATER_WORDS = frozenset({"precision", "varying", "with", "without"})
# To Redshift a variable hides a column of the same name.
_DIRECTIVE = "\n#variable_conflict use_variable\n"


def create_or_replace(w: Walk, lo: int, hi: int) -> Done:
    """CREATE OR REPLACE PROCEDURE or VIEW."""
    if w.words(lo + 2, "replace", "view"):
        return Done(create_view(w, lo, hi))
    w.expect(lo, "create", "or", "replace", "procedure")
    return _create(w, lo + 4, hi)


def create(w: Walk, lo: int, hi: int) -> Done:
    """CREATE PROCEDURE."""
    return _create(w, lo + 2, hi)


def _create(w: Walk, i: int, hi: int) -> Done:
    if w.in_procedure:
        raise not_in_redshift("CREATE PROCEDURE in a procedure", "", "stored-procedure-constraints")
    _, opening = own_name(w, i)
    if w.low(opening) != "(":
        raise w.syntax_error(opening)
    closing = w.tokens[opening].pair
    _arguments(w, opening + 1, closing)
    i = closing + 1
    if w.low(i) == "nonatomic":
        raise not_in_redshift("NONATOMIC", "leave it out", _PAGE)
    i = w.expect(i, "as")
    if w.at(i).kind != "dollar":
        raise not_in_redshift("a procedure body that is no $$ string", "use $$", _PAGE)
    _tail(w, i + 1, hi)
    _body(w, i)
    return Done("create_procedure")


def _arguments(w: Walk, lo: int, hi: int) -> None:
    """[name] [IN | OUT | INOUT] type. CALL leaves OUT arguments out: here they have a default."""
    seen_out = False
    counts = {"in": 0, "out": 0}
    for start, end in w.split(lo, hi):
        mode_at, type_at = _mode_and_type(w, start, end)
        mode = "in" if mode_at is None else w.low(mode_at)
        if data_type(w, type_at, stored=True) != end:
            raise not_in_redshift("a default of an argument", "leave it out", _PAGE)
        if seen_out and mode != "out":
            raise not_in_redshift("an argument after an OUT argument", "put OUT arguments last")
        if mode_at is not None and mode == "out":
            seen_out = True
            w.put(mode_at, mode_at, "inout")
            w.edits.close(w.tokens[end - 1].end, " default null")
        for way in ("in", "out"):
            counts[way] += way in mode
    if max(counts.values()) > MAX_ARGUMENTS:
        raise Refused(f"a procedure takes at most {MAX_ARGUMENTS} arguments each way", "54023")


def _mode_and_type(w: Walk, start: int, end: int) -> tuple[int | None, int]:
    """Where an argument's mode and its type stand; the mode may come before or after the name."""
    if start + 1 < end and w.low(start + 1) in _MODES:
        return start + 1, start + 2
    mode_at = start if w.low(start) in _MODES else None
    type_at = start if mode_at is None else start + 1
    has_name = type_at + 1 < end and w.at(type_at + 1).is_name
    if has_name and w.low(type_at + 1) not in _LATER_WORDS:
        type_at += 1
    return mode_at, type_at


def _tail(w: Walk, i: int, hi: int) -> None:
    i = w.expect(i, "language", "plpgsql")
    if w.low(i) == "security" and w.low(i + 1) in ("definer", "invoker"):
        i += 2
    if w.low(i) == "set":
        if w.low(i + 1) != "search_path":
            raise not_in_redshift("SET of a procedure", "only search_path can be set here", _PAGE)
        session.set_(w, i, hi)
        return
    if i != hi:
        raise w.syntax_error(i)


def _body(w: Walk, index: int) -> None:
    token = w.tokens[index]
    mark = token.text.index("$", 1) + 1
    start, end = token.start + mark, token.end - mark
    inner = replace(
        w, tokens=lex(w.edits.source, start, end), in_procedure=True, variables=Scope(None)
    )
    spell(inner)
    w.edits.open(start, _DIRECTIVE)
    block(inner, 0, len(inner.tokens))


def call(w: Walk, lo: int, hi: int) -> Done:
    """CALL p(arguments)."""
    parts, i = object_name(w, lo + 1)
    if w.low(i) != "(" or w.tokens[i].pair + 1 != hi:
        raise w.syntax_error(i)
    arguments = w.split(i + 1, w.tokens[i].pair)
    w.expressions(i + 1, w.tokens[i].pair, Scope(w.variables))
    schema = None if len(parts) == 1 else parts[-2]
    if len(parts) == 3:
        schema = schema_of(parts[0], parts[1], w.database)
    return Done("call", called=Called(schema, parts[-1], len(arguments)))


def found_procedure(w: Walk, i: int) -> str:
    """PostgreSQL text that finds ``name(input types)`` and gives its full signature."""
    parts, opening = object_name(w, i)
    if w.low(opening) != "(":
        raise Refused(f"name the argument types: procedure {parts[-1]}(...)", "42601")
    types = []
    for start, end in w.split(opening + 1, w.tokens[opening].pair):
        at = start + 1 if w.low(start) in ("in", "inout") else start
        if data_type(w, at, stored=False) != end:
            raise w.syntax_error(at)
        types.append(literal(w.edits.render(*w.span(at, end))))
    name = w.edits.render(*w.span(i, opening))
    return f"pg_catalog.rs_procedure({literal(name)}, array[{', '.join(types)}]::regtype[])"


def alter(w: Walk, lo: int, hi: int) -> Done:
    """ALTER PROCEDURE p(types) {OWNER TO | RENAME TO} name."""
    found = found_procedure(w, lo + 2)
    i = w.find(lo, hi, "owner", "rename")
    if i + 3 != hi or w.low(i + 1) != "to":
        raise not_in_redshift("this ALTER PROCEDURE", "", "r_ALTER_PROCEDURE")
    tail = literal(f" {w.low(i)} to {quote(w.name(i + 2))}")
    text = f"do $rs$ begin execute 'alter procedure ' || {found} || {tail}; end $rs$"
    return Done("alter_procedure", text)


def drop(w: Walk, lo: int, hi: int) -> Done:
    """DROP PROCEDURE p(types), which has no IF EXISTS."""
    if w.words(lo + 2, "if", "exists"):
        raise not_in_redshift("DROP PROCEDURE IF EXISTS", "", "r_DROP_PROCEDURE")
    found = [found_procedure(w, start) for start, _ in w.split(lo + 2, hi)]
    calls = " ".join(f"execute 'drop procedure ' || {name};" for name in found)
    return Done("drop_procedure", f"do $rs$ begin {calls} end $rs$")

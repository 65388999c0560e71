"""One Redshift statement to one PostgreSQL statement."""

from collections.abc import Callable
from functools import lru_cache

from sandbox.dialect import dml, objects, session, tables
from sandbox.dialect.edits import Edits
from sandbox.dialect.expressions import expressions
from sandbox.dialect.lexer import Token, lex
from sandbox.dialect.model import Settings, Translation
from sandbox.dialect.queries import query
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk, quote
from sandbox.gate import Refused, not_in_redshift
from sandbox.gate.refusal import SYNTAX_ERROR, page

# Statements are sent again and again: by dbt per model, by drivers per page of results.
_REMEMBERED = 512


@lru_cache(maxsize=_REMEMBERED)
def translate(sql: str, settings: Settings, database: str = "dev") -> Translation:
    """The statement for PostgreSQL; Refused where Redshift, or this stand-in, would not run it.

    ``database`` is the session's: its name in front of schemas is taken off.
    """
    tokens = lex(sql)
    while tokens and tokens[-1].kind == ";":
        tokens.pop()
    if not tokens:
        return Translation("", "empty")
    if any(token.kind == ";" for token in tokens):
        raise Refused("cannot insert multiple commands into a prepared statement", SYNTAX_ERROR)
    source = sql[: tokens[-1].end]
    return _statement(new_walk(source, tokens, settings, database))


def new_walk(source: str, tokens: list[Token], settings: Settings, database: str) -> Walk:
    """A walk over the tokens, the spelling of strings and names already set right."""
    w = Walk(tokens, Edits(source), settings, database, expressions, query)
    for token in tokens:
        if token.kind == "string" and "\\" in token.text:
            w.edits.open(token.start, "E")
        elif token.kind == "quoted" and not settings.case_sensitive_identifier:
            if token.text != token.text.lower():
                w.edits.replace(token.start, token.end, token.text.lower())
    return w


def _statement(w: Walk) -> Translation:
    first, second = w.low(0), w.low(1)
    hi = len(w.tokens)
    handler = _BY_TWO_WORDS.get((first, second)) or _BY_WORD.get(first)
    if handler is None:
        raise not_in_redshift(f"statement {w.at(0).text.upper()}", "", "c_SQL_commands")
    return handler(w, 0, hi)


def check_touched(w: Walk) -> None:
    """Refuse what Redshift's leader and compute nodes cannot do together.

    https://docs.aws.amazon.com/redshift/latest/dg/c_sql-functions-leader-node-only.html
    """
    seen = w.touched
    if seen.user_table and (seen.leader_function or seen.catalog_table):
        what = f"function {seen.leader_function}()" if seen.leader_function else seen.catalog_table
        raise Refused(
            f"Specified types or functions not supported on Redshift tables: {what} runs on the leader node only, "
            f"{seen.user_table} is a user table ({page('c_sql-functions-leader-node-only')})"
        )
    if seen.compute_function and not seen.user_table:
        raise Refused(
            "One or more of the used functions must be applied on at least one user created table: "
            f"{seen.compute_function}()"
        )


def _edited(w: Walk, kind: str, setting: tuple[str, str | None] | None = None) -> Translation:
    check_touched(w)
    return Translation(w.edits.render(), kind, setting)


def _query(w: Walk, lo: int, hi: int) -> Translation:
    main = lo
    if w.low(lo) == "with":
        main = w.find(lo, hi, "select", "insert", "update", "delete", "(")
        main = (
            next((m for m in range(main, hi) if w.low(m) in ("update", "delete")), -1)
            if _is_change(w, lo, hi)
            else lo
        )
    if w.low(main) == "update" or (main != lo and w.low(main) == "update"):
        dml.update(w, lo, hi)
        return _edited(w, "update")
    w.query(lo, hi, None)
    return _edited(w, "select")


def _is_change(w: Walk, lo: int, hi: int) -> bool:
    return w.find(lo, hi, "update", "delete") < hi


def _plain(kind: str, action: Callable[[Walk, int, int], None]) -> "_Handler":
    def handle(w: Walk, lo: int, hi: int) -> Translation:
        action(w, lo, hi)
        return _edited(w, kind)

    return handle


def _named(action: Callable[[Walk, int, int], str]) -> "_Handler":
    def handle(w: Walk, lo: int, hi: int) -> Translation:
        return _edited(w, action(w, lo, hi))

    return handle


def _set(w: Walk, lo: int, hi: int) -> Translation:
    text, setting = session.set_(w, lo, hi)
    return Translation(text, "set", setting)


def _reset(w: Walk, lo: int, hi: int) -> Translation:
    if w.low(1) == "use":
        return Translation("select 1 where false", "reset_use")
    text, setting = session.reset(w, lo, hi)
    return Translation(text, "reset", setting)


def _show(w: Walk, lo: int, hi: int) -> Translation:
    return Translation(session.show(w, lo, hi), "show")


def _begin(w: Walk, lo: int, hi: int) -> Translation:
    return Translation(session.begin(w, lo, hi), "begin")


def _end(w: Walk, lo: int, hi: int) -> Translation:
    kind = session.end(w, lo, hi)
    return Translation(kind, kind)


def _explain(w: Walk, lo: int, hi: int) -> Translation:
    i = lo + 2 if w.low(lo + 1) == "verbose" else lo + 1
    handler = _BY_WORD.get(w.low(i))
    if handler is None or w.low(i) not in ("select", "with", "insert", "update", "delete"):
        raise w.syntax_error(i)
    return Translation(handler(w, i, hi).text, "explain")


_Handler = Callable[[Walk, int, int], Translation]

_BY_WORD: dict[str, _Handler] = {
    "select": _query,
    "with": _query,
    "(": _query,
    "insert": _plain("insert", dml.insert),
    "update": _plain("update", dml.update),
    "delete": _plain("delete", dml.delete),
    "truncate": _plain("truncate", dml.truncate),
    "drop": _named(objects.drop),
    "comment": _named(objects.comment),
    "lock": _named(objects.lock),
    "analyze": _named(objects.analyze),
    "set": _set,
    "reset": _reset,
    "show": _show,
    "begin": _begin,
    "start": _begin,
    "commit": _end,
    "end": _end,
    "rollback": _end,
    "abort": _end,
    "explain": _explain,
}
_BY_TWO_WORDS: dict[tuple[str, str], _Handler] = {
    ("create", "schema"): _named(objects.create_schema),
    ("create", "table"): _named(tables.create_table),
    ("create", "temp"): _named(tables.create_table),
    ("create", "temporary"): _named(tables.create_table),
    ("create", "local"): _named(tables.create_table),
    ("create", "view"): _named(tables.create_view),
    ("alter", "table"): _named(tables.alter_table),
    ("alter", "view"): _named(tables.alter_table),
    ("alter", "schema"): _named(objects.alter_schema),
}

"""One Redshift statement to one PostgreSQL statement."""

from functools import lru_cache

from sandbox.dialect.edits import Edits
from sandbox.dialect.expressions import expressions
from sandbox.dialect.lexer import Token, lex
from sandbox.dialect.locks import LOCKING, locks_of
from sandbox.dialect.model import Settings, Translation
from sandbox.dialect.queries import query
from sandbox.dialect.statements import statement
from sandbox.dialect.walk import Walk, spell
from sandbox.gate import Refused
from sandbox.gate.refusal import SYNTAX_ERROR

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
    w = _walk(sql[: tokens[-1].end], tokens, settings, database)
    done = statement(w, 0, len(tokens))
    text = w.edits.render() if done.text is None else done.text
    locks = locks_of(w.touched.locks) if done.kind in LOCKING else ()
    return Translation(text, done.kind, done.setting, locks, done.called)


def _walk(source: str, tokens: list[Token], settings: Settings, database: str) -> Walk:
    w = Walk(tokens, Edits(source), settings, database, expressions, query, statement)
    spell(w)
    return w

"""Which tables a statement locks, so that its transaction's snapshot can wait for the locks.

Redshift takes the snapshot of a transaction with its first statement that reads or writes, not with
BEGIN, LOCK or CALL, and a writer that waits takes it after the other released the table:
https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html
PostgreSQL takes it before it knows what to lock, and with CALL before the procedure's first
statement. Only LOCK takes none, so the locks are asked for by LOCK first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sandbox.dialect.lexer import Token, lex
from sandbox.dialect.model import Called, Lock

# Inserts share a table with each other, updates and deletes have it alone; readers wait for neither
# (c_write_readwrite).
READ = "access share"
INSERT = "row exclusive"
WRITE = "share row exclusive"
EXCLUSIVE = "access exclusive"
# The statement makes it: there is nothing to lock yet.
MADE = ""
LOCKING = frozenset({"lock", "select", "insert", "update", "delete", "create_table_as"})

_REMEMBERED = 256


@dataclass(frozen=True)
class Leading:
    """What a procedure does before any statement that takes a snapshot: LOCK, then perhaps the CALL
    of another procedure.
    """

    locks: tuple[Lock, ...] = ()
    called: Called | None = None


def locks_of(modes: Mapping[str, str]) -> tuple[Lock, ...]:
    """A mapping of tables to modes, by mode, the strongest mode first."""
    by_mode = {mode: tuple(name for name in modes if modes[name] == mode) for mode in _STRONGEST}
    return tuple(Lock(names, mode) for mode, names in by_mode.items() if names)


_STRONGEST = (EXCLUSIVE, WRITE, INSERT, READ)


@lru_cache(maxsize=_REMEMBERED)
def leading(source: str) -> Leading:
    """What a procedure of this (translated) body locks first.

    A value given in DECLARE counts as a SELECT, as nobody documents that it is none: a procedure
    that must see what its lock waited for gives its values after the lock.
    """
    tokens = lex(source)
    i = next((n for n, one in enumerate(tokens) if one.low in ("declare", "begin")), len(tokens))
    while i < len(tokens) and tokens[i].low != "begin":
        if tokens[i].low in (":=", "=", "default"):
            return Leading()
        i += 1
    locks: list[Lock] = []
    i += 1
    while _low(tokens, i) == "lock":
        end = _end(tokens, i)
        start = i + 2 if _low(tokens, i + 1) == "table" else i + 1
        if start < end:
            names = source[tokens[start].start : tokens[end - 1].end]
            locks.append(Lock((names,), EXCLUSIVE))
        i = end + 1
    return Leading(tuple(locks), _called(tokens, i) if _low(tokens, i) == "call" else None)


def _called(tokens: list[Token], i: int) -> Called | None:
    """The procedure of a CALL; None where it is not named by schema and name."""
    opening = next(n for n in range(i, len(tokens)) if tokens[n].low == "(")
    names = [_name(token) for token in tokens[i + 1 : opening] if token.is_name]
    inside = range(opening + 1, tokens[opening].pair)
    commas, n = 0, opening + 1
    while n < tokens[opening].pair:
        commas += tokens[n].low == ","
        n = max(n, tokens[n].pair) + 1
    schema = names[0] if len(names) == 2 else None
    return Called(schema, names[-1], commas + 1 if inside else 0)


def _name(token: Token) -> str:
    return token.text[1:-1].replace('""', '"') if token.kind == "quoted" else token.low


def _low(tokens: list[Token], i: int) -> str:
    return tokens[i].low if i < len(tokens) else ""


def _end(tokens: list[Token], i: int) -> int:
    while i < len(tokens) and tokens[i].low != ";":
        i += 1
    return i

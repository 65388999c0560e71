"""What text goes on to PostgreSQL for what a client sends."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter_ns

from sandbox.dialect import Refused, Settings, Translation
from sandbox.dialect.lexer import lex
from sandbox.wire.journal import Journal

Translate = Callable[[str, Settings], Translation]

# After these the session's settings may be others than before.
_TOUCHING = frozenset({"set", "reset", "call", "commit", "rollback"})

# https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html: SNAPSHOT is the default.
_SNAPSHOT = "begin isolation level repeatable read"

# PostgreSQL reads a literal's value while it prepares, so this statement fails at the very point
# where the refused one would have: the transaction and the answers to come are as they should be.
_REFUSAL = "refused:"
_REFUSED_SQL = "select '{}'::pg_catalog.int4"
INTERNAL_ERROR = "XX000"


@dataclass(frozen=True)
class Statement:
    """One statement as it goes on, and under which settings it means that."""

    text: str
    kind: str
    settings: Settings
    setting: tuple[str, str | None] | None = None

    @property
    def touches_settings(self) -> bool:
        """Whether the session's settings may be others after it."""
        return self.setting is not None or self.kind in _TOUCHING

    @property
    def commits(self) -> bool:
        """Whether Redshift commits after it.

        https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html
        """
        return self.kind == "truncate"


@dataclass(frozen=True)
class Script:
    """All statements of a simple query. ``hidden_tags``: answers the client did not ask for."""

    text: str
    touches_settings: bool
    hidden_tags: frozenset[int]


@dataclass(frozen=True)
class Translator:
    """Translates for one session and writes the journal."""

    translate: Translate
    journal: Journal
    session: str = ""

    def statement(self, sql: str, settings: Settings, *, first: bool = True) -> Statement:
        """One statement; a refused one becomes a statement that fails with the refusal.

        A BEGIN that is not the first of its message finds a transaction with a snapshot already.
        """
        started = perf_counter_ns()
        try:
            done = self.translate(sql, settings)
        except Refused as refused:
            self.journal.refused(self.session, sql, refused.code, refused.message)
            return Statement(_refusing(refused.code, refused.message), "refused", settings)
        except Exception as error:
            self.journal.broken(self.session, sql, error)
            said = f"the stand-in cannot read this statement ({type(error).__name__}: {error})"
            return Statement(_refusing(INTERNAL_ERROR, said), "refused", settings)
        self.journal.translated(
            self.session, sql, done.text, done.kind, (perf_counter_ns() - started) / 1000
        )
        text = done.text
        if done.kind == "begin" and first:
            text = _SNAPSHOT + text.removeprefix("begin")
        return Statement(text, done.kind, settings, done.setting)

    def script(self, sql: str, settings: Settings) -> Script:
        """The statements of a simple query, each read under the settings that those before make."""
        texts: list[str] = []
        hidden: set[int] = set()
        touches = False
        for part in _split(sql):
            done = self.statement(part, settings, first=not texts)
            texts.append(done.text)
            touches |= done.touches_settings
            settings = _foreseen(settings, done.setting)
            if done.commits:
                hidden.add(len(texts))
                texts.append("commit")
        return Script("\n;\n".join(texts), touches, frozenset(hidden))


def refusal_in(said: str) -> tuple[str, str] | None:
    """SQLSTATE and message of the refusal that an error of PostgreSQL stands for."""
    _, found, rest = said.partition(f'"{_REFUSAL}')
    if not found:
        return None
    code, _, message = rest[:-1].partition(":")
    return code, message


def _refusing(code: str, message: str) -> str:
    literal = f"{_REFUSAL}{code}:{message}".replace("'", "''").replace("\0", " ")
    return _REFUSED_SQL.format(literal)


def _split(sql: str) -> list[str]:
    """The statements of a text; what cannot be cut is left whole, to be refused."""
    if ";" not in sql.rstrip("; \t\r\n"):
        return [sql]
    try:
        ends = [token.start for token in lex(sql) if token.kind == ";"]
    except Refused:
        return [sql]
    edges = [-1, *ends, len(sql)]
    parts = [sql[start + 1 : end] for start, end in itertools.pairwise(edges)]
    return [part for part in parts if lex(part)] or [sql]


def _foreseen(settings: Settings, setting: tuple[str, str | None] | None) -> Settings:
    """The settings after a SET in the same message, which the server has not run yet."""
    default = Settings()
    for field in ("case_sensitive_identifier", "case_sensitive_super_attribute"):
        if setting and setting[0] == f"enable_{field}":
            value = getattr(default, field) if setting[1] is None else is_on(setting[1])
            return replace(settings, **{field: value})
    return settings


def is_on(value: str) -> bool:
    """Whether the text of a boolean setting means yes."""
    return value.strip("'\" ").lower() in {"on", "true", "t", "yes", "y", "1"}

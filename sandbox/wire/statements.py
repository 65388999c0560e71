"""What text goes on to PostgreSQL for what a client sends."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter_ns

from sandbox.dialect import Called, Lock, Refused, Settings, Translation
from sandbox.dialect.lexer import lex
from sandbox.wire.journal import Journal

Translate = Callable[[str, Settings], Translation]

# After these the session's settings may be others than before.
_TOUCHING = frozenset({"set", "reset", "call", "commit", "rollback"})

# PostgreSQL reads a literal's value while it prepares, so this statement fails at the very point
# where the refused one would have: the transaction and the answers to come are as they should be.
_REFUSAL = "refused:"
_REFUSED_SQL = "select '{}'::pg_catalog.int4"
INTERNAL_ERROR = "XX000"


@dataclass(frozen=True)
class Statement:
    """One statement as it goes on, and under which settings it means that.

    ``locks`` and ``called`` as in Translation.
    """

    text: str
    kind: str
    settings: Settings
    setting: tuple[str, str | None] | None = None
    locks: tuple[Lock, ...] = ()
    called: Called | None = None

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

    @classmethod
    def of(cls, parts: Sequence[Statement], before: Mapping[int, Sequence[str]]) -> "Script":
        """The statements as one text, with the proxy's own before some of them and after others."""
        texts: list[str] = []
        hidden: set[int] = set()
        for number, part in enumerate(parts):
            own = before.get(number, ())
            hidden.update(range(len(texts), len(texts) + len(own)))
            texts += [*own, part.text]
            if part.commits:
                hidden.add(len(texts))
                texts.append("commit")
        touches = any(part.touches_settings for part in parts)
        return cls("\n;\n".join(texts), touches, frozenset(hidden))


@dataclass(frozen=True)
class Translator:
    """Translates for one session and writes the journal."""

    translate: Translate
    journal: Journal
    session: str = ""

    def statement(self, sql: str, settings: Settings) -> Statement:
        """One statement; a refused one becomes a statement that fails with the refusal."""
        started = perf_counter_ns()
        try:
            done = self.translate(sql, settings)
        except Refused as refused:
            self.journal.refused(self.session, sql, refused.code, refused.message)
            return Statement(refusing(refused.code, refused.message), "refused", settings)
        except Exception as error:
            self.journal.broken(self.session, sql, error)
            said = f"the stand-in cannot read this statement ({type(error).__name__}: {error})"
            return Statement(refusing(INTERNAL_ERROR, said), "refused", settings)
        self.journal.translated(
            self.session, sql, done.text, done.kind, (perf_counter_ns() - started) / 1000
        )
        return Statement(done.text, done.kind, settings, done.setting, done.locks, done.called)

    def script(self, sql: str, settings: Settings) -> list[Statement]:
        """The statements of a simple query, each read under the settings that those before make."""
        parts: list[Statement] = []
        for part in _split(sql):
            parts.append(self.statement(part, settings))
            settings = _foreseen(settings, parts[-1].setting)
        return parts


def refusal_in(said: str) -> tuple[str, str] | None:
    """SQLSTATE and message of the refusal that an error of PostgreSQL stands for."""
    _, found, rest = said.partition(f'"{_REFUSAL}')
    if not found:
        return None
    code, _, message = rest[:-1].partition(":")
    return code, message


def refusing(code: str, message: str) -> str:
    """A statement that fails with the refusal."""
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

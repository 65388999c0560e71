"""One statement under translation: its tokens, the edits so far, and what it was seen to touch."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.dialect.edits import Edits
from sandbox.dialect.lexer import Token
from sandbox.dialect.model import Called, Settings
from sandbox.dialect.scopes import Scope
from sandbox.gate import RESERVED, SYSTEM_COLUMNS, Refused, not_in_redshift, page
from sandbox.gate.refusal import SYNTAX_ERROR

_END = Token("end", "", "", 0)


@dataclass
class Touched:
    """Relations and functions of a statement, for what Redshift's leader and compute nodes cannot
    mix. ``locks`` maps each user table, as PostgreSQL names it, to the lock that it takes.
    """

    user_table: str = ""
    catalog_table: str = ""
    leader_function: str = ""
    compute_function: str = ""
    locks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A translated statement: its kind, its text where that is not the edited source, the setting
    it changes, the procedure it calls.
    """

    kind: str
    text: str | None = None
    setting: tuple[str, str | None] | None = None
    called: Called | None = None


@dataclass
class Walk:
    """Tokens ``[lo, hi)`` of ``edits.source`` and everything that translating them needs.

    ``variables`` are a procedure's names, seen from every query in it. ``super_spans`` are the
    stretches of tokens that are SUPER values, ``labels`` the names Redshift gives to columns whose
    text changes; both are keyed by their first token and hold the index after the last.
    """

    tokens: list[Token]
    edits: Edits
    settings: Settings
    database: str
    expressions_of: Callable[["Walk", int, int, Scope], None]
    query_of: Callable[["Walk", int, int, Scope | None], bool]
    statement_of: Callable[["Walk", int, int], Done]
    variables: Scope | None = None
    in_procedure: bool = False
    in_cursor: bool = False
    ctes: set[str] = field(default_factory=set)
    touched: Touched = field(default_factory=Touched)
    super_spans: dict[int, int] = field(default_factory=dict)
    labels: dict[int, tuple[int, str]] = field(default_factory=dict)

    def expressions(self, lo: int, hi: int, scope: Scope) -> None:
        """Translate the expressions in ``[lo, hi)``."""
        self.expressions_of(self, lo, hi, scope)

    def query(self, lo: int, hi: int, scope: Scope | None) -> bool:
        """Translate the query in ``[lo, hi)``, inside of the scope's query; whether it computes
        columns.
        """
        return self.query_of(self, lo, hi, scope)

    def at(self, index: int) -> Token:
        """The token, or an empty one beyond the end."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else _END

    def low(self, index: int) -> str:
        """The token as a word in lower case, punctuation as written; empty beyond the end."""
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def words(self, index: int, *words: str) -> bool:
        """Whether these words stand here."""
        return all(self.low(index + n) == word for n, word in enumerate(words))

    def name(self, index: int) -> str:
        """The identifier as Redshift folds it."""
        token = self.at(index)
        if token.kind == "quoted":
            name = token.text[1:-1].replace('""', '"')
            return name if self.settings.case_sensitive_identifier else name.lower()
        if token.kind != "word":
            raise self.syntax_error(index)
        return token.low

    def identifier(self, index: int) -> str:
        """The same, where a word that Redshift keeps for itself is an error."""
        low = self.low(index)
        if low in RESERVED:
            raise Refused(
                f"syntax error at or near {self.at(index).text!r}: a reserved word, write it in "
                f"double quotes ({page('r_pg_keywords')})",
                SYNTAX_ERROR,
            )
        if low in SYSTEM_COLUMNS:
            raise not_in_redshift(f"column {low}", "", "c_unsupported-postgresql-features")
        return self.name(index)

    def drop(self, first: int, last: int) -> None:
        """Remove the tokens ``first`` to ``last``, both included."""
        self.put(first, last, "")

    def put(self, first: int, last: int, text: str) -> None:
        """Write the text in the place of the tokens ``first`` to ``last``, both included."""
        self.edits.replace(*self.span(first, last + 1), text)

    def span(self, lo: int, hi: int) -> tuple[int, int]:
        """Positions in the text of tokens ``[lo, hi)``."""
        if not 0 <= lo < hi <= len(self.tokens):
            raise self.syntax_error(hi)
        return self.tokens[lo].start, self.tokens[hi - 1].end

    def after(self, index: int) -> int:
        """The next token at the same depth."""
        pair = self.tokens[index].pair
        return pair + 1 if pair > index else index + 1

    def split(self, lo: int, hi: int, separator: str = ",") -> list[tuple[int, int]]:
        """Stretches of ``[lo, hi)`` between the separators at this depth; none where it is
        empty.
        """
        if lo >= hi:
            return []
        out, start, i = [], lo, lo
        while i < hi:
            if self.tokens[i].low == separator:
                out.append((start, i))
                start = i + 1
            i = self.after(i)
        out.append((start, hi))
        return out

    def find(self, lo: int, hi: int, *words: str) -> int:
        """First of the words at this depth, or ``hi``."""
        i = lo
        while i < hi:
            if self.tokens[i].low in words:
                return i
            i = self.after(i)
        return hi

    def expect(self, index: int, *words: str) -> int:
        """The index after the words; a syntax error where other ones stand."""
        for word in words:
            if self.low(index) != word:
                raise self.syntax_error(index)
            index += 1
        return index

    def syntax_error(self, index: int) -> Refused:
        """What Redshift's parser says about the token."""
        token = self.at(index)
        where = f"at or near {token.text!r}" if token is not _END else "at end of input"
        return Refused(f"syntax error {where} (position {token.start + 1})", SYNTAX_ERROR)


def spell(w: Walk) -> None:
    """Write literals and quoted names so that PostgreSQL reads them as Redshift does."""
    folds = not w.settings.case_sensitive_identifier
    for token in w.tokens:
        if token.kind == "string" and "\\" in token.text:
            w.edits.open(token.start, "E")
        elif folds and token.kind == "quoted" and token.text != token.text.lower():
            w.edits.replace(token.start, token.end, token.text.lower())


def quote(name: str) -> str:
    """The name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as a string literal of PostgreSQL."""
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"

"""Redshift's tokens, with their positions in the text."""

import re
from collections.abc import Iterator

from sandbox.gate import Refused
from sandbox.gate.refusal import SYNTAX_ERROR

# A backslash escapes in a plain literal: '\\d' is the pattern \d, '\'' is a quote.
# https://docs.aws.amazon.com/redshift/latest/dg/r_patternmatching_condition_like.html
_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\r\n\f\v]+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<word>    [A-Za-z_\u0080-\U0010ffff][\w$]* )
    | (?P<number>  (?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<string>  '(?:[^'\\]|''|\\.)*' )
    | (?P<quoted>  "(?:[^"]|"")*" )
    | (?P<param>   \$\d+ )
    | (?P<dollar>  \$(?:[A-Za-z_]\w*)?\$ )
    | (?P<punct>   :: | := | \.\. | [()\[\],;.:] )
    | (?P<op>      <= | >= | <> | != | !~~?\*? | ~~?\*? | \|\|/ | \|\| | \|/ | \|\& | ->> | ->
                 | \#>> | \#> | @> | <@ | \?\| | \?& | && | << | >> | => | [-+*/<>=~!@\#%^&|?] )
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "["}


class Token:
    """One token.

    ``kind``: word, quoted, number, string, dollar, param, op, or the punctuation itself.
    ``low``: a word in lower case, punctuation and operators as written, else empty.
    ``pair``: index of the matching bracket, or -1.
    """

    __slots__ = ("end", "kind", "low", "pair", "start", "text")

    def __init__(self, kind: str, text: str, low: str, start: int) -> None:
        self.kind = kind
        self.text = text
        self.low = low
        self.start = start
        self.end = start + len(text)
        self.pair = -1

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r}, {self.start})"

    @property
    def is_name(self) -> bool:
        """Whether it can name something: a word (keywords too) or a quoted identifier."""
        return self.kind == "word" or self.kind == "quoted"


def _skip_comment(sql: str, start: int) -> int:
    depth, position = 1, start + 2
    for found in re.compile(r"/\*|\*/").finditer(sql, position):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    raise Refused("unterminated /* comment", SYNTAX_ERROR)


def _scan(sql: str, position: int, end: int) -> Iterator[Token]:
    match = _TOKEN.match
    while position < end:
        found = match(sql, position, end)
        if found is None:
            what = {"'": "quoted string", '"': "quoted identifier"}.get(sql[position])
            message = f"unterminated {what}" if what else f"syntax error at {sql[position]!r}"
            raise Refused(f"{message} (position {position + 1})", SYNTAX_ERROR)
        kind, text = str(found.lastgroup), found.group()
        if kind == "word":
            yield Token("word", text, text.lower(), position)
        elif kind == "punct":
            yield Token(text, text, text, position)
        elif kind == "op":
            yield Token("op", text, text, position)
        elif kind == "comment":
            position = _skip_comment(sql, position)
            continue
        elif kind == "dollar":
            close = sql.find(text, found.end(), end)
            if close < 0:
                raise Refused(f"unterminated dollar-quoted string {text}", SYNTAX_ERROR)
            text = sql[position : close + len(text)]
            yield Token("dollar", text, "", position)
        elif kind != "space":
            yield Token(kind, text, "", position)
        position += len(text)


def lex(sql: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Tokens of ``sql[start:end]`` without blanks and comments, brackets paired; Refused where there are none."""
    tokens = list(_scan(sql, start, len(sql) if end is None else end))
    open_: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind in ("(", "["):
            open_.append(index)
        elif token.kind in (")", "]"):
            if not open_ or tokens[open_[-1]].kind != _PAIRS[token.kind]:
                raise Refused(f"syntax error at {token.kind!r}: no bracket to close", SYNTAX_ERROR)
            token.pair = open_.pop()
            tokens[token.pair].pair = index
    if open_:
        raise Refused(f"syntax error: {tokens[open_[-1]].text!r} is never closed", SYNTAX_ERROR)
    return tokens

"""Redshift's tokens, with their positions in the text."""

import re
from collections.abc import Iterator

from sandbox.gate import Refused
from sandbox.gate.refusal import SYNTAX_ERROR

# A backslash escapes in a plain literal: '\\d' is the pattern \d, '\'' is a quote.
# https://docs.aws.amazon.com/redshift/latest/dg/r_patternmatching_condition_like.html
_BLANKS = r"(?: [ \t\r\n\f\v]+ | --[^\n]* | /\*[^*/]*(?:(?:\*(?!/)|/(?!\*))[^*/]*)*\*/ )*"
_BLANK = re.compile(_BLANKS, re.VERBOSE)
_TOKEN = re.compile(
    _BLANKS
    + r"""
    (?: (?P<word>    [A-Za-z_\u0080-\U0010ffff][\w$]* )
      | (?P<punct>   :: | := | \.\. | [()\[\],;:] | \.(?!\d) )
      | (?P<number>  (?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
      | (?P<string>  '[^'\\]*(?:(?:''|\\.)[^'\\]*)*' )
      | (?P<quoted>  "[^"]*(?:""[^"]*)*" )
      | (?P<param>   \$\d+ )
      | (?P<dollar>  \$(?:[A-Za-z_]\w*)?\$ )
      | (?P<comment> /\* )
      | (?P<op>      <= | >= | <> | != | !~~?\*? | ~~?\*? | \|\|/ | \|\| | \|/ | \|\& | ->> | ->
                   | \#>> | \#> | @> | <@ | \?\| | \?& | && | << | >> | => | [-+*/<>=~!@\#%^&|?] )
      | (?P<end>     \Z )
    )
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


_COMMENT = re.compile(r"/\*|\*/")


def _after_comment(sql: str, start: int) -> int:
    """The end of a comment that holds others."""
    depth = 1
    for found in _COMMENT.finditer(sql, start + 2):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    raise Refused("unterminated /* comment", SYNTAX_ERROR)


def _unreadable(sql: str, position: int) -> Refused:
    blanks = _BLANK.match(sql, position)
    position = blanks.end() if blanks else position
    what = {"'": "quoted string", '"': "quoted identifier"}.get(sql[position])
    message = f"unterminated {what}" if what else f"syntax error at {sql[position]!r}"
    return Refused(f"{message} (position {position + 1})", SYNTAX_ERROR)


def _scan(sql: str, position: int, end: int) -> Iterator[Token]:
    match = _TOKEN.match
    while True:
        found = match(sql, position, end)
        if found is None:
            raise _unreadable(sql, position)
        kind = str(found.lastgroup)
        if kind == "end":
            return
        start, position = found.span(kind)
        text = sql[start:position]
        if kind == "word":
            yield Token("word", text, text.lower(), start)
        elif kind == "punct":
            yield Token(text, text, text, start)
        elif kind == "op":
            yield Token("op", text, text, start)
        elif kind == "comment":
            position = _after_comment(sql, start)
        elif kind == "dollar":
            close = sql.find(text, position, end)
            if close < 0:
                raise Refused(f"unterminated dollar-quoted string {text}", SYNTAX_ERROR)
            position = close + len(text)
            yield Token("dollar", sql[start:position], "", start)
        else:
            yield Token(kind, text, "", start)


def lex(sql: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Tokens of ``sql[start:end]`` without blanks and comments, brackets paired; Refused where
    there are none.
    """
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

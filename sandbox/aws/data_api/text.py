"""SQL text as the Data API reads it: is it one statement, where are its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Redshift reads a backslash in a plain literal as an escape, as PostgreSQL 8.0 did.
_TOKEN = re.compile(
    r"""(?P<dark> --[^\n]* | /\*.*?\*/ | '(?:[^'\\]|\\.|'')*' | "(?:[^"]|"")*"
              | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
      | ::
      | :(?P<name>[0-9a-zA-Z_]+)
      | (?P<end>;)
      | (?P<space>\s+)
      | .""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Bound:
    """A statement with `$1`, `$2`... in place of its parameters, and their values in that order.

    `missing`: names that stand in the text without a value; `unused`: values that no name asks for.
    """

    sql: str
    values: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def statement_count(sql: str) -> int:
    """How many statements a text holds; comments and empty ones do not count."""
    count, inside = 0, False
    for token in _TOKEN.finditer(sql):
        if token["end"]:
            inside = False
        elif not token["space"] and not _is_comment(token["dark"]) and not inside:
            count, inside = count + 1, True
    return count


def bind(sql: str, parameters: Mapping[str, str]) -> Bound:
    """Replace each `:name` outside quotes and comments; without parameters the text stays as it is.

    https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html (parameters stand for values
    only).
    """
    if not parameters:
        return Bound(sql, (), (), ())
    pieces: list[str] = []
    values: list[str] = []
    names: list[str] = []
    for token in _TOKEN.finditer(sql):
        name = token["name"]
        if name is None:
            pieces.append(token[0])
            continue
        names.append(name)
        values.append(parameters.get(name, ""))
        pieces.append(f"${len(values)}")
    missing = tuple(dict.fromkeys(name for name in names if name not in parameters))
    unused = tuple(name for name in parameters if name not in names)
    return Bound("".join(pieces), tuple(values), missing, unused)


def _is_comment(dark: str | None) -> bool:
    return dark is not None and dark.startswith(("--", "/*"))

"""Redshift's SQL, translated to PostgreSQL's by splicing text at positions.

    translate(sql, settings, database) -> Translation
    leading(source) -> Leading   what a translated procedure locks before anything else
    Refused (Exception, from sandbox.gate)   the statement is not in Redshift, or cannot be run
    faithfully here

A statement is cut into tokens (lexer), walked clause by clause with the names that its FROM makes
(queries, relations, expressions, scopes), and changed only where Redshift and PostgreSQL differ
(edits). Everything on the way is asked of sandbox.gate; what is unknown is refused. Pure: text in,
text out.
"""

from sandbox.dialect.locks import WRITE, Leading, leading
from sandbox.dialect.model import Called, Lock, Settings, Translation
from sandbox.dialect.translate import translate
from sandbox.gate import Refused

__all__ = [
    "WRITE",
    "Called",
    "Leading",
    "Lock",
    "Refused",
    "Settings",
    "Translation",
    "leading",
    "translate",
]

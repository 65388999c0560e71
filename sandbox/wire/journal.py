"""The statement log: a JSON line per statement, for measurements and tests.

Written to ``<home>/log/statements.jsonl`` where SANDBOX_WIRE_LOG=1. Bound values never pass through
here, and passwords in statements are masked.
"""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

_PASSWORD = re.compile(r"(\bpassword\s+)'(?:[^']|'')*'", re.IGNORECASE)


@dataclass(frozen=True)
class Journal:
    """Where statements are noted; ``write`` is None where nobody asked for it."""

    write: Callable[[str], object] | None = None

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """A journal at the end of a file, each line written at once."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.open("a", buffering=1, encoding="utf-8").write)

    def translated(self, session: str, sql: str, text: str, kind: str, micros: float) -> None:
        """A statement went on. ``micros``: what the translation took, in microseconds."""
        self._note(session=session, kind=kind, micros=round(micros, 1), sql=sql, postgresql=text)

    def refused(self, session: str, sql: str, code: str, message: str) -> None:
        """A statement did not go on."""
        self._note(session=session, kind="refused", sql=sql, code=code, message=message)

    def broken(self, session: str, sql: str, error: Exception) -> None:
        """The translation itself failed."""
        logger.error("could not translate for %s: %s", session, _masked(sql), exc_info=error)
        self._note(session=session, kind="broken", sql=sql)

    def _note(self, **values: str | float) -> None:
        if self.write:
            masked = {k: _masked(v) if isinstance(v, str) else v for k, v in values.items()}
            self.write(json.dumps(masked) + "\n")


def _masked(sql: str) -> str:
    return _PASSWORD.sub(r"\1'***'", sql)

"""What Redshift knows, as data: anything that is not listed here is refused by name.

    Refused (Exception)      a statement that Redshift would not run, or that the sandbox cannot run
    faithfully

The lists are what the project and dbt-redshift send, each with the page of the Amazon Redshift
Database Developer Guide that documents it. Pure: no I/O, no settings.
"""

from sandbox.gate.functions import (
    FUNCTIONS,
    NEEDS_FRAME,
    TAKES_NO_FRAME,
    Function,
    check_function,
)
from sandbox.gate.operators import check_operator
from sandbox.gate.refusal import Refused, not_in_redshift, page
from sandbox.gate.types import check_type
from sandbox.gate.words import RESERVED, SYSTEM_COLUMNS, UNSUPPORTED_CLAUSES, word_set

__all__ = [
    "FUNCTIONS",
    "NEEDS_FRAME",
    "RESERVED",
    "SYSTEM_COLUMNS",
    "TAKES_NO_FRAME",
    "UNSUPPORTED_CLAUSES",
    "Function",
    "Refused",
    "check_function",
    "check_operator",
    "check_type",
    "not_in_redshift",
    "page",
    "word_set",
]

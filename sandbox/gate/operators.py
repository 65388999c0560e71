"""Operators of Redshift."""

from sandbox.gate.refusal import not_in_redshift

# https://docs.aws.amazon.com/redshift/latest/dg/r_OPERATOR_SYMBOLS.html
_MATH = frozenset({"+", "-", "*", "/", "%", "^", "|/", "||/", "@", "&", "|", "#", "~", "<<", ">>"})
# https://docs.aws.amazon.com/redshift/latest/dg/r_comparison_condition.html
_COMPARISON = frozenset({"<", ">", "<=", ">=", "=", "<>", "!="})
# https://docs.aws.amazon.com/redshift/latest/dg/r_concat_op.html and pattern-matching-conditions-
# posix.html
_TEXT = frozenset({"||", "~", "!~"})

COMPARISON = _COMPARISON
OPERATORS = _MATH | _COMPARISON | _TEXT


def check_operator(text: str) -> None:
    """Raise Refused unless Redshift documents the operator."""
    if text not in OPERATORS:
        raise not_in_redshift(f"operator {text}", doc="r_OPERATOR_SYMBOLS")

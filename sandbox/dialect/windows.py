"""What Redshift asks of window functions.

https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html
"""

from sandbox.dialect.walk import Walk
from sandbox.gate import NEEDS_FRAME, TAKES_NO_FRAME, Refused, not_in_redshift, page

_PAGE = "r_Window_function_synopsis"


def check_window(w: Walk, name: str, opening: int, lo: int) -> None:
    """Refuse what PostgreSQL would take: a frame left out, RANGE, a default of LAG.

    ``opening`` is the bracket of the function's arguments, ``lo`` the first token inside of OVER.
    """
    hi = w.tokens[lo - 1].pair
    has_frame = w.find(lo, hi, "rows") < hi
    if w.find(lo, hi, "range", "groups", "exclude") < hi:
        raise not_in_redshift("a window frame other than ROWS", "use rows between", _PAGE)
    if name in NEEDS_FRAME and not has_frame and w.find(lo, hi, "order") < hi:
        raise Refused(
            "Aggregate window functions with an ORDER BY clause require a frame clause: "
            f"{name}() over ({page(_PAGE)})"
        )
    if name in TAKES_NO_FRAME and has_frame:
        raise not_in_redshift(f"a frame of {name}()", "leave it out", _PAGE)
    if name in ("lag", "lead") and len(w.split(opening + 1, w.tokens[opening].pair)) > 2:
        raise not_in_redshift(f"a default of {name}()", "use nvl", f"r_WF_{name.upper()}")

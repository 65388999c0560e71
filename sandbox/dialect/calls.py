"""Function calls: the gate's word on each, and the few that PostgreSQL spells otherwise."""

from collections.abc import Callable

from sandbox.dialect.datatypes import data_type
from sandbox.dialect.literals import type_alike
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Walk
from sandbox.dialect.windows import check_window
from sandbox.gate import UNSUPPORTED_CLAUSES, Refused, check_function, not_in_redshift, word_set

# Functions whose name in PostgreSQL is grammar, or means something else there.
RENAMED = {
    name: f"rs_{name}"
    for name in word_set(
        """
    array avg json_serialize object regexp_count regexp_instr regexp_replace regexp_substr
    stddev stddev_pop stddev_samp to_date var_pop var_samp variance version
    """
    )
} | {"nvl": "coalesce"}
_ONE_TYPE = frozenset({"coalesce", "nvl", "nullif", "greatest", "least"})
_PART_FIRST = frozenset({"dateadd", "datediff", "date_part", "date_add", "date_diff"})
_CALLED = {"date_add": "dateadd", "date_diff": "datediff", "date_part": "rs_date_part"}
_WITHIN_GROUP = frozenset({"listagg", "percentile_cont", "percentile_disc"})

# https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html
_DATE_PARTS = {
    spelling: part
    for part, spellings in {
        "millennium": "millennium millennia mil mils",
        "century": "century centuries c cent cents",
        "decade": "decade decades dec decs",
        "epoch": "epoch",
        "year": "year years y yr yrs",
        "quarter": "quarter quarters qtr qtrs",
        "month": "month months mon mons",
        "week": "week weeks w",
        "dow": "dayofweek day_of_week dow dw weekday",
        "doy": "dayofyear day_of_year doy dy yearday",
        "day": "day days d",
        "hour": "hour hours h hr hrs",
        "minute": "minute minutes m min mins",
        "second": "second seconds s sec secs",
        "millisecond": "millisecond ms msec msecs msecond mseconds millisec millisecs "
        "milliseconds millisecon",
        "microsecond": "microsecond microsec microsecs microseconds usecond useconds us usec usecs",
        "timezone": "timezone",
    }.items()
    for spelling in spellings.split()
}

_Spelling = Callable[[Walk, int, int, Scope], int]


def function_call(w: Walk, start: int, opening: int, scope: Scope) -> int:
    """Translate the call whose name begins at ``start`` and whose bracket is ``opening``; the
    index after it.
    """
    name = w.name(opening - 1)
    if opening - start == 3 and w.name(start) != "pg_catalog":
        raise not_in_redshift(f"user-defined function {w.name(start)}.{name}()")
    function = check_function(name)
    if function.leader_only:
        w.touched.leader_function = name
    if function.user_table_only:
        w.touched.compute_function = name
    spelling = _SPELLINGS.get(name)
    after = spelling(w, start, opening, scope) if spelling else _plain(w, start, opening, scope)
    if w.low(after) == "over" and w.low(after + 1) == "(":
        check_window(w, name, opening, after + 2)
    return after


def _plain(w: Walk, start: int, opening: int, scope: Scope) -> int:
    name = w.name(opening - 1)
    closing = _arguments(w, opening, scope)
    renamed = RENAMED.get(name)
    if renamed:
        w.put(start, opening - 1, renamed)
        w.labels[start] = closing + 1, name
    if name in _ONE_TYPE:
        type_alike(w, w.split(opening + 1, closing))
    if w.low(closing + 1) == "within" and name not in _WITHIN_GROUP:
        raise not_in_redshift(*UNSUPPORTED_CLAUSES["within"])
    if w.words(closing + 1, "within", "group", "("):
        return closing + 3
    return closing + 1


def _arguments(w: Walk, opening: int, scope: Scope) -> int:
    closing = w.tokens[opening].pair
    if w.low(opening + 1) in ("select", "with"):
        w.query(opening + 1, closing, scope)
    else:
        w.expressions(opening + 1, closing, scope)
    return closing


def _count(w: Walk, opening: int, counts: tuple[int, ...]) -> list[tuple[int, int]]:
    arguments = w.split(opening + 1, w.tokens[opening].pair)
    if len(arguments) not in counts:
        name = w.at(opening - 1).text
        raise Refused(f"function {name}() does not take {len(arguments)} arguments", "42883")
    return arguments


def date_part(w: Walk, index: int) -> str:
    """The date part at the index, a bare word or a literal, under PostgreSQL's name."""
    token = w.at(index)
    spelling = token.text.strip("'").lower()
    part = _DATE_PARTS.get(spelling)
    if part is None:
        raise Refused(f"date part {spelling!r} is not known to Redshift", "22023")
    return part


def _with_date_part(w: Walk, start: int, opening: int, scope: Scope) -> int:
    arguments = _count(w, opening, (2, 3))
    part = date_part(w, opening + 1)
    w.put(opening + 1, opening + 1, f"'{part}'")
    closing = w.tokens[opening].pair
    w.expressions(arguments[1][0], closing, scope)
    name = w.name(opening - 1)
    called = _CALLED.get(name, name)
    if called == "dateadd" and part == "year":
        called = "rs_add_years"
    if called != name:
        w.put(start, opening - 1, called)
    if called.startswith("rs_"):
        w.labels[start] = closing + 1, name.replace("date_add", "dateadd")
    return closing + 1


def _extract(w: Walk, start: int, opening: int, scope: Scope) -> int:
    closing = w.tokens[opening].pair
    from_ = w.expect(opening + 2, "from")
    w.put(start, opening, "rs_extract(")
    w.put(opening + 1, from_ - 1, f"'{date_part(w, opening + 1)}',")
    w.expressions(from_, closing, scope)
    w.labels[start] = closing + 1, "date_part"
    return closing + 1


def _cast(w: Walk, start: int, opening: int, scope: Scope) -> int:
    closing = w.tokens[opening].pair
    as_ = w.find(opening + 1, closing, "as")
    w.expressions(opening + 1, as_, scope)
    if data_type(w, w.expect(as_, "as"), stored=False) != closing:
        raise w.syntax_error(as_ + 1)
    if as_ == opening + 1:
        raise w.syntax_error(as_)
    inner = opening + 1
    if w.super_spans.get(inner) == as_ and inner in w.labels:
        w.labels[start] = closing + 1, w.labels[inner][1]
    return closing + 1


def _try_cast(w: Walk, start: int, opening: int, scope: Scope) -> int:
    """TRY_CAST as JSON_VALUE: the one form of PostgreSQL that gives NULL for what it cannot read,
    without a block.

    https://docs.aws.amazon.com/redshift/latest/dg/r_TRY_CAST.html
    """
    after = _cast(w, start, opening, scope)
    as_ = w.find(opening + 1, after - 1, "as")
    if w.low(as_ + 1) in ("bool", "boolean") and w.super_spans.get(opening + 1) != as_:
        raise not_in_redshift("TRY_CAST to BOOLEAN but from SUPER", "use case", "r_TRY_CAST")
    w.put(start, opening, "json_value(to_jsonb((")
    w.put(as_, as_, ")::text), 'strict $' returning")
    w.labels[start] = after, w.labels.get(start, (0, ""))[1] or _column_of(w, opening + 1, as_)
    return after


def _column_of(w: Walk, lo: int, hi: int) -> str:
    """The name PostgreSQL and Redshift give to a cast: the column's, else the last type's."""
    if hi == lo + 1 and w.at(lo).is_name:
        return w.name(lo)
    if hi == lo + 3 and w.low(lo + 1) == ".":
        return w.name(lo + 2)
    return w.name(hi + 1)


def _getdate(w: Walk, start: int, opening: int, scope: Scope) -> int:
    """The start of the statement: https://docs.aws.amazon.com/redshift/latest/dg/r_GETDATE.html"""
    _count(w, opening, (0,))
    after = w.tokens[opening].pair + 1
    if w.in_procedure:
        w.put(start, after - 1, "(select pg_catalog.rs_now())")
        w.labels[start] = after, "getdate"
    return after


def _listagg(w: Walk, start: int, opening: int, scope: Scope) -> int:
    closing = w.tokens[opening].pair
    _count(w, opening, (1, 2))
    w.expressions(opening + 1, closing, scope)
    separator = "" if w.find(opening + 1, closing, ",") < closing else ", ''"
    if not w.words(closing + 1, "within", "group", "("):
        if separator:
            w.edits.close(w.tokens[closing - 1].end, separator)
        return closing + 1
    order = closing + 3
    w.put(closing, order, f"{separator} ")
    end = w.tokens[order].pair
    w.expressions(order + 1, end, scope)
    if w.low(end + 1) == "over":
        raise not_in_redshift(
            "LISTAGG as a window function", "aggregate, then join", "r_WF_LISTAGG"
        )
    return end + 1


def _nvl2(w: Walk, start: int, opening: int, scope: Scope) -> int:
    (_, first_end), (_, second_end), _ = arguments = _count(w, opening, (3,))
    closing = _arguments(w, opening, scope)
    w.put(start, opening, "case when (")
    w.put(first_end, first_end, ") is not null then ")
    w.put(second_end, second_end, " else ")
    w.put(closing, closing, " end")
    type_alike(w, arguments[1:])
    w.labels[start] = closing + 1, "case"
    return closing + 1


def _decode(w: Walk, start: int, opening: int, scope: Scope) -> int:
    """DECODE takes NULL for equal to NULL. https://docs.aws.amazon.com/redshift/latest/dg/r_DECODE_expression.html"""
    arguments = w.split(opening + 1, w.tokens[opening].pair)
    if len(arguments) < 3:
        raise Refused("function decode() does not take fewer than 3 arguments", "42883")
    closing = _arguments(w, opening, scope)
    subject = w.span(*arguments[0])
    rest = arguments[1:]
    pieces: list[str | tuple[int, int]] = ["case"]
    for search, result in zip(rest[0::2], rest[1::2], strict=False):
        pieces += [" when (", subject, ") is not distinct from (", w.span(*search), ") then "]
        pieces.append(w.span(*result))
    if len(rest) % 2:
        pieces += [" else ", w.span(*rest[-1])]
    type_alike(w, rest[1::2] + rest[-1:] if len(rest) % 2 else rest[1::2])
    w.edits.replace(w.tokens[start].start, w.tokens[closing].end, *pieces, " end")
    w.labels[start] = closing + 1, "case"
    return closing + 1


def _ratio_to_report(w: Walk, start: int, opening: int, scope: Scope) -> int:
    closing = _arguments(w, opening, scope)
    over = w.expect(closing + 1, "over")
    end = w.tokens[over].pair
    w.expressions(over + 1, end, scope)
    value = w.span(opening, closing + 1)
    window = w.span(over + 1, end) if end > over + 1 else ""
    w.edits.replace(
        w.tokens[start].start,
        w.tokens[end].end,
        *("(", value, "::float8 / nullif(sum", value, " over (", window, "), 0))"),
    )
    w.labels[start] = end + 1, "ratio_to_report"
    return end + 1


def _trim(w: Walk, start: int, opening: int, scope: Scope) -> int:
    """TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)."""
    inner = opening + 1
    if w.low(inner) in ("both", "leading", "trailing"):
        inner += 1
    closing = w.tokens[opening].pair
    w.expressions(inner, closing, scope)
    return closing + 1


_SPELLINGS: dict[str, _Spelling] = {
    "cast": _cast,
    "decode": _decode,
    "extract": _extract,
    "getdate": _getdate,
    "listagg": _listagg,
    "nvl2": _nvl2,
    "ratio_to_report": _ratio_to_report,
    "trim": _trim,
    "try_cast": _try_cast,
    **dict.fromkeys(_PART_FIRST, _with_date_part),
}

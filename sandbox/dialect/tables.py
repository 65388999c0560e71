"""CREATE TABLE, CREATE VIEW and ALTER TABLE.

https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
"""

from sandbox.dialect.datatypes import data_type
from sandbox.dialect.locks import MADE
from sandbox.dialect.names import is_elsewhere, note_relation, object_name, own_name
from sandbox.dialect.scopes import Scope
from sandbox.dialect.walk import Done, Walk, quote
from sandbox.gate import Refused, not_in_redshift

_CONSTRAINTS = ("primary", "unique", "foreign", "constraint", "check", "like")
_DIST_STYLES = ("auto", "even", "key", "all")


def create_table(w: Walk, lo: int, hi: int) -> str:
    """CREATE [TEMP] TABLE, with columns or AS a query; the kind of the statement."""
    i = _after_create(w, lo)
    if w.words(i, "if", "not", "exists"):
        i += 3
    parts, i = own_name(w, i)
    note_relation(w, parts, MADE)
    as_ = w.find(i, hi, "as")
    sort_key: list[str] = []
    if w.low(i) == "(" and as_ == hi:
        sort_key = _columns(w, i + 1, w.tokens[i].pair)
    if w.low(i) == "(":
        i = w.tokens[i].pair + 1
    sort_key += _attributes(w, i, as_)
    if sort_key and not w.in_procedure:
        _note_sort_key(w, parts[-1], sort_key)
    if as_ == hi:
        return "create_table"
    w.query(as_ + 1, hi, None)
    return "create_table_as"


def _after_create(w: Walk, lo: int) -> int:
    i = lo + 1
    if w.low(i) == "local":
        w.drop(i, i)
        i += 1
    if w.low(i) in ("temp", "temporary"):
        i += 1
    return w.expect(i, "table")


def _note_sort_key(w: Walk, table: str, columns: list[str]) -> None:
    """Tell the engine, which VACUUM asks; a comment, as no clause of PostgreSQL's can say it."""
    noted = ".".join(map(quote, (table, *columns)))
    if "*/" not in noted and "/*" not in noted:
        w.edits.close(w.tokens[0].end, f" /*rs_sort_key {noted}*/")


def _attributes(w: Walk, i: int, end: int) -> list[str]:
    """Storage attributes say nothing to PostgreSQL; the columns of the sort key."""
    sort_key: list[str] = []
    first = i
    while i < end:
        low = w.low(i)
        if (low == "backup" and w.low(i + 1) in ("yes", "no")) or (
            low == "diststyle" and w.low(i + 1) in _DIST_STYLES
        ):
            i += 2
        elif low == "distkey" and w.low(i + 1) == "(":
            i = w.tokens[i + 1].pair + 1
        elif low == "encode" and w.low(i + 1) == "auto":
            i += 2
        else:
            i, sort_key = _sort_key(w, i)
    if first < end:
        w.drop(first, end - 1)
    return sort_key


def _sort_key(w: Walk, i: int) -> tuple[int, list[str]]:
    if w.low(i) in ("compound", "interleaved"):
        i += 1
    if w.low(i) != "sortkey":
        raise w.syntax_error(i)
    if w.low(i + 1) == "auto":
        return i + 2, []
    w.expect(i + 1, "(")
    end = w.tokens[i + 1].pair
    return end + 1, [w.name(start) for start, _ in w.split(i + 2, end)]


def _columns(w: Walk, lo: int, hi: int) -> list[str]:
    """The columns and constraints; those columns that say SORTKEY."""
    items = w.split(lo, hi)
    columns = [item for item in items if not _is_constraint(w, item[0])]
    not_null: set[str] = set()
    for index, (start, end) in enumerate(items):
        if _is_constraint(w, start):
            not_null |= _constraint(w, index, start, end)
    for start, end in columns:
        _column(w, start, end, force_not_null=w.name(start) in not_null)
    return [w.name(start) for start, end in columns if w.find(start + 1, end, "sortkey") < end]


def _is_constraint(w: Walk, i: int) -> bool:
    return w.at(i).kind == "word" and w.low(i) in _CONSTRAINTS


def _constraint(w: Walk, index: int, start: int, end: int) -> set[str]:
    """Keys are promises, not checks, but a primary key is NOT NULL; the columns that are so.

    https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html
    """
    kind = start + 2 if w.low(start) == "constraint" else start
    if w.low(kind) in ("check", "like"):
        raise not_in_redshift(f"{w.low(kind).upper()} in CREATE TABLE", "", "r_CREATE_TABLE_NEW")
    if index == 0:
        raise Refused("CREATE TABLE lists its columns before its constraints", "42601")
    w.drop(start - 1, end - 1)
    if w.low(kind) != "primary":
        return set()
    opening = w.expect(kind, "primary", "key")
    return {w.name(lo) for lo, _ in w.split(opening + 1, w.tokens[opening].pair)}


def _column(w: Walk, start: int, end: int, *, force_not_null: bool = False) -> None:
    """One column: name, type and what is said of it."""
    w.identifier(start)
    i = data_type(w, start + 1, stored=True)
    has_not_null = False
    while i < end:
        low = w.low(i)
        if low == "not" and w.low(i + 1) == "null":
            has_not_null = True
            i += 2
        elif low == "null":
            i += 1
        elif low == "default":
            stop = _end_of_default(w, i + 1, end)
            w.expressions(i + 1, stop, Scope(None))
            i = stop
        else:
            i, is_key = _column_attribute(w, i)
            force_not_null |= is_key
    if force_not_null and not has_not_null:
        w.edits.close(w.tokens[end - 1].end, " not null")


def _end_of_default(w: Walk, i: int, end: int) -> int:
    return (
        w.find(
            i, end, "encode", "distkey", "sortkey", "not", "null", "primary", "unique", "references"
        )
        if w.low(i) != "null"
        else i + 1
    )


def _column_attribute(w: Walk, i: int) -> tuple[int, bool]:
    """An attribute that PostgreSQL does not take as it stands; the index after, and whether it is
    a primary key.
    """
    low = w.low(i)
    stop = i + 1
    if low == "encode":
        stop = i + 2
    elif low == "primary":
        stop = w.expect(i, "primary", "key")
    elif low == "references":
        _, stop = object_name(w, i + 1)
        stop = w.tokens[stop].pair + 1 if w.low(stop) == "(" else stop
    elif low in ("identity", "generated"):
        return _identity(w, i), False
    elif low not in ("distkey", "sortkey", "unique"):
        raise not_in_redshift(f"column attribute {w.at(i).text}", "", "r_CREATE_TABLE_NEW")
    w.drop(i, stop - 1)
    return stop, low == "primary"


def _identity(w: Walk, i: int) -> int:
    by_default = w.low(i) == "generated"
    opening = w.expect(
        i, *("generated", "by", "default", "as", "identity") if by_default else ("identity",)
    )
    closing = w.tokens[opening].pair
    seed, step = (
        w.edits.source[slice(*w.span(lo, hi))] for lo, hi in w.split(opening + 1, closing)
    )
    how = "by default" if by_default else "always"
    w.put(
        i,
        closing,
        f"generated {how} as identity (start with {seed} increment by {step} minvalue {seed})",
    )
    return closing + 1


def create_view(w: Walk, lo: int, hi: int) -> str:
    """CREATE [OR REPLACE] VIEW ... AS query [WITH NO SCHEMA BINDING]; the kind of the statement.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
    """
    i = w.find(lo, hi, "view")
    if i - lo not in (1, 3):
        raise not_in_redshift("this CREATE VIEW", "", "r_CREATE_VIEW")
    parts, i = own_name(w, i + 1)
    if w.low(i) == "(":
        i = w.tokens[i].pair + 1
    i = w.expect(i, "as")
    if hi - 4 > i and w.words(hi - 4, "with", "no", "schema", "binding"):
        hi -= 4
        w.drop(hi, hi + 3)
    w.query(i, hi, None)
    w.touched.user_table = w.touched.user_table or parts[-1]
    return "create_view"


def alter_table(w: Walk, lo: int, hi: int) -> Done:
    """ALTER TABLE, one change at a time.

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
    """
    parts, i = object_name(w, w.expect(lo, "alter", "table"))
    if is_elsewhere(w, parts) and not (w.low(i) == "rename" and "_historical_" in parts[-1]):
        # What history mode left may be renamed: DDL on replicas is not understood well enough.
        # https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-history-mode.html
        raise not_in_redshift("ALTER TABLE of a replica", "", "r_ALTER_TABLE")
    if len(w.split(i, hi)) > 1:
        raise not_in_redshift(
            "ALTER TABLE with several changes", "one statement each", "r_ALTER_TABLE"
        )
    low = w.low(i)
    if low == "add":
        start = i + 2 if w.low(i + 1) == "column" else i + 1
        if _is_constraint(w, start):
            raise not_in_redshift("ALTER TABLE ADD CONSTRAINT", "", "r_ALTER_TABLE")
        _column(w, start, hi)
    elif low == "alter":
        return _alter_column(w, lo, i, hi)
    elif low not in ("drop", "rename", "owner") or w.words(i + 1, "constraint"):
        raise not_in_redshift(f"ALTER TABLE ... {w.at(i).text.upper()}", "", "r_ALTER_TABLE")
    return Done("alter_table")


def _alter_column(w: Walk, lo: int, i: int, hi: int) -> Done:
    """A change of type runs in no transaction block: a COMMIT in front of it makes sure."""
    if w.in_procedure:
        raise Refused("ALTER TABLE ALTER COLUMN cannot run inside a transaction block", "25001")
    if w.low(i + 1) != "column":
        raise not_in_redshift("ALTER TABLE ... ALTER DISTKEY and SORTKEY", "", "r_ALTER_TABLE")
    if w.low(i + 3) != "type":
        raise not_in_redshift("ALTER COLUMN other than TYPE varchar(n)", "", "r_ALTER_TABLE")
    if w.low(i + 4) not in ("varchar", "character", "nvarchar"):
        raise Refused(
            f'cannot alter type of column "{w.name(i + 2)}": '
            "only the size of a varchar column may change"
        )
    data_type(w, i + 4, stored=True)
    text = w.edits.render(*w.span(lo, hi))
    return Done("alter_column_type", f"do $rs$ begin commit; {text}; end $rs$")

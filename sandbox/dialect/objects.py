"""Schemas, drops, comments, locks: statements about objects by name."""

from sandbox.dialect.locks import EXCLUSIVE
from sandbox.dialect.names import held_name, object_name
from sandbox.dialect.walk import Done, Walk, literal
from sandbox.gate import not_in_redshift


def create_schema(w: Walk, lo: int, hi: int) -> str:
    """CREATE SCHEMA [IF NOT EXISTS] s [AUTHORIZATION u]."""
    i = w.expect(lo, "create", "schema")
    if w.words(i, "if", "not", "exists"):
        i += 3
    i = schema_name(w, i)
    if w.low(i) == "authorization":
        i += 2
    if i != hi:
        raise not_in_redshift(f"CREATE SCHEMA ... {w.at(i).text.upper()}", "", "r_CREATE_SCHEMA")
    return "create_schema"


def schema_name(w: Walk, i: int) -> int:
    """Translate [db.]schema; the index after it."""
    if w.low(i + 1) != ".":
        return i + 1
    if w.name(i) != w.database:
        raise not_in_redshift(f"a schema of database {w.name(i)}", f"use {w.database}")
    w.drop(i, i + 1)
    return i + 3


def drop(w: Walk, lo: int, hi: int) -> str:
    """DROP TABLE, VIEW or SCHEMA [IF EXISTS] names [CASCADE | RESTRICT]."""
    what = w.low(lo + 1)
    if what not in ("table", "view", "schema"):
        raise not_in_redshift(f"DROP {w.at(lo + 1).text.upper()}", "", "c_SQL_commands")
    i = lo + 4 if w.words(lo + 2, "if", "exists") else lo + 2
    while True:
        i = schema_name(w, i) if what == "schema" else object_name(w, i)[1]
        if w.low(i) != ",":
            break
        i += 1
    if w.low(i) in ("cascade", "restrict"):
        i += 1
    if i != hi:
        raise w.syntax_error(i)
    return f"drop_{what}"


def alter_schema(w: Walk, lo: int, hi: int) -> str:
    """ALTER SCHEMA s {RENAME TO | OWNER TO} name."""
    i = schema_name(w, w.expect(lo, "alter", "schema"))
    if w.low(i) not in ("rename", "owner") or w.low(i + 1) != "to" or i + 3 != hi:
        raise not_in_redshift(f"ALTER SCHEMA ... {w.at(i).text.upper()}", "", "r_ALTER_SCHEMA")
    return "alter_schema"


def comment(w: Walk, lo: int, hi: int) -> str:
    """COMMENT ON {TABLE | VIEW | COLUMN | SCHEMA | DATABASE} name IS text."""
    i = w.expect(lo, "comment", "on")
    what = w.low(i)
    if what not in ("table", "view", "column", "schema", "database"):
        raise not_in_redshift(f"COMMENT ON {w.at(i).text.upper()}", "", "r_COMMENT")
    if what in ("schema", "database"):
        i = schema_name(w, i + 1)
    else:
        _, i = object_name(w, i + 1, tail=1 if what == "column" else 0)
    i = w.expect(i, "is")
    if i + 1 != hi or not (w.at(i).kind in ("string", "dollar") or w.low(i) == "null"):
        raise w.syntax_error(i)
    return "comment"


def lock(w: Walk, lo: int, hi: int) -> str:
    """LOCK [TABLE] t [, ...], which is ACCESS EXCLUSIVE. https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html"""
    i = lo + 2 if w.low(lo + 1) == "table" else lo + 1
    if w.low(lo + 1) != "table":
        w.edits.close(w.tokens[lo].end, " table")
    while True:
        parts, i = object_name(w, i)
        w.touched.locks[held_name(w, parts)] = EXCLUSIVE
        if i == hi:
            return "lock"
        i = w.expect(i, ",")


def analyze(w: Walk, lo: int, hi: int) -> str:
    """ANALYZE [t]."""
    if lo + 1 < hi:
        _, i = object_name(w, lo + 1)
        if i != hi:
            raise not_in_redshift("ANALYZE with options", "", "r_ANALYZE")
    return "analyze"


_VACUUMS = (("full",), ("sort", "only"), ("delete", "only"), ("reindex",), ("recluster",))


def vacuum(w: Walk, lo: int, hi: int) -> Done:
    """VACUUM [what] [t [TO n PERCENT] [BOOST]]: always sorts, and removes dead rows.

    https://docs.aws.amazon.com/redshift/latest/dg/r_VACUUM_command.html
    """
    i = lo + 1
    i += next((len(words) for words in _VACUUMS if w.words(i, *words)), 0)
    name = ""
    if i < hi and w.low(i) != "boost":
        _, after = object_name(w, i)
        name = literal(w.edits.render(*w.span(i, after)))
        i = after
        if w.low(i) == "to" and w.at(i + 1).kind == "number":
            i = w.expect(i + 2, "percent")
    if w.low(i) == "boost":
        i += 1
    if i != hi:
        raise w.syntax_error(i)
    return Done("vacuum", f"call pg_catalog.rs_vacuum({name})")

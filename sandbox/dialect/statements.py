"""Which statement it is, and what Redshift could not do in one."""

from collections.abc import Callable

from sandbox.dialect import access, dml, integrations, objects, procedures, session, tables
from sandbox.dialect.walk import Done, Touched, Walk
from sandbox.gate import Refused, not_in_redshift, page

Handler = Callable[[Walk, int, int], Done]


def statement(w: Walk, lo: int, hi: int) -> Done:
    """Translate the statement in ``[lo, hi)``; Refused where Redshift has none that begins so."""
    handler = _BY_TWO_WORDS.get((w.low(lo), w.low(lo + 1))) or _BY_WORD.get(w.low(lo))
    if handler is None:
        words = " ".join(w.at(i).text.upper() for i in (lo, lo + 1)[: hi - lo])
        raise not_in_redshift(f"statement {words}", "", "c_SQL_commands")
    w.touched = Touched()
    w.ctes = set()
    done = handler(w, lo, hi)
    _check_touched(w)
    return done


def _check_touched(w: Walk) -> None:
    """Refuse what Redshift's leader and compute nodes cannot do together.

    https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html
    """
    seen = w.touched
    if seen.user_table and (seen.leader_function or seen.catalog_table):
        leader = f"function {seen.leader_function}" if seen.leader_function else seen.catalog_table
        raise Refused(
            f"Specified types or functions not supported on Redshift tables: {leader} is of the "
            f"leader node only, {seen.user_table} is a user table "
            f"({page('c_SQL_functions_leader_node_only')})"
        )
    if seen.compute_function and not seen.user_table:
        raise Refused(
            "One or more of the used functions must be applied on at least one user created table: "
            f"{seen.compute_function}()"
        )


def _query(w: Walk, lo: int, hi: int) -> Done:
    main = _after_with(w, lo, hi)
    if w.low(main) in ("insert", "update", "delete"):
        return _BY_WORD[w.low(main)](w, lo, hi)
    w.query(lo, hi, None)
    return Done("select")


def _after_with(w: Walk, lo: int, hi: int) -> int:
    """The statement behind WITH."""
    i = lo
    while i < hi and w.low(lo) == "with":
        i = w.after(i)
        if w.low(i) in ("select", "insert", "update", "delete") and w.low(i - 1) == ")":
            return i
    return lo


def _plain(kind: str, action: Callable[[Walk, int, int], None]) -> Handler:
    def handle(w: Walk, lo: int, hi: int) -> Done:
        action(w, lo, hi)
        return Done(kind)

    return handle


def _named(action: Callable[[Walk, int, int], str]) -> Handler:
    return lambda w, lo, hi: Done(action(w, lo, hi))


def _explain(w: Walk, lo: int, hi: int) -> Done:
    i = lo + 2 if w.low(lo + 1) == "verbose" else lo + 1
    if w.low(i) not in ("select", "with", "insert", "update", "delete"):
        raise w.syntax_error(i)
    _BY_WORD[w.low(i)](w, i, hi)
    return Done("explain")


_BY_WORD: dict[str, Handler] = {
    "select": _query,
    "with": _query,
    "(": _query,
    "insert": _plain("insert", dml.insert),
    "update": _plain("update", dml.update),
    "delete": _plain("delete", dml.delete),
    "truncate": _plain("truncate", dml.truncate),
    "drop": _named(objects.drop),
    "comment": _named(objects.comment),
    "lock": _named(objects.lock),
    "analyze": _named(objects.analyze),
    "vacuum": objects.vacuum,
    "grant": access.grant,
    "revoke": access.grant,
    "call": procedures.call,
    "set": session.set_,
    "reset": session.reset,
    "show": session.show,
    "begin": session.begin,
    "start": session.begin,
    "commit": session.end,
    "end": session.end,
    "rollback": session.end,
    "abort": session.end,
    "explain": _explain,
}
_BY_TWO_WORDS: dict[tuple[str, str], Handler] = {
    ("create", "schema"): _named(objects.create_schema),
    ("create", "table"): _named(tables.create_table),
    ("create", "temp"): _named(tables.create_table),
    ("create", "temporary"): _named(tables.create_table),
    ("create", "local"): _named(tables.create_table),
    ("create", "view"): _named(tables.create_view),
    ("create", "or"): procedures.create_or_replace,
    ("create", "procedure"): procedures.create,
    ("create", "role"): access.create_role,
    ("create", "user"): access.create_user,
    ("alter", "database"): integrations.alter_database,
    ("alter", "table"): tables.alter_table,
    ("alter", "view"): tables.alter_table,
    ("alter", "schema"): _named(objects.alter_schema),
    ("alter", "role"): access.alter_role,
    ("alter", "user"): access.alter_user,
    ("alter", "default"): access.default_privileges,
    ("alter", "procedure"): procedures.alter,
    ("drop", "procedure"): procedures.drop,
    ("drop", "role"): access.drop_role,
    ("drop", "user"): access.drop_role,
}

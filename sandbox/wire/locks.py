"""The locks of a transaction's first statement, taken before its snapshot.

`sandbox.dialect.locks` says why. A procedure's own are read from its body as it stands in the
catalog, through a session of the proxy's: in the client's a look would take the snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.dialect import WRITE, Called, Lock, leading
from sandbox.wire.service import Service
from sandbox.wire.statements import Statement, refusing

# Whoever may run a statement may wait for its locks, whatever the owner of the tables allows him.
AS_LOCKER = "set role rs_locker"
AS_SELF = "reset role"
# One SELECT alone breaks no serial order unless it reads what two others wrote. PostgreSQL would
# take it for a part of a cycle where it reads what one of them wrote, and stop a writer.
ONLY_READS = "set transaction isolation level repeatable read"
MAX_NESTING = 16  # stored-procedure-constraints


@dataclass(frozen=True)
class Caller:
    """Who asks, and in which schemas he looks for a procedure without one."""

    user: str
    search_path: str

    @property
    def schemas(self) -> list[str]:
        """The schemas by name; PostgreSQL quotes where it must."""
        parts = (part.strip() for part in self.search_path.split(","))
        names = (part[1:-1].replace('""', '"') if part[:1] == '"' else part for part in parts)
        return [self.user if name == "$user" else name for name in names]


async def refusal(statement: Statement, service: Service) -> tuple[str, ...]:
    """A failing statement where LOCK names a view, which PostgreSQL would lock.

    A name without its schema may be a table of the session's own, which nobody else can see.
    https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html
    """
    named = [table for lock in statement.locks for table in lock.tables if '"."' in table]
    listed = ", ".join(map(_literal, named))
    rows = await service.rows(
        "select relname from pg_catalog.pg_class where relkind = 'v'"
        f" and oid in (select to_regclass(name) from unnest(array[{listed}]::text[]) as name)"
    )
    return tuple(refusing("42809", f'"{name}" is not a table') for (name,) in rows[:1])


async def before(statement: Statement, caller: Caller, service: Service) -> tuple[str, ...]:
    """Statements of PostgreSQL to run before the first one of a transaction; none for most."""
    locks = statement.locks
    if statement.called:
        found = await _of_procedure(statement.called, caller, service)
        if found is None:
            return (refusing("0A000", _AMBIGUOUS.format(statement.called.name)),)
        locks = found
    return _taken(locks)


def later(statement: Statement) -> tuple[str, ...]:
    """Statements of PostgreSQL to run before one that finds a snapshot.

    What was made since is not in the snapshot: PostgreSQL would show a table without rows.
    https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
    """
    tables = ", ".join(_literal(table) for lock in statement.locks for table in lock.tables)
    if not tables:
        return ()
    known = f"select pg_catalog.rs_check_snapshot(array[{tables}])"
    return (*_taken([lock for lock in statement.locks if lock.mode == WRITE]), known)


def _taken(locks: Sequence[Lock]) -> tuple[str, ...]:
    return (AS_LOCKER, *(lock.sql for lock in locks), AS_SELF) if locks else ()


_AMBIGUOUS = (
    "procedures {} of the same number of arguments lock different tables first: "
    "this stand-in cannot tell which one is called"
)


async def _of_procedure(
    called: Called, caller: Caller, service: Service
) -> tuple[Lock, ...] | None:
    """What the procedure locks first; None where overloads differ, () where he may not call it."""
    locks: tuple[Lock, ...] = ()
    allowed = _ALLOWED.format(_literal(caller.user))
    for _ in range(MAX_NESTING):
        sources = await _sources(called, caller, service, allowed)
        firsts = {leading(source) for source in sources}
        if len(firsts) > 1:
            return None
        for first in firsts:
            locks += first.locks
        inner = next((first.called for first in firsts), None)
        if inner is None or inner.schema is None:
            break
        # What it calls, it calls as its owner, or fails when it gets there.
        called, allowed = inner, ""
    return locks


_ALLOWED = """
            and has_schema_privilege({0}, n.oid, 'usage')
            and has_function_privilege({0}, p.oid, 'execute')"""


async def _sources(called: Called, caller: Caller, service: Service, allowed: str) -> Sequence[str]:
    schemas = caller.schemas if called.schema is None else [called.schema]
    listed = ", ".join(map(_literal, schemas))
    rows = await service.rows(
        f"""
        select n.nspname, p.prosrc
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.prokind = 'p' and p.proname = {_literal(called.name)}
            and n.nspname = any (array[{listed}]::name[])
            and {called.arguments} between p.pronargs - p.pronargdefaults and p.pronargs{allowed}
        order by array_position(array[{listed}]::name[], n.nspname)
        """
    )
    return [str(source) for schema, source in rows if schema == rows[0][0]]


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"

"""Users, roles and privileges.

PostgreSQL has one kind of role: a user is one that may log in. The words ROLE and GROUP before a
name go.
"""

from sandbox.dialect import session
from sandbox.dialect.names import object_name
from sandbox.dialect.objects import schema_name
from sandbox.dialect.procedures import found_procedure
from sandbox.dialect.walk import Done, Walk, literal, quote
from sandbox.gate import not_in_redshift, word_set

_PRIVILEGES = word_set(
    """
    select insert update delete references drop truncate alter usage create temp temporary
    execute all privileges
    """
)
_KINDS = frozenset({"table", "schema", "database", "procedure", "all", "language"})


def grant(w: Walk, lo: int, hi: int) -> Done:
    """GRANT and REVOKE. https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html"""
    kind = w.low(lo)
    if w.low(lo + 1) == "role":
        return _membership(w, lo, hi)
    on = w.find(lo, hi, "on")
    start = lo + 4 if w.words(lo + 1, "grant", "option", "for") else lo + 1
    for item_lo, item_hi in w.split(start, on):
        if not all(w.low(i) in _PRIVILEGES for i in range(item_lo, item_hi)):
            raise not_in_redshift(f"privilege {w.at(item_lo).text.upper()}", "", "r_GRANT")
    to = w.find(on, hi, "to" if kind == "grant" else "from")
    if w.low(on + 1) == "procedure":
        return _on_procedures(w, lo, on, to, hi)
    _object(w, on + 1, to)
    _grantees(w, w.expect(to, w.low(to)), hi)
    return Done(kind)


def _object(w: Walk, i: int, to: int) -> None:
    has_kind = w.at(i).kind == "word" and i + 1 < to and w.at(i + 1).is_name
    what = w.low(i) if has_kind else "table"
    if what not in _KINDS:
        raise not_in_redshift(f"GRANT ON {w.at(i).text.upper()}", "", "r_GRANT")
    if what == "all":
        if w.low(i + 1) not in ("tables", "procedures"):
            raise not_in_redshift(f"GRANT ON ALL {w.at(i + 1).text.upper()}", "", "r_GRANT")
        i, what = w.expect(i + 2, "in", "schema"), "schema"
    elif has_kind:
        i += 1
    for name, _ in w.split(i, to):
        if what == "schema":
            schema_name(w, name)
        elif what == "table":
            object_name(w, name)


def _grantees(w: Walk, i: int, hi: int) -> list[str]:
    """Take the words ROLE and GROUP off; the grantees as PostgreSQL names them."""
    end = w.find(i, hi, "with", "cascade", "restrict")
    names = []
    for name, _ in w.split(i, end):
        at = name
        if w.low(name) in ("role", "group") and w.at(name + 1).is_name:
            w.drop(name, name)
            at += 1
        names.append("public" if w.low(at) == "public" else quote(w.name(at)))
    return names


def _membership(w: Walk, lo: int, hi: int) -> Done:
    """GRANT ROLE a [, ROLE b] TO {user | ROLE c}."""
    to = w.find(lo, hi, "to" if w.low(lo) == "grant" else "from")
    _grantees(w, lo + 1, to)
    _grantees(w, w.expect(to, w.low(to)), hi)
    return Done(w.low(lo))


def _on_procedures(w: Walk, lo: int, on: int, to: int, hi: int) -> Done:
    """A procedure is named by its input arguments, which here are not all that PostgreSQL
    counts.
    """
    kind = w.low(lo)
    action = f"{kind} execute on procedure "
    grantees = ", ".join(_grantees(w, w.expect(to, w.low(to)), hi))
    tail = f" {w.low(to)} {grantees}"
    calls = [
        f"execute {literal(action)} || {found_procedure(w, name_lo)} || {literal(tail)};"
        for name_lo, _ in w.split(on + 2, to)
    ]
    return Done(kind, f"do $rs$ begin {' '.join(calls)} end $rs$")


def create_role(w: Walk, lo: int, hi: int) -> Done:
    """CREATE ROLE r. https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html"""
    if lo + 3 != hi:
        raise not_in_redshift("CREATE ROLE with options", "", "r_CREATE_ROLE")
    return Done("create_role", f"create role {quote(w.name(lo + 2))} nologin")


def alter_role(w: Walk, lo: int, hi: int) -> Done:
    """ALTER ROLE r OWNER TO u. The owner is the member who may admit others.

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html
    """
    i = lo + 4 if w.low(lo + 3) == "with" else lo + 3
    if not w.words(i, "owner", "to") or i + 3 != hi:
        raise not_in_redshift("this ALTER ROLE", "only OWNER TO is here", "r_ALTER_ROLE")
    role, owner = w.name(lo + 2), w.name(i + 2)
    call = f"pg_catalog.rs_give_role({literal(role)}, {literal(owner)})"
    text = f"do $rs$ begin perform {call}; end $rs$"
    return Done("alter_role", text)


def create_user(w: Walk, lo: int, hi: int) -> Done:
    """CREATE USER u PASSWORD {'...' | DISABLE} [CREATEUSER] [CREATEDB]."""
    text = f"create role {quote(w.name(lo + 2))} login"
    return Done("create_user", text + _user_options(w, lo + 3, hi))


def alter_user(w: Walk, lo: int, hi: int) -> Done:
    """ALTER USER u {PASSWORD .. | [NO]CREATEUSER | SYSLOG ACCESS .. | SET name TO v | RESET name}.

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_USER.html
    """
    text = f"alter role {quote(w.name(lo + 2))}"
    if w.words(lo + 3, "syslog", "access") and hi == lo + 6:
        everything = {"restricted": "false", "unrestricted": "true"}.get(w.low(lo + 5))
        if everything is None:
            raise w.syntax_error(lo + 5)
        call = f"pg_catalog.rs_syslog_access({literal(w.name(lo + 2))}, {everything})"
        return Done("alter_user", f"do $rs$ begin perform {call}; end $rs$")
    if w.low(lo + 3) in ("set", "reset"):
        change = session.set_ if w.low(lo + 3) == "set" else session.reset
        return Done("alter_user", f"{text} {change(w, lo + 3, hi).text}")
    return Done("alter_user", text + _user_options(w, lo + 3, hi))


def _user_options(w: Walk, i: int, hi: int) -> str:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html"""
    plain = {"createuser": "superuser", "nocreateuser": "nosuperuser"}
    plain |= {"createdb": "createdb", "nocreatedb": "nocreatedb"}
    text = ""
    while i < hi:
        low = w.low(i)
        if low == "with":
            i += 1
        elif low == "password":
            disabled = w.low(i + 1) == "disable"
            text += " password " + ("null" if disabled else w.edits.render(*w.span(i + 1, i + 2)))
            i += 2
        elif low in plain:
            text += f" {plain[low]}"
            i += 1
        else:
            raise not_in_redshift(f"user option {w.at(i).text.upper()}", "", "r_CREATE_USER")
    return text


def drop_role(w: Walk, lo: int, hi: int) -> Done:
    """DROP ROLE r [FORCE], DROP USER [IF EXISTS] u."""
    i = lo + 4 if w.words(lo + 2, "if", "exists") else lo + 2
    exists = "if exists " if i > lo + 2 else ""
    if hi not in (i + 1, i + 2) or (hi == i + 2 and w.low(i + 1) != "force"):
        raise w.syntax_error(i + 1)
    return Done(f"drop_{w.low(lo + 1)}", f"drop role {exists}{quote(w.name(i))}")


def default_privileges(w: Walk, lo: int, hi: int) -> Done:
    """ALTER DEFAULT PRIVILEGES [FOR USER u] [IN SCHEMA s] {GRANT | REVOKE} ... ON TABLES ...

    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DEFAULT_PRIVILEGES.html
    """
    w.expect(lo, "alter", "default", "privileges")
    change = w.find(lo, hi, "grant", "revoke")
    on = w.find(change, hi, "on")
    if w.low(on + 1) == "procedures":
        w.put(on + 1, on + 1, "routines")
    elif w.low(on + 1) != "tables":
        raise not_in_redshift(
            f"default privileges on {w.at(on + 1).text}", "", "r_ALTER_DEFAULT_PRIVILEGES"
        )
    to = w.find(on, hi, "to", "from")
    _grantees(w, to + 1, hi)
    return Done("alter_default_privileges")

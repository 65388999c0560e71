"""How many SQL statements a CALL executes, counted by PostgreSQL while it runs."""

import re
from typing import Any

from sandbox.zero_etl.session import service
from tests.refresh.project import Project

COUNTER = "public.executed_statements"
# Where a statement of a PL/pgSQL body begins; expressions and subqueries begin nowhere of these.
_BEGINNING = re.compile(
    r"((?:;|\bthen\b|\belse\b|\bbegin\b|\bloop\b)(?:\s|--[^\n]*\n)*)"
    r"((?:select|insert|update|delete|create|drop|lock|call|with)\b)",
    re.IGNORECASE,
)


def counted(definition: str) -> str:
    """The same procedure, which moves the counter before each statement that it comes to."""
    return _BEGINNING.sub(rf"\1perform pg_catalog.nextval('{COUNTER}'); \2", definition)


def executed(project: Project, call: str) -> int:
    """Statements that the CALL executes in all procedures it calls; then it is taken back.

    No counter of the warehouse tells what a procedure executes, so for the length of one
    transaction each procedure counts for itself.
    """
    with service(project.warehouse.home) as cursor:
        cursor.execute("begin")
        cursor.execute(f"create sequence {COUNTER} minvalue 0")
        cursor.execute(f"grant usage on sequence {COUNTER} to public")
        cursor.execute(f"select nextval('{COUNTER}')")
        for definition in _definitions(cursor, project.schema("ops")):
            cursor.execute(counted(definition))
        cursor.execute(call)
        cursor.execute(f"select last_value from {COUNTER}")
        number = int(cursor.fetchall()[0][0])
        cursor.execute("rollback")
    return number


def _definitions(cursor: Any, schema: str) -> list[str]:
    cursor.execute(
        "select pg_get_functiondef(oid) from pg_proc"
        f" where pronamespace = '{schema}'::regnamespace and prokind = 'p'"
    )
    return [definition for (definition,) in cursor.fetchall()]

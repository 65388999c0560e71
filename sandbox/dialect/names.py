"""Names of relations and other objects: db.schema.name becomes what PostgreSQL holds it under."""

from sandbox.dialect.locks import READ
from sandbox.dialect.walk import Walk, quote
from sandbox.gate import Refused
from sandbox.names import schema_of

# Redshift takes 127 bytes (https://docs.aws.amazon.com/redshift/latest/dg/r_names.html), PostgreSQL
# cuts after 63 without a word.
MAX_NAME = 63


def dotted(w: Walk, index: int) -> tuple[tuple[str, ...], int]:
    """The folded parts of a dotted name and the index after it."""
    parts = [w.name(index)]
    index += 1
    while w.low(index) == "." and w.at(index + 1).is_name:
        parts.append(w.name(index + 1))
        index += 2
    return tuple(parts), index


def strip_database(w: Walk, index: int, parts: tuple[str, ...]) -> None:
    """Turn the leading ``db.schema`` of a name into PostgreSQL's schema."""
    schema = schema_of(parts[0], parts[1], w.database)
    w.put(index, index + 2, quote(schema))


def object_name(w: Walk, index: int, tail: int = 0) -> tuple[tuple[str, ...], int]:
    """Translate a name of one to three parts (plus ``tail`` parts such as a column); parts and the
    index after.
    """
    w.identifier(index)
    parts, after = dotted(w, index)
    if len(parts) == 3 + tail:
        strip_database(w, index, parts)
    elif not 1 + tail <= len(parts) < 3 + tail:
        raise w.syntax_error(index)
    if any(len(part.encode()) > MAX_NAME for part in parts):
        raise Refused(
            f"identifier {max(parts, key=len)!r} is longer than {MAX_NAME} bytes (this stand-in)"
        )

    return parts, after


def own_name(w: Walk, index: int) -> tuple[tuple[str, ...], int]:
    """The same for what a statement makes or empties: it lies in the session's own database.

    The other databases here are destinations of zero-ETL integrations, which are read-only.
    https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
    """
    parts, after = object_name(w, index)
    if is_elsewhere(w, parts):
        raise Refused(
            f"{parts[0]}.{parts[1]}.{parts[2]}: the destination database of a zero-ETL integration"
            f" is read-only; use a schema of {w.database} (https://docs.aws.amazon.com/redshift"
            "/latest/mgmt/zero-etl.reqs-lims.html)"
        )
    return parts, after


def is_elsewhere(w: Walk, parts: tuple[str, ...]) -> bool:
    """Whether the name is one of another database."""
    return len(parts) == 3 and parts[0] != w.database


def is_catalog(parts: tuple[str, ...]) -> bool:
    """Whether a relation belongs to the leader node's catalog."""
    if len(parts) > 1:
        return parts[-2] in ("pg_catalog", "information_schema") and not _is_system(parts[-1])
    return parts[0].startswith("pg_") and not _is_system(parts[0])


def _is_system(name: str) -> bool:
    return name.startswith(("svv_", "svl_", "sys_", "stv_", "stl_"))


def note_relation(w: Walk, parts: tuple[str, ...], lock: str = READ) -> None:
    """Remember what kind of relation the statement reads or writes, and how it locks it."""
    if len(parts) == 1 and parts[0] in w.ctes:
        return
    if is_catalog(parts):
        w.touched.catalog_table = parts[-1]
    elif not _is_system(parts[-1]):
        w.touched.user_table = parts[-1]
        w.touched.locks.setdefault(held_name(w, parts), lock)


def held_name(w: Walk, parts: tuple[str, ...]) -> str:
    """The name, quoted, under which PostgreSQL holds an object."""
    if len(parts) == 3:
        parts = (schema_of(parts[0], parts[1], w.database), parts[2])
    return ".".join(map(quote, parts))

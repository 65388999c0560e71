"""Answers as Redshift gives them: type ids, SUPER text, command tags."""

import re
import struct

from sandbox.wire.messages import int16, int32, pack_int32, string, text

SUPER_OID = 4000  # redshift_connector.utils.oids.RedshiftOID.SUPER
VARCHAR_OID = 1043
TEXT_OID = 25

# Redshift reports the PostgreSQL it came from; drivers choose their protocol by it.
SERVER_VERSION = "8.0.2"

_field = struct.Struct("!ihihih")
# Outside strings, jsonb writes a blank after each colon and comma.
_json_blank = re.compile(rb'("(?:[^"\\]+|\\.)*")|([,:]) ', re.DOTALL)


def row_description(body: bytes, super_oid: int) -> tuple[bytes, tuple[int, ...]]:
    """The description with Redshift's type ids, and the places of its SUPER columns."""
    out, at, supers = [body[:2]], 2, []
    for column in range(int16(body)):
        _, end = text(body, at)
        table, number, oid, size, modifier, form = _field.unpack_from(body, end)
        if oid == super_oid:
            supers.append(column)
        out += body[at:end], _field.pack(table, number, _type(oid, super_oid), size, modifier, form)
        at = end + _field.size
    return b"".join(out), tuple(supers)


def parameter_description(body: bytes, super_oid: int) -> bytes:
    """The types of a statement's parameters, as Redshift numbers them."""
    oids = struct.unpack_from(f"!{int16(body)}i", body, 2)
    return body[:2] + struct.pack(f"!{len(oids)}i", *(_type(oid, super_oid) for oid in oids))


def parameter_types(oids: tuple[int, ...], super_oid: int) -> tuple[int, ...]:
    """The types a client names for its parameters, as PostgreSQL numbers them."""
    return tuple(super_oid if oid == SUPER_OID else oid for oid in oids)


def data_row(body: bytes, super_columns: tuple[int, ...]) -> bytes:
    """A row with its SUPER values as compact JSON, the way Redshift writes them."""
    out: list[bytes] = []
    at, start = 2, 0
    wanted = set(super_columns)
    for column in range(int16(body)):
        size = int32(body, at)
        end = at + 4 + max(size, 0)
        if column in wanted and size > 0:
            value = compact(body[at + 4 : end])
            out += body[start:at], pack_int32(len(value)), value
            start = end
        at = end
    out.append(body[start:])
    return b"".join(out)


def compact(json: bytes) -> bytes:
    """JSON without the blanks that jsonb adds."""
    if b"\\" in json:
        return _json_blank.sub(rb"\1\2", json)
    # Without escapes every second piece between quotes lies outside the strings.
    pieces = json.split(b'"')
    pieces[::2] = [piece.replace(b": ", b":").replace(b", ", b",") for piece in pieces[::2]]
    return b'"'.join(pieces)


def command_tag(body: bytes) -> bytes:
    """A command tag: Redshift counts no selected rows, its clients count what they fetch."""
    return b"SELECT\0" if body.startswith(b"SELECT ") else body


def parameter_status(body: bytes) -> bytes:
    """A reported setting."""
    name, _ = text(body)
    return string(name) + string(SERVER_VERSION) if name == "server_version" else body


def _type(oid: int, super_oid: int) -> int:
    # https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html: TEXT is VARCHAR there.
    return {super_oid: SUPER_OID, TEXT_OID: VARCHAR_OID}.get(oid, oid)

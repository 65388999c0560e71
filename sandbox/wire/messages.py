"""The format of the protocol's messages, version 3.0: a type byte, a length, a body.

https://www.postgresql.org/docs/current/protocol-message-formats.html; Redshift's differ only where
`results` says so.
"""

import asyncio
import struct
from collections.abc import Iterable, Iterator, Mapping

from sandbox.wire import ProtocolViolation

PROTOCOL_3 = 3
CANCEL_REQUEST = 80877102
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104

# Longer than any value Redshift can hold, shorter than what would fill the memory.
MAX_LENGTH = 64 * 1024 * 1024
MAX_STARTUP_LENGTH = 10_000

_int32 = struct.Struct("!i")
_int16 = struct.Struct("!h")


def pack_int32(value: int) -> bytes:
    """Four bytes, network order."""
    return _int32.pack(value)


def int32(body: bytes | bytearray, at: int = 0) -> int:
    """The four-byte integer at a position. Raises ProtocolViolation where there is none."""
    try:
        return int(_int32.unpack_from(body, at)[0])
    except struct.error as error:
        raise ProtocolViolation("a message is shorter than its fields") from error


def int16(body: bytes, at: int = 0) -> int:
    """The two-byte integer at a position. Raises ProtocolViolation where there is none."""
    try:
        return int(_int16.unpack_from(body, at)[0])
    except struct.error as error:
        raise ProtocolViolation("a message is shorter than its fields") from error


def text(body: bytes, at: int = 0) -> tuple[str, int]:
    """The zero-terminated string at a position, and the position after it."""
    end = body.find(b"\0", at)
    if end < 0:
        raise ProtocolViolation("a string in a message has no end")
    try:
        return body[at:end].decode(), end + 1
    except UnicodeDecodeError as error:
        raise ProtocolViolation(f"a string in a message is not UTF-8 ({error})") from error


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A whole message."""
    return kind + _int32.pack(len(body) + 4) + body


def string(value: str) -> bytes:
    """A zero-terminated string."""
    return value.encode() + b"\0"


async def read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Type and body of the next message of a stream."""
    head = await reader.readexactly(5)
    length = int32(head, 1)
    if not 4 <= length <= MAX_LENGTH:
        raise ProtocolViolation(f"a message of {length} bytes")
    return head[:1], await reader.readexactly(length - 4)


class Splitter:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Type and body of each message that is complete with this chunk."""
        rest = self._rest
        rest += chunk
        start, size = 0, len(rest)
        try:
            while size - start >= 5:
                length = int32(rest, start + 1)
                if not 4 <= length <= MAX_LENGTH:
                    raise ProtocolViolation(f"a message of {length} bytes; {MAX_LENGTH} at most")
                end = start + 1 + length
                if end > size:
                    break
                kind, body = bytes(rest[start : start + 1]), bytes(rest[start + 5 : end])
                start = end
                yield kind, body
        finally:
            del rest[:start]


def startup(parameters: Mapping[str, str]) -> bytes:
    """A start-up message without the length that stands before it."""
    pairs = b"".join(string(name) + string(value) for name, value in parameters.items())
    return _int32.pack(PROTOCOL_3 << 16) + pairs + b"\0"


def startup_parameters(body: bytes) -> dict[str, str]:
    """The parameters of a start-up message."""
    found: dict[str, str] = {}
    at = 4
    while at < len(body) and body[at] != 0:
        name, at = text(body, at)
        found[name], at = text(body, at)
    return found


def fields(body: bytes) -> dict[str, str]:
    """The fields of an error or a notice by their letter: S severity, C SQLSTATE, M message ..."""
    parts = (part.decode(errors="replace") for part in body.split(b"\0") if part)
    return {part[0]: part[1:] for part in parts}


def values(body: bytes) -> tuple[str | None, ...]:
    """The values of a row in text format."""
    found: list[str | None] = []
    at = 2
    for _ in range(int16(body)):
        size = int32(body, at)
        at += 4
        found.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return tuple(found)


def report(kind: bytes, values: Mapping[str, str]) -> bytes:
    """An error (kind E) or a notice (kind N) of the given fields."""
    return message(kind, b"".join(string(k + v) for k, v in values.items()) + b"\0")


def error(said: str, code: str, severity: str = "ERROR") -> bytes:
    """An error of our own."""
    return report(b"E", {"S": severity, "C": code, "M": said})


def parse(name: str, sql: str, types: Iterable[int]) -> bytes:
    """Prepare a statement."""
    oids = tuple(types)
    packed = struct.pack(f"!h{len(oids)}i", len(oids), *oids)
    return message(b"P", string(name) + string(sql) + packed)


def run(portal: str, statement: str) -> bytes:
    """Bind a prepared statement without parameters, execute it, close the portal."""
    bind = string(portal) + string(statement) + b"\0\0\0\0\0\0"
    execute = string(portal) + b"\0\0\0\0"
    close = b"P" + string(portal)
    return message(b"B", bind) + message(b"E", execute) + message(b"C", close)

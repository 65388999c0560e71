"""The warehouse as a client reaches it: by its port, with redshift_connector."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import redshift_connector
from redshift_connector.error import Error as DriverError

from sandbox.aws.errors import SqlFailed, WarehouseLost

# https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST
_CANCEL_CODE = 80877102
_CANCEL_SECONDS = 5.0
SUPER = 4000  # the type number by which Redshift names SUPER


@dataclass(frozen=True)
class Login:
    """Where and as whom to connect."""

    host: str
    port: int
    database: str
    user: str
    password: str


@dataclass(frozen=True)
class Column:
    """A result column: name, type number, type modifier (-1 when it has none)."""

    name: str
    type_oid: int
    type_modifier: int


@dataclass(frozen=True)
class Result:
    """An answer: `columns` None without a result set, `affected` -1 where none are counted."""

    columns: tuple[Column, ...] | None
    rows: Sequence[Sequence[Any]]
    affected: int


class Session:
    """One connection, in which one statement runs at a time."""

    def __init__(self, login: Login, label: str) -> None:
        """Connect; `label` becomes its application_name. Raises SqlFailed, WarehouseLost."""
        self._login = login
        with _told_apart():
            self._connection = redshift_connector.connect(
                host=login.host,
                port=login.port,
                database=login.database,
                user=login.user,
                password=login.password,
                ssl=False,
                application_name=label,
            )
        self._connection.autocommit = True
        # The driver keeps the key and offers no way to cancel.
        self._key: bytes = self._connection._backend_key_data or b""
        self.pid: int = struct.unpack("!i", self._key[:4])[0]

    def run(self, sql: str, values: Sequence[str]) -> Result:
        """Run one statement, `$1`, `$2`... bound to values; raises SqlFailed, WarehouseLost."""
        cursor = self._connection.cursor()
        cursor.paramstyle = "numeric"  # the one style that leaves `$1` as it is
        with _told_apart():
            cursor.execute(sql, list(values) if values else None)
            fields = cursor.ps["row_desc"] if cursor.ps else ()
            if not fields:
                return Result(None, (), cursor.rowcount)
            columns = tuple(
                Column(one["label"].decode(), one["type_oid"], one["type_modifier"])
                for one in fields
            )
            return Result(columns, cursor.fetchall(), -1)

    def cancel(self) -> None:
        """Ask the warehouse to cancel what runs in this session, from any thread."""
        address = (self._login.host, self._login.port)
        with socket.create_connection(address, timeout=_CANCEL_SECONDS) as other:
            other.sendall(struct.pack("!ii", 8 + len(self._key), _CANCEL_CODE) + self._key)
            other.recv(1)  # the server closes when it has passed the request on

    def close(self) -> None:
        """End the session; never fails."""
        try:
            self._connection.close()
        except (DriverError, OSError):
            return


@contextmanager
def session(login: Login, label: str) -> Iterator[Session]:
    """A session that is closed at the end; raises SqlFailed, WarehouseLost."""
    opened = Session(login, label)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turn the driver's exceptions into ours: an error the server sent, or a lost connection."""
    try:
        yield
    except DriverError as error:
        sent = error.args[0] if error.args else None
        if isinstance(sent, dict):
            raise SqlFailed(str(sent.get("C", "XX000")), error_text(sent)) from error
        raise WarehouseLost(f"The connection to the warehouse failed: {error}") from error
    except (OSError, struct.error) as error:
        # The driver unpacks whatever it could read when the connection breaks amid an answer.
        raise WarehouseLost(f"The connection to the warehouse broke: {error}") from error


def error_text(sent: dict[str, str]) -> str:
    """An error message's fields as Redshift's clients print them."""
    text = f"{sent.get('S', 'ERROR')}: {sent.get('M', '')}"
    for name, key in (("Detail", "D"), ("Hint", "H"), ("Where", "W")):
        if sent.get(key):
            text += f"\n  {name}: {sent[key]}"
    return text


def text(value: Any) -> str:
    """A value as the warehouse itself would print it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        printed = _short_fraction(value.isoformat(sep=" "), value.microsecond)
        return printed.removesuffix(":00") if value.tzinfo else printed
    if isinstance(value, time):
        return _short_fraction(value.isoformat(), value.microsecond)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _short_fraction(printed: str, microsecond: int) -> str:
    full = f".{microsecond:06d}"
    return printed.replace(full, full.rstrip("0")) if microsecond else printed

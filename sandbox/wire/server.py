"""Lets clients in: start-up, authentication, cancel requests."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox.wire import ProtocolViolation, WireError, messages, reports, results
from sandbox.wire.journal import Journal
from sandbox.wire.messages import message
from sandbox.wire.peer import Peer, close
from sandbox.wire.service import Service
from sandbox.wire.session import CHUNK, Session
from sandbox.wire.statements import Translate, Translator

logger = logging.getLogger(__name__)

STARTUP_SECONDS = 60

# PostgreSQL answers for these; drivers of Redshift send more, which it would not know.
_PASSED_ON = ("user", "application_name", "client_encoding")
# A backend notices that its client, or this process, is gone while it works or waits.
_SESSION = {"client_connection_check_interval": "500ms"}
# Types of authentication requests: the list of SASL mechanisms, and those that need no answer,
# "ok" and the last word of SASL.
_MECHANISMS = 10
_AUTHENTICATED = (0, 12)


@dataclass(frozen=True)
class Warehouse:
    """Where PostgreSQL listens, its database, and the user whose sessions pass untouched."""

    socket: Path
    database: str
    service_user: str
    service_password: str


@dataclass(frozen=True)
class Server:
    """The listener. One call of ``serve`` per connection."""

    warehouse: Warehouse
    translate: Translate
    journal: Journal

    @cached_property
    def service(self) -> Service:
        """The session in which the proxy asks for itself."""
        warehouse = self.warehouse
        parameters = {
            "user": warehouse.service_user,
            "password": warehouse.service_password,
            "database": warehouse.database,
        }
        return Service(self._open, parameters)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from its first byte to its last."""
        client = Peer(reader, writer)
        try:
            await self._serve(client)
        except (ConnectionError, asyncio.IncompleteReadError):
            logger.debug("a client went away")
        except TimeoutError:
            logger.info("a client did not finish its start-up within %s s", STARTUP_SECONDS)
        except asyncio.CancelledError:
            # The listener ends; asyncio would log the cancellation of each session as an error.
            said = "terminating connection due to administrator command"
            writer.write(messages.error(said, "57P01", "FATAL"))
        except WireError as error:
            writer.write(messages.error(error.message, error.code, "FATAL"))
        except Exception:
            logger.exception("a session failed")
            said = "the stand-in's proxy failed; see its log"
            writer.write(messages.error(said, "XX000", "FATAL"))
        finally:
            await close(writer)

    async def _serve(self, client: Peer) -> None:
        async with asyncio.timeout(STARTUP_SECONDS):
            request = await _startup_request(client)
            if messages.int32(request) == messages.CANCEL_REQUEST:
                await self._cancel(request)
                return
            parameters = messages.startup_parameters(request)
            backend = await self._connect(parameters)
        try:
            async with asyncio.timeout(STARTUP_SECONDS):
                session = await self._let_in(client, backend, parameters)
            await (session.run() if session else _pump_both(client, backend))
        finally:
            await close(backend.writer)

    async def _cancel(self, request: bytes) -> None:
        backend = await self._open()
        backend.writer.write(messages.pack_int32(len(request) + 4) + request)
        # PostgreSQL closes when it has passed the request on.
        await backend.reader.read()
        await close(backend.writer)

    async def _connect(self, parameters: Mapping[str, str]) -> Peer:
        user = parameters.get("user")
        if not user:
            raise ProtocolViolation("the start-up message names no user")
        database = parameters.get("database", user)
        if database != self.warehouse.database:
            raise WireError(f'database "{database}" does not exist', "3D000")
        backend = await self._open()
        passed = {name: parameters[name] for name in _PASSED_ON if name in parameters}
        passed |= {"database": database} | (_SESSION if user != self.warehouse.service_user else {})
        body = messages.startup(passed)
        backend.writer.write(messages.pack_int32(len(body) + 4) + body)
        return backend

    async def _open(self) -> Peer:
        try:
            return Peer(*await asyncio.open_unix_connection(str(self.warehouse.socket)))
        except OSError as error:
            said = "the warehouse is stopped: run `sandbox up`"
            raise WireError(said, "57P03") from error

    async def _let_in(
        self, client: Peer, backend: Peer, parameters: Mapping[str, str]
    ) -> Session | None:
        """Pass authentication through. None for the service user, who goes on untouched."""
        service = parameters["user"] == self.warehouse.service_user
        while True:
            kind, body = await messages.read(backend.reader)
            if kind == b"Z":
                break
            if kind == b"E":
                body_out = messages.report(kind, reports.redshift(messages.fields(body)))
                client.writer.write(body_out)
                raise ConnectionAbortedError("refused by PostgreSQL")
            if kind == b"S" and not service:
                body = results.parameter_status(body)
            if kind == b"R":
                body = _request_for(parameters, body)
            client.writer.write(message(kind, body))
            await client.writer.drain()
            if kind == b"R" and messages.int32(body) not in _AUTHENTICATED:
                backend.writer.write(message(*await messages.read(client.reader)))
        session = None
        if not service:
            translator = Translator(self.translate, self.journal, parameters["user"])
            session = Session(client, backend, translator, self.service)
            await session.introduce()
        client.writer.write(message(kind, body))
        return session


def _request_for(parameters: Mapping[str, str], body: bytes) -> bytes:
    """An authentication request that the client understands.

    redshift_connector takes the empty string at the end of the list of mechanisms for one more.
    """
    python_driver = parameters.get("driver_version", "").startswith("Redshift Python Driver")
    if messages.int32(body) == _MECHANISMS and python_driver:
        return body.removesuffix(b"\0")
    return body


async def _startup_request(client: Peer) -> bytes:
    """The first request that is not about encryption, which loopback does without."""
    while True:
        length = messages.int32(await client.reader.readexactly(4))
        if not 8 <= length <= messages.MAX_STARTUP_LENGTH:
            raise ProtocolViolation("this is no start-up message of Redshift's protocol")
        body = await client.reader.readexactly(length - 4)
        code = messages.int32(body)
        if code in (messages.SSL_REQUEST, messages.GSS_REQUEST):
            client.writer.write(b"N")
        elif code == messages.CANCEL_REQUEST or code >> 16 == messages.PROTOCOL_3:
            return body
        else:
            raise ProtocolViolation(f"protocol {code >> 16}.{code & 0xFFFF}; only 3.0 is spoken")


async def _pump_both(client: Peer, backend: Peer) -> None:
    ways = [
        asyncio.ensure_future(_pump(client.reader, backend.writer)),
        asyncio.ensure_future(_pump(backend.reader, client.writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()

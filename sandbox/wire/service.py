"""The proxy's own session with PostgreSQL, for what it must know before a client's statement runs.

It is the service user's, and outside of every client's transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.wire import ProtocolViolation, WireError, messages
from sandbox.wire.messages import message, string
from sandbox.wire.peer import Peer, close
from sandbox.wire.scram import MECHANISM, Scram

_OK, _SASL, _CONTINUE = 0, 10, 11

Row = tuple[str | None, ...]


class Service:
    """Opened when it is first asked, and again when it was lost."""

    def __init__(self, connect: Callable[[], Awaitable[Peer]], parameters: dict[str, str]) -> None:
        """``parameters``: user, password and database."""
        self._connect = connect
        self._parameters = parameters
        self._peer: Peer | None = None
        self._turn = asyncio.Lock()

    async def rows(self, sql: str) -> list[Row]:
        """All rows of a statement, as text. Raises WireError."""
        async with self._turn:
            for attempt in (1, 2):
                try:
                    self._peer = self._peer or await self._open()
                    return await _rows(self._peer, sql)
                except (ConnectionError, asyncio.IncompleteReadError) as error:
                    await self.close()
                    if attempt == 2:
                        raise WireError(f"the warehouse hung up: {error}") from error
                except BaseException:
                    # Half an answer may be left: the next question needs another session.
                    await self.close()
                    raise
        raise AssertionError("not reached")

    async def close(self) -> None:
        """End the session, if there is one."""
        peer, self._peer = self._peer, None
        if peer:
            await close(peer.writer)

    async def _open(self) -> Peer:
        peer = await self._connect()
        sent = {name: value for name, value in self._parameters.items() if name != "password"}
        body = messages.startup(sent | {"application_name": "wire"})
        peer.writer.write(messages.pack_int32(len(body) + 4) + body)
        scram = Scram(self._parameters["password"])
        while True:
            kind, body = await messages.read(peer.reader)
            if kind == b"E":
                raise WireError(messages.fields(body).get("M", "the warehouse refused"))
            if kind == b"Z":
                return peer
            if kind != b"R" or messages.int32(body) not in (_SASL, _CONTINUE):
                continue
            if messages.int32(body) == _SASL:
                first = scram.first
                sized = messages.pack_int32(len(first)) + first
                peer.writer.write(message(b"p", string(MECHANISM) + sized))
            else:
                peer.writer.write(message(b"p", scram.final(body[4:])))


async def _rows(peer: Peer, sql: str) -> list[Row]:
    peer.writer.write(message(b"Q", string(sql)))
    found: list[Row] = []
    failed = ""
    while True:
        kind, body = await messages.read(peer.reader)
        if kind == b"D":
            found.append(messages.values(body))
        elif kind == b"E":
            failed = messages.fields(body).get("M", "")
        elif kind == b"Z":
            break
    if failed:
        raise ProtocolViolation(f"the proxy's own question failed: {failed}")
    return found

"""A client that sends the protocol's messages one by one."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from redshift_connector.core import Connection

from sandbox.wire import messages
from sandbox.wire.messages import message, string


@dataclass(frozen=True)
class RawClient:
    """Messages over a connection that redshift_connector has opened."""

    socket: socket.socket
    splitter: messages.Splitter

    def send(self, *sent: bytes) -> None:
        self.socket.sendall(b"".join(sent))

    def until_ready(self, times: int = 1) -> list[tuple[bytes, bytes]]:
        """All answers up to the n-th that says the server is ready."""
        answers: list[tuple[bytes, bytes]] = []
        while times:
            chunk = self.socket.recv(65536)
            assert chunk, f"the server hung up after {answers}"
            for part in self.splitter.feed(chunk):
                answers.append(part)
                times -= part[0] == b"Z"
        return answers

    def query(self, sql: str) -> list[tuple[bytes, bytes]]:
        self.send(message(b"Q", string(sql)))
        return self.until_ready()


@pytest.fixture
def raw(connect: Callable[..., Connection]) -> Callable[..., RawClient]:
    def open_one(user: str = "deployer") -> RawClient:
        opened = connect(user)._usock
        opened.settimeout(20)
        return RawClient(opened, messages.Splitter())

    return open_one

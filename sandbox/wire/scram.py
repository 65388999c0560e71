"""The client's side of SCRAM-SHA-256, by which the proxy itself enters PostgreSQL.

https://www.rfc-editor.org/rfc/rfc5802; passwords are ASCII and need no SASLprep.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from sandbox.wire import ProtocolViolation

MECHANISM = "SCRAM-SHA-256"
_NO_BINDING = "c=biws"


@dataclass(frozen=True)
class Scram:
    """One authentication."""

    password: str
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def first(self) -> bytes:
        """The client's first message."""
        return f"n,,{self._bare}".encode()

    def final(self, server_first: bytes) -> bytes:
        """The client's proof, for the server's challenge. Raises ProtocolViolation."""
        challenge = server_first.decode()
        try:
            given = dict(part.split("=", 1) for part in challenge.split(","))
            salt, rounds, nonce = b64decode(given["s"]), int(given["i"]), given["r"]
        except (ValueError, KeyError) as error:
            raise ProtocolViolation("the warehouse's challenge cannot be read") from error
        if not nonce.startswith(self.nonce):
            raise ProtocolViolation("the warehouse's challenge answers another client")
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), salt, rounds)
        key = hmac.digest(salted, b"Client Key", "sha256")
        message = f"{self._bare},{challenge},{_NO_BINDING},r={nonce}"
        stored = hashlib.sha256(key).digest()
        signature = hmac.digest(stored, message.encode(), "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        return f"{_NO_BINDING},r={nonce},p={b64encode(proof).decode()}".encode()

    @property
    def _bare(self) -> str:
        return f"n=,r={self.nonce}"

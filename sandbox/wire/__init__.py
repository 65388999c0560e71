"""The warehouse's one TCP listener: Redshift's wire protocol before PostgreSQL's Unix socket.

    python -m sandbox.wire --home DIR --port N --ready FILE

`server` lets clients in, `session` follows one client message by message, `statements` decides what
text goes on, `results` and `reports` make the answers look as Redshift's, `pipeline` knows which
answer belongs to which question, `messages` is the protocol's own format.

Errors::

    WireError               the connection ends, the client is told why
    `-- ProtocolViolation   the other side sent what the protocol does not allow
"""


class WireError(Exception):
    """The connection ends; ``code`` is the SQLSTATE the client sees."""

    def __init__(self, message: str, code: str = "08006") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ProtocolViolation(WireError):
    """The other side sent what the protocol does not allow."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "08P01")

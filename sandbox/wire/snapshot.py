"""When a transaction takes its snapshot, followed along the messages that a client sends."""

from dataclasses import dataclass

# These take none, in Redshift and in PostgreSQL.
# https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
_WITHOUT = frozenset({"begin", "commit", "rollback", "set", "reset", "lock", "empty"})


@dataclass
class Turn:
    """The transaction under way.

    ``fresh``: it has no snapshot yet. ``in_block``: it was opened by BEGIN, so it outlives a Sync.
    """

    fresh: bool = True
    in_block: bool = False

    def prepared(self, kind: str) -> None:
        """A statement was sent to be read: PostgreSQL takes the snapshot for that."""
        self.fresh &= kind in _WITHOUT

    def executed(self, kind: str) -> None:
        """A statement was sent to be run."""
        self.prepared(kind)
        if kind == "begin":
            self.in_block = True
        elif kind in ("commit", "rollback"):
            self.in_block, self.fresh = False, True

    def synced(self) -> None:
        """The end of a group of messages was sent."""
        self.fresh |= not self.in_block

    def told(self, status: bytes) -> None:
        """The server's word, with nothing under way: I outside a transaction block."""
        self.in_block = status != b"I"
        self.fresh |= not self.in_block

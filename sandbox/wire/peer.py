"""One side of a session: a stream to read and one to write."""

import asyncio
import logging
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Peer:
    """A client, or PostgreSQL."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def close(writer: asyncio.StreamWriter) -> None:
    """Close it; that the other side was gone already is no error."""
    writer.close()
    try:
        await writer.wait_closed()
    except (ConnectionError, TimeoutError):
        logger.debug("the other side was gone already")

"""Tokens that continue a list: opaque to the caller, a position to the service."""

from __future__ import annotations

import base64


def token(position: str | int) -> str:
    """The token of a position."""
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def position(given: str | None) -> str:
    """The position of a token, '' without one; raises ValueError for what is no token."""
    return base64.b64decode(given or "", altchars=b"-_", validate=True).decode()

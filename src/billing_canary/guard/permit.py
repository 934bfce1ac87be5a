"""A probe's leave to send: taken away when its time is over, wherever its code is then."""

from __future__ import annotations

from contextvars import ContextVar


class Permit:
    """Leave to send requests, held by everything that one probe started."""

    def __init__(self) -> None:
        self.revoked = False

    def revoke(self) -> None:
        """Let nothing more leave under this permit."""
        self.revoked = True


current_permit: ContextVar[Permit | None] = ContextVar("current_permit", default=None)
"""The permit of the running probe; None for the harness's own requests."""

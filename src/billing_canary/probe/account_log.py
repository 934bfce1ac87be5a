"""Who is told of each account that a run opens and closes, at once and from any thread."""

from __future__ import annotations

from typing import Protocol


class AccountLog(Protocol):
    """Takes ids of accounts; it must not raise, or a probe would fail of it."""

    def opened(self, account: str) -> None:
        """The account with this id was opened."""
        ...

    def closed(self, account: str) -> None:
        """The account with this id was closed."""
        ...


class NoAccountLog:
    """Keeps nothing: for runs whose servers end with them."""

    def opened(self, account: str) -> None:
        """Do nothing."""

    def closed(self, account: str) -> None:
        """Do nothing."""

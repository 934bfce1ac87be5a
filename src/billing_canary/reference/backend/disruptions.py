"""A test hook: internal failures on order, so that recovery can be watched. Not a fault switch."""

from __future__ import annotations

import threading
from collections import Counter

KINDS = ("balance_write", "event_processing", "billing_state")


class DisruptionError(Exception):
    """The internal error that was ordered."""


class Disruptions:
    """How many of the next operations of a kind fail, by account. Kept in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: Counter[tuple[str, str]] = Counter()

    def order(self, account: str, kind: str, times: int) -> None:
        """Let the next `times` operations of `kind` for `account` fail."""
        with self._lock:
            self._left[account, kind] += times

    def strike(self, account: str, kind: str) -> None:
        """Fail here if that was ordered.

        Raises:
            DisruptionError: this operation is one of those that were ordered to fail.
        """
        with self._lock:
            if not self._left[account, kind]:
                return
            self._left[account, kind] -= 1
        raise DisruptionError(f"{kind} of {account} failed on order")

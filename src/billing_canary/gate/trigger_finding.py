"""What a rule finds before anybody remembers that the trigger fired earlier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from billing_canary.rollback import Trigger, TriggerState


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule says about one reading.

    Attributes:
        measured: the numbers in words, `k/n` where there are counts; "" when there are none.
        limit: what they are held against.
        recovered: whether the numbers are good enough to re-arm a trigger that fired before.
    """

    state: TriggerState
    reason: str
    measured: str = ""
    limit: str = ""
    fix: str = ""
    recovered: bool = False


def whole(trigger: Trigger, key: str) -> int:
    """A setting that the loader made sure is a whole number."""
    return cast("int", trigger.settings[key])


def text(trigger: Trigger, key: str) -> str:
    """A setting that the loader made sure is text."""
    return cast("str", trigger.settings[key])


def share(trigger: Trigger, key: str) -> Decimal:
    """A setting that the loader made sure is a decimal as text."""
    return Decimal(text(trigger, key))


def seconds_from(earlier: str, later: str) -> float:
    """How many seconds lie between two RFC 3339 instants; negative when they are the other way round.

    Raises:
        ValueError: one is no instant, or has no time zone.
    """
    return (_instant(later) - _instant(earlier)).total_seconds()


def _instant(word: str) -> datetime:
    instant = datetime.fromisoformat(word)
    if instant.tzinfo is None:
        raise ValueError(f"{word!r} has no time zone")
    return instant

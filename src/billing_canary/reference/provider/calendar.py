"""Billing periods: each begins so many intervals after the anchor, never so many after the last period."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

INTERVALS = ("day", "week", "month", "year")

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often a price recurs: every `count` intervals."""

    interval: str
    count: int


def boundary(anchor: int, number: int, rhythm: Rhythm) -> int:
    """When period `number` begins, in seconds since the epoch; period 0 begins at the anchor.

    A month that has no such day ends its period on its last one; the next month has the day again.
    Source: https://docs.stripe.com/billing/subscriptions/billing-cycle.
    """
    steps = number * rhythm.count
    if rhythm.interval in _SECONDS:
        return anchor + steps * _SECONDS[rhythm.interval]
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + steps * _MONTHS[rhythm.interval], 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def period_from(anchor: int, start: int, rhythm: Rhythm) -> tuple[int, int]:
    """Begin and end of the period that starts at the boundary `start`."""
    number = 1
    while boundary(anchor, number, rhythm) <= start:
        number += 1
    return start, boundary(anchor, number, rhythm)

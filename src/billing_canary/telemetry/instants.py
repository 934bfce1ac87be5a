"""Instants as text and as seconds since the epoch, and the closed windows between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from billing_canary.clock import utc_text
from billing_canary.telemetry.question import Question

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


_LATEST = 253_402_300_799
"""9999-12-31T23:59:59Z; Python's dates know nothing later."""


def seconds(text: str) -> float:
    """`text` (RFC 3339 with its zone) as seconds since the epoch.

    Raises:
        ValueError: it is something else, or has no zone: local times repeat once a year.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no time with a zone such as 2026-07-01T12:00:00Z")
    instant = datetime.fromisoformat(text.upper()).timestamp()
    if not 0 <= instant <= _LATEST:
        raise ValueError(f"{text[:60]!r} is before 1970 or after 9999")
    return instant


@dataclass(frozen=True, kw_only=True)
class Span:
    """A closed window; whole seconds since the epoch, `end` exclusive."""

    start: int
    end: int

    @property
    def start_text(self) -> str:
        """RFC 3339, UTC."""
        return utc_text(self.start)

    @property
    def end_text(self) -> str:
        """RFC 3339, UTC."""
        return utc_text(self.end)


def closed_spans(question: Question, now: float) -> tuple[Span, ...]:
    """The windows that were closed at `now`, the newest last, aligned to the epoch."""
    return tuple(_spans(question, now))


def _spans(question: Question, now: float) -> Iterator[Span]:
    length = question.window_s
    newest = math.floor((now - question.delay_s) / length) * length
    for back in reversed(range(question.windows)):
        yield Span(start=newest - (back + 1) * length, end=newest - back * length)

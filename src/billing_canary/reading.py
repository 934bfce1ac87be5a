"""What a telemetry source answered, before anybody judges it; it is stored in the bundle as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How asking went."""

    ANSWERED = "answered"
    EMPTY = "empty"
    """The source answered, and has nothing; never a zero."""
    FAILED = "failed"
    """It could not be asked: refused, timed out, HTTP 400, wrong shape."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """One closed window of counts.

    Attributes:
        start: RFC 3339, UTC, inclusive.
        end: exclusive.
        good: successes; None when the source had no number for it (a gap, NaN).
        total: attempts; None the same way.
        problem: why the numbers cannot be used ("gap", "NaN", "overlap", "counter reset", ...), or "".
    """

    start: str
    end: str
    good: int | None
    total: int | None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value at one time, as decimal text: a float would lose what was said.

    Attributes:
        labels: what it belongs to, such as a wallet or a queue, as "key=value,...".
        value: decimal text; "NaN" and infinities stay as they were said.
    """

    at: str
    value: str
    labels: str = ""


@dataclass(frozen=True, kw_only=True)
class RunSeen:
    """One of our own bundles as a trigger sees it. `state` as in the bundle's verification."""

    run_id: str
    kind: str
    state: str
    overall_status: str
    mode: str
    started_at: str
    finished_at: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class IncidentSeen:
    """One incident, from the audit log or another tool's file. `severity`: 1 is the worst."""

    id: str
    severity: int
    billing: bool
    open: bool
    title: str
    opened_at: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The answer to one question of one source.

    Attributes:
        source: name of the source in `gates/rollback.toml`.
        question: the query as it was sent, or the path that was read; no secret in it.
        asked_at: RFC 3339, UTC.
        problem: why it failed, or "".
    """

    source: str
    question: str
    asked_at: str
    outcome: Outcome
    problem: str = ""
    windows: tuple[Window, ...] = ()
    samples: tuple[Sample, ...] = ()
    runs: tuple[RunSeen, ...] = ()
    incidents: tuple[IncidentSeen, ...] = ()

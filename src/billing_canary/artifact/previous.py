"""The run before a run, as its report tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SHORT = 12


@dataclass(frozen=True, kw_only=True)
class PreviousRun:
    """The run before this one of the same mode and target, or of the same tier.

    Attributes:
        changes: sentences: another commit, results that differ.
    """

    run_id: str
    overall_status: str
    commit: str | None
    started_at: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """Since when (RFC 3339 UTC) runs have had the present status, and the run before this one."""

    since: str
    previous: PreviousRun | None


def commit_change(before: str | None, now: str | None) -> Iterator[str]:
    """The sentence about another commit than before, if it is another."""
    if before != now:
        yield f"commit: {(before or 'unknown')[:_SHORT]} before, {(now or 'unknown')[:_SHORT]} now"

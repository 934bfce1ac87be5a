"""What differs between two runs of one kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from billing_canary.artifact.comparable import Comparable


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that differs; None where a run does not have it."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long one thing took in both runs.

    Attributes:
        ratio: after to before, to two digits; None when it took no time before.
    """

    name: str
    before_ms: int
    after_ms: int
    ratio: float | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that differs.

    Attributes:
        facts: verdict, reason, commit, target and the like.
        statuses: probes, suites, faults, items or triggers that came to something else, are new, or gone.
        same: how many came to the same, by status.
        timings: of what both have, the largest difference first.
    """

    facts: tuple[Change, ...]
    statuses: tuple[Change, ...]
    same: Mapping[str, int]
    timings: tuple[Timing, ...]
    coverage: tuple[Change, ...]
    versions: tuple[Change, ...]
    files: tuple[Change, ...]


def compare(before: Comparable, after: Comparable) -> Comparison:
    """What differs in `after` from `before`."""
    kept = before.statuses.items() & after.statuses.items()
    return Comparison(
        facts=_changes(before.facts, after.facts),
        statuses=_changes(before.statuses, after.statuses),
        same=dict(sorted(Counter(status for _, status in kept).items())),
        timings=_timings(before.timings_ms, after.timings_ms),
        coverage=_changes(before.coverage, after.coverage),
        versions=_changes(before.versions, after.versions),
        files=_changes(before.files, after.files),
    )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """In the order of the first run, what is new behind it."""
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def _timings(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Timing, ...]:
    both = [_timing(name, before[name], after[name]) for name in before if name in after]
    return tuple(sorted(both, key=lambda timing: -abs(timing.after_ms - timing.before_ms)))


def _timing(name: str, before: int, after: int) -> Timing:
    ratio = round(after / before, 2) if before else None
    return Timing(name=name, before_ms=before, after_ms=after, ratio=ratio)

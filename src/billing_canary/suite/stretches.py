"""Uncovered lines as stretches, the way that people look for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def stretches(statements: Iterable[int], missing: Collection[int]) -> tuple[tuple[int, int], ...]:
    """First and last line of each run of missing statements; lines without a statement do not part them."""
    wanted = frozenset(missing)
    found: list[tuple[int, int]] = []
    joined = False
    for line in sorted(statements):
        if line in wanted:
            found[-1:] = [(found[-1][0], line)] if joined else [*found[-1:], (line, line)]
        joined = line in wanted
    return tuple(found)

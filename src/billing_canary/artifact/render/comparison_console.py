"""Two runs side by side on a terminal of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from billing_canary.artifact.comparison import Change, Comparison, Timing
from billing_canary.artifact.render.text import duration, fit, plain, wrapped

_WIDTH = 80
_NAME = 34
_MOST_TIMINGS = 10
_MOST_ROWS = 40
_LONGEST = 60
_HASH = 12
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


def comparison_console(found: Comparison) -> Iterator[str]:
    """Its lines: what differs, in sections; a section without a difference is left out."""
    yield from _section("what changed", found.facts, _short)
    yield from _section("results", found.statuses, str)
    if found.same:
        told = ", ".join(f"{count} {plain(status)}" for status, count in found.same.items())
        yield from wrapped(f"the same as before: {told}", _WIDTH, "  ")
    yield from _timings(found.timings)
    yield from _section("coverage", found.coverage, str)
    yield from _section("versions", found.versions, str)
    yield from _section("project files", found.files, _short)


def _section(title: str, changes: Sequence[Change], shown: Callable[[str], str]) -> Iterator[str]:
    if changes:
        yield f"{title}:"
    for change in changes[:_MOST_ROWS]:
        yield from _change(change, shown)
    if len(changes) > _MOST_ROWS:
        yield f"  and {len(changes) - _MOST_ROWS} more (--json has all)"


def _short(text: str) -> str:
    """A hash is cut as Git cuts it."""
    return text[:_HASH] if _DIGEST.fullmatch(text) else text


def _change(change: Change, shown: Callable[[str], str]) -> Iterator[str]:
    before, after = (
        None if value is None else plain(shown(value), _LONGEST) for value in (change.before, change.after)
    )
    if before is None:
        told = f"new: {after}"
    elif after is None:
        told = f"gone (was {before})"
    else:
        told = f"{before} -> {after}"
    name = fit(plain(change.name), _NAME)
    yield from wrapped(f"  {name} {told}", _WIDTH, " " * 6)


def _timings(timings: Sequence[Timing]) -> Iterator[str]:
    changed = [timing for timing in timings if timing.before_ms != timing.after_ms]
    if changed:
        yield "timings, largest difference first:"
    for timing in changed[:_MOST_TIMINGS]:
        ratio = "" if timing.ratio is None else f"  x {timing.ratio:.2f}"
        times = f"{duration(timing.before_ms):>9} -> {duration(timing.after_ms):>9}"
        yield f"  {fit(plain(timing.name), _NAME)} {times}{ratio}"
    if len(changed) > _MOST_TIMINGS:
        yield f"  and {len(changed) - _MOST_TIMINGS} smaller ones (--json has all)"

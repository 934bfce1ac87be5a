"""Two adjacent closed windows out of what a source answered, or why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing_canary.gate.trigger_finding import Finding, seconds_from, whole
from billing_canary.reading import Reading, Window
from billing_canary.rollback import Trigger, TriggerState

_PAIR = 2


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One closed window with usable counts."""

    good: int
    total: int


Pair = tuple[Counted, Counted]


def newest_pair(trigger: Trigger, reading: Reading, judged_at: str) -> Pair | Finding:
    """The two newest windows, earlier first; a finding when the chain is broken or old.

    Raises:
        ValueError: a bound of a window is no instant.
    """
    windows = reading.windows[-_PAIR:]
    if len(windows) < _PAIR:
        return _broken([f"{len(windows)} of 2 closed windows"])
    length = whole(trigger, "window_s")
    problems = list(_problems(windows, judged_at, length))
    if problems:
        return _broken(problems)
    age = seconds_from(windows[1].end, judged_at)
    if age > 2 * length + whole(trigger, "delay_s"):
        reason = f"the newest window ended at {windows[1].end}, more than two windows ago"
        return Finding(state=TriggerState.STALE, reason=reason, fix="see why the source has nothing newer")
    return (_counted(windows[0]), _counted(windows[1]))


def counts(pair: Pair) -> tuple[tuple[int, int], tuple[int, int]]:
    """Both windows as (successes, attempts)."""
    return ((pair[0].good, pair[0].total), (pair[1].good, pair[1].total))


def _counted(window: Window) -> Counted:
    return Counted(good=window.good or 0, total=window.total or 0)


def _broken(problems: Sequence[str]) -> Finding:
    return Finding(
        state=TriggerState.INSUFFICIENT_DATA,
        reason=f"no two adjacent closed windows: {'; '.join(problems)}",
        fix="see why the source has no counts there; the chain starts anew after it",
    )


def _problems(windows: Sequence[Window], judged_at: str, length: int) -> Iterator[str]:
    for window in windows:
        yield from _window_problems(window, judged_at, length)
    apart = seconds_from(windows[0].end, windows[1].start)
    if apart > 0:
        yield f"gap before the window from {windows[1].start}"
    elif seconds_from(windows[0].start, windows[1].start) <= 0:
        yield f"the window from {windows[1].start} is out of order"
    elif apart < 0:
        yield f"the window from {windows[1].start} overlaps the one before"


def _window_problems(window: Window, judged_at: str, length: int) -> Iterator[str]:
    place = f"in the window from {window.start}"
    if seconds_from(window.start, window.end) != length:
        yield f"another length than {length} s {place}"
    if seconds_from(window.end, judged_at) < 0:
        yield f"not closed yet: the window from {window.start}"
    if window.problem:
        yield f"{window.problem} {place}"
    elif window.good is None or window.total is None:
        yield f"no number {place}"
    elif not 0 <= window.good <= window.total:
        yield f"impossible counts {window.good}/{window.total} {place}"
    elif not window.total:
        yield f"0 samples {place}"

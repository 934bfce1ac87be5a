"""Which runs stay: the newest of each outcome, counted apart, and whatever somebody needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

EXAMPLE = "example-"
"""What the ids of example runs begin with."""

_GROUPS = {"pass": "passed", "fail": "failed"}
_OTHER = "other"
_UNREAD = ""
_AT_WORK = "its process is still at work"

RUNNING = "running"
"""The status of a run that has no final file yet, and a process."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many of the newest runs of a kind stay."""

    passed: int
    failed: int
    other: int = 10

    def of(self, group: str) -> int:
        """How many of `group`."""
        return {"passed": self.passed, "failed": self.failed, _OTHER: self.other}[group]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A run that stays, and why. `status` is "" where nobody had to look."""

    run_id: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class KindPlan:
    """What becomes of the runs of one kind; `gone` are the ids of those that go, newest first."""

    kind: str
    kept: tuple[Kept, ...]
    gone: tuple[str, ...]


def plan_kind(
    kind: str,
    run_ids: Sequence[str],
    limits: Limits,
    status_of: Callable[[str], str],
    pinned: Mapping[str, str],
) -> KindPlan:
    """What stays of `run_ids` (newest first), asking for no more statuses than it takes.

    Args:
        kind: the kind of all of them.
        run_ids: their ids.
        limits: how many stay.
        status_of: what a run came to, "" when it is not there any more; asked until every group has as
            many as stay.
        pinned: who needs a run, by its id.
    """
    left = {group: limits.of(group) for group in (*_GROUPS.values(), _OTHER)}
    kept: list[Kept] = []
    gone: list[str] = []
    looked = 0
    while looked < len(run_ids) and (any(left.values()) or not kept):
        run_id = run_ids[looked]
        looked += 1
        status = status_of(run_id)
        if not status:
            continue
        if status == RUNNING:  # takes nobody's place
            kept.append(Kept(run_id=run_id, status=status, reason=_AT_WORK))
            continue
        standing = _standing(status, left, limits) or ("" if kept or gone else "the newest of its kind")
        reason = _pin(run_id, pinned) or standing
        if reason:
            kept.append(Kept(run_id=run_id, status=status, reason=reason))
        else:
            gone.append(run_id)
    rest = run_ids[looked:]
    needed = {
        run_id: _pin(run_id, pinned) for run_id in rest if run_id in pinned or run_id.startswith(EXAMPLE)
    }
    kept += [Kept(run_id=run_id, status=_UNREAD, reason=reason) for run_id, reason in needed.items()]
    gone += [run_id for run_id in rest if run_id not in needed] if needed else rest
    return KindPlan(kind=kind, kept=tuple(kept), gone=tuple(gone))


def _standing(status: str, left: dict[str, int], limits: Limits) -> str:
    """Why a run stays for its outcome, or ""; counts it."""
    group = _GROUPS.get(status, _OTHER)
    if not left[group]:
        return ""
    left[group] -= 1
    return f"{group}, {limits.of(group) - left[group]} of {limits.of(group)}"


def _pin(run_id: str, pinned: Mapping[str, str]) -> str:
    return pinned.get(run_id) or ("an example" if run_id.startswith(EXAMPLE) else "")

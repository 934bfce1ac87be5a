"""Pruning the runs below an artifacts folder: each bundle is looked at once more when it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from billing_canary.artifact.at_work import is_at_work
from billing_canary.artifact.pins import DECISIONS, Pins, find_pins
from billing_canary.artifact.prune_plan import PrunePlan
from billing_canary.artifact.run_index import note_pruned
from billing_canary.artifact.status_reader import note_present
from billing_canary.artifact.trash import discard, finish
from billing_canary.audit.log import AuditLog
from billing_canary.errors import EvidenceError

_AT_WORK = "its process is still at work"
_AT_ONCE = 200
"""Runs whose removal is announced to the index together, before the first of them goes."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What a prune did.

    Attributes:
        removed: "kind/run-id" of what is gone.
        stayed: (kind/run-id, why) of what turned out to be needed.
        problems: (kind/run-id, why) of what the system did not let go.
    """

    removed: tuple[str, ...]
    stayed: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]


def prune(root: Path, plan: PrunePlan, log: Callable[[], AuditLog], now: str) -> Pruned:
    """Remove what `plan` says, and finish what an earlier prune began.

    Args:
        root: the artifacts folder.
        plan: made from bundles, not from the index.
        log: reads the project's audit log again.
        now: RFC 3339 UTC, for the index.

    Raises:
        EvidenceError: it cannot be told what is needed, or the index cannot be written; nothing was removed.
    """
    if plan.unknown:
        raise EvidenceError("nothing was removed:\n    " + "\n    ".join(plan.unknown))
    needs = _Needs(root, log)
    removed: list[str] = []
    stayed: list[tuple[str, str]] = []
    problems: list[tuple[str, str]] = []
    for run, take in _announced(root, plan, now):
        try:
            reason = take(root / run.partition("/")[0], run.partition("/")[2], needs.of(run))
        except (OSError, EvidenceError) as error:
            problems.append((run, str(error)))
            continue
        if reason:
            stayed.append((run, reason))
        else:
            removed.append(run)
    note_present(root, [run for run, _ in (*stayed, *problems)])
    with suppress(OSError):
        note_pruned(root, [run.partition("/")[::2] for run in removed], now)
    return Pruned(removed=tuple(removed), stayed=tuple(stayed), problems=tuple(problems))


_Take = Callable[[Path, str, Callable[[str], str]], str]


def _announced(root: Path, plan: PrunePlan, now: str) -> Iterator[tuple[str, _Take]]:
    """Each run that goes, after the index was told, with how to take it away."""
    runs: list[tuple[str, _Take]] = [(run, finish) for run in plan.left]
    runs += [(f"{kind.kind}/{run_id}", _discard_idle) for kind in plan.kinds for run_id in kind.gone]
    waiting = iter(runs)
    while batch := list(islice(waiting, _AT_ONCE)):
        names = [run.partition("/")[::2] for run, _ in batch]
        try:
            note_pruned(root, names, now)
        except OSError as error:
            raise EvidenceError(
                f"{root}: the index cannot be written, so nothing is removed: {error}"
            ) from error
        yield from batch


def _discard_idle(parent: Path, run_id: str, needed: Callable[[str], str]) -> str:
    folder = parent / run_id
    try:
        return _AT_WORK if is_at_work(folder) else discard(parent, run_id, needed)
    except FileNotFoundError:
        return ""


class _Needs:
    """Who needs a run, read again only when a decision or the audit log has changed."""

    def __init__(self, root: Path, log: Callable[[], AuditLog]) -> None:
        self._root = root
        self._log = log
        self._seen: object = None
        self._read: AuditLog = AuditLog()
        self._pins = Pins()

    def of(self, run: str) -> Callable[[str], str]:
        """A function that tells who needs `run` at the time when it is called."""

        def needed(run_id: str) -> str:
            log = self._log()
            seen = (log.head, log.problems, _decisions(self._root / DECISIONS))
            if seen != self._seen:
                self._pins, self._seen = find_pins(self._root, log), seen
            if self._pins.unknown:
                return f"it cannot be told who needs it: {self._pins.unknown[0]}"
            return self._pins.reason(run.partition("/")[0], run_id)

        return needed


def _decisions(folder: Path) -> tuple[tuple[str, int], ...]:
    """The decisions that there are; a folder's time changes when its final file comes."""
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted((entry.name, _time(entry)) for entry in entries))
    except OSError:
        return ()


def _time(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except OSError:
        return 0

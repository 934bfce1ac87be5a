"""What the bundle of a run tells those who clean up after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from billing_canary.artifact.claim import is_held, is_running
from billing_canary.artifact.journal import Journaled, read_journal
from billing_canary.artifact.kinds import RUN_FILE, kind_named
from billing_canary.artifact.reader import read_run
from billing_canary.errors import EvidenceError, wrong_call

_KIND = "billing-canary"
_GENERATED = re.compile(r"(\d{8}T\d{6}\.\d{3}Z)-[0-9a-f]{4}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class LeftBundle:
    """A bundle whose run is over.

    Attributes:
        started_at: seconds since the epoch, or None when nothing tells it.
        journal: None when there is no bundle, or none in it.
    """

    started_at: float | None
    journal: Journaled | None


def find_left_bundle(root: Path, run_id: str, mode: str) -> LeftBundle:
    """The bundle of the canary run `run_id` below `root`; of an absent one, what its id tells.

    Raises:
        ProjectError: the run is still at work, or ran in another mode than `mode`.
        EvidenceError: the bundle cannot be read, or is of another run.
    """
    folder = root / _KIND / run_id
    if folder.is_symlink() or not folder.is_dir():
        return LeftBundle(started_at=_told_by(run_id), journal=None)
    if not (folder / RUN_FILE).exists():  # ended before it could announce itself, so before all else
        _refuse_running(folder, run_id, "", running=is_held(folder))
        return LeftBundle(started_at=_told_by(run_id), journal=None)
    run = read_run(folder)
    _check(folder, run, run_id, mode)
    started_at = datetime.fromisoformat(run["started_at"]).timestamp()
    return LeftBundle(started_at=started_at, journal=read_journal(folder, run_id))


def _check(folder: Path, run: dict[str, Any], run_id: str, mode: str) -> None:
    if run["run_id"] != run_id:
        raise EvidenceError(f"{folder}: is the bundle of run {run['run_id']!r}")
    if run["mode"] != mode:
        message = f"{run_id} ran in mode {run['mode']}, not {mode}; nothing of it is at a {mode} target"
        raise wrong_call("--run-id", message, "name a run of that mode; a mock ends with its own run")
    finished = (folder / kind_named(_KIND).final).exists()
    _refuse_running(
        folder, run_id, f", process {run['pid']}", running=not finished and is_running(folder, run)
    )


def _refuse_running(folder: Path, run_id: str, process: str, *, running: bool) -> None:
    if running:
        fix = "wait for its end, or end it; if that process is something else, name another --artifacts"
        raise wrong_call("--run-id", f"{run_id} is still running ({folder}{process})", fix)


def _told_by(run_id: str) -> float | None:
    """The start in an id that the program made up itself; a name that only looks alike tells nothing."""
    found = _GENERATED.fullmatch(run_id)
    try:
        return datetime.fromisoformat(found[1]).timestamp() if found else None
    except ValueError:
        return None

"""Whether somebody may still be writing a bundle, or about to show it."""

from __future__ import annotations

import time
from pathlib import Path

from billing_canary.artifact.claim import is_alive, is_held, is_running
from billing_canary.artifact.kinds import KINDS, RUN_FILE
from billing_canary.artifact.reader import read_run
from billing_canary.errors import EvidenceError

_STARTING_S = 3600
"""A folder this young without `run.json` may be a run that is just starting."""


def is_at_work(folder: Path) -> bool:
    """Whether the process that made the bundle in `folder` may still need it.

    In doubt the answer is no for a broken `run.json` that nobody holds, since it is evidence of nothing.

    Raises:
        FileNotFoundError: the folder is gone.
    """
    if not (folder / RUN_FILE).exists():
        return is_held(folder) or time.time() - folder.stat().st_mtime < _STARTING_S
    try:
        run = read_run(folder)
    except EvidenceError:
        return is_held(folder)
    finished = (folder / KINDS[folder.parent.name].final).exists()
    return (is_held(folder) or is_alive(run)) if finished else is_running(folder, run)

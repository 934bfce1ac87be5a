"""Taking a bundle away so that none is ever half there: renamed, looked at once more, doomed, unlinked.

`.trash-<run-id>` is whole, and goes back if somebody turns out to need it. `.gone-<run-id>` may be in
pieces, and only goes. Neither is a run to anybody: the names of runs begin with a letter or a digit.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from billing_canary.artifact.trash_names import GONE, TRASH

try:
    import fcntl
except ImportError:  # no such locks on this system: two prunes at once may then complain
    fcntl = None  # type: ignore[assignment]  # so that the name exists

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)

Needed = Callable[[str], str]
"""Who needs the run with this id, or ""."""


def discard(parent: Path, run_id: str, needed: Needed) -> str:
    """Take the bundle `run_id` away, unless somebody turns out to need it; why it stays, or "".

    A bundle that is gone already, or that another process is just removing, counts as taken away.

    Raises:
        OSError: the system refused; the bundle is whole, or hidden until the next attempt.
    """
    try:
        (parent / run_id).rename(parent / f"{TRASH}{run_id}")
    except FileNotFoundError:
        return ""
    return finish(parent, run_id, needed)


def finish(parent: Path, run_id: str, needed: Needed) -> str:
    """Finish what `discard` began, perhaps in a process that was killed. Answers and raises as `discard`."""
    trash, gone = parent / f"{TRASH}{run_id}", parent / f"{GONE}{run_id}"
    with _owned(trash) as owned:
        if owned:
            # Asked only now: whoever begins to need the run from here on no longer finds it.
            reason = needed(run_id)
            if reason:
                trash.rename(parent / run_id)
                return reason
            if gone.exists():
                _unlink(gone)
            trash.rename(gone)
    _unlink(gone)
    return ""


@contextmanager
def _owned(folder: Path) -> Iterator[bool]:
    """Hold the lock on `folder`; False when it is not there, or in the hands of another prune."""
    try:
        handle = os.open(folder, _FOLDER)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _lock(handle) and _is_still(folder, handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _is_still(folder: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(folder))
    except FileNotFoundError:
        return False


def _unlink(folder: Path) -> None:
    """Remove a folder; links in it are removed, never followed. Another prune may be at it, too."""
    while os.path.lexists(folder):
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)

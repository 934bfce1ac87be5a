"""Whether the process that writes a bundle is still at work: it holds a lock on the bundle's folder.

The system takes the lock away when the process ends, however it ends, so that a lock tells more than
a process id, which another process may have got meanwhile.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # no such locks on this system: the process id has to do
    fcntl = None  # type: ignore[assignment]  # so that the name exists

_TRIES, _PAUSE_S = 50, 0.001
_CLOCKS_DIFFER_S = 2.0
"""The kernel tells starts in ticks since a boot that it dates to whole seconds."""


class FolderLock:
    """A lock on a folder, held until `release` or the end of this process. Not every file system has it."""

    def __init__(self, folder: Path) -> None:
        self._handle: int | None = None
        if fcntl is not None:
            with suppress(OSError):
                self._handle = os.open(folder, os.O_RDONLY)
                _take(self._handle)

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _take(handle: int) -> None:
    """Take the lock; whoever only looks whether it is held has it for a moment."""
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE_S)


def is_held(folder: Path) -> bool:
    """Whether a process holds the lock on `folder`."""
    if fcntl is None:
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def is_running(folder: Path, run: dict[str, Any]) -> bool:
    """Whether the run with this `run.json`, in state `running`, may still be at work.

    In doubt the answer is yes: a process with its id that was there before the run announced itself.
    """
    if is_held(folder):
        return True
    return run["state"] == "running" and is_alive(run)


def is_alive(run: dict[str, Any]) -> bool:
    """Whether the process that wrote this `run.json` may still be there; it may outlive its run a little.

    A process that got the same id later does not count: it was born after the run announced itself.
    """
    born = _born(int(run["pid"]))
    return born is not None and born <= _instant(str(run["started_at"])) + _CLOCKS_DIFFER_S


def _born(pid: int) -> float | None:
    """When process `pid` started, 0.0 when the system does not tell, None when there is no such process."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except OSError:
        pass  # somebody else's process
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except (OSError, StopIteration):
        return 0.0
    if fields[0] in {"Z", "X"}:
        return None
    return float(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

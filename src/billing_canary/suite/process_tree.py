"""Who descends from whom, on Linux; elsewhere a process group has to do.

A process that makes itself a daemon leaves its group and its session. Its parent is then the nearest
ancestor that adopts orphans, so that it can still be found.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of every orphan below it, where the system can do that."""
    import ctypes  # noqa: PLC0415 - only a run of suites needs it

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, children before their own children; none where /proc does not tell."""
    found: list[int] = []
    for child in _children(pid):
        found += [child, *descendants(child)]
    return found


def belongs(pid: int, session: int, mark: bytes) -> bool:
    """Whether `pid` is of `session`, or carries `mark` in the environment that it started with."""
    with suppress(OSError):
        if os.getsid(pid) == session:
            return True
        return mark in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def kill(pid: int) -> None:
    """SIGKILL, if it is still there and ours."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def signal_group(leader: int, number: int) -> None:
    """Send `number` to the process group of `leader`, if there is still one."""
    with suppress(OSError):
        os.killpg(leader, number)


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names are all that is needed
            with suppress(OSError):
                listed = Path(f"/proc/{pid}/task/{thread}/children").read_bytes()
                yield from map(int, listed.split())

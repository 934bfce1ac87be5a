"""`index.jsonl` on disk: appended to under a lock, and healed when somebody left half a line in it.

It only saves reading. So whoever writes it goes on when it cannot be written.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on this system: single appends do not mix all the same
    fcntl = None  # type: ignore[assignment]  # so that the name exists

INDEX_FILE = "index.jsonl"

_LIMIT = 256 * 1024 * 1024
"""Bytes; room for half a million runs. A larger file is no index of ours."""

_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PATIENCE_S = 2.0
_PAUSE_S = 0.005


def read_index(root: Path) -> bytes:
    """The whole index below `root`; b"" when there is none that can be read."""
    try:
        handle = os.open(root / INDEX_FILE, _READ)
    except OSError:
        return b""
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LIMIT:
            return b""
        with open(handle, "rb", closefd=False) as stream:
            return stream.read()
    except OSError:
        return b""
    finally:
        os.close(handle)


def append_lines(root: Path, lines: Iterable[bytes], *, lasting: bool = False) -> None:
    """Append `lines` (without their ends) in one write.

    Args:
        root: the artifacts folder.
        lines: what to append; asked for under the lock.
        lasting: whether it must survive a power cut.

    Raises:
        OSError: the system refused.
    """
    with _locked(root):
        data = b"".join(line + b"\n" for line in lines)
        if not data:
            return
        handle = os.open(root / INDEX_FILE, _APPEND, 0o644)
        try:
            _append(handle, data)
            if lasting:
                os.fsync(handle)
        finally:
            os.close(handle)


def keep_lines(root: Path, is_sound: Callable[[bytes], bool]) -> None:
    """Write the index anew with only the lines that are sound, unless it is in somebody else's hands.

    Raises:
        OSError: the system refused.
    """
    with _locked(root) as owned:
        data = read_index(root)
        if not owned or not data:
            return
        kept = b"".join(line + b"\n" for line in data.split(b"\n") if line and is_sound(line))
        temporary = root / f".{INDEX_FILE}.{os.getpid()}.tmp"
        try:
            temporary.write_bytes(kept)
            temporary.replace(root / INDEX_FILE)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def _append(handle: int, data: bytes) -> None:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{INDEX_FILE} is no regular file")
    if found.st_size and os.pread(handle, 1, found.st_size - 1) != b"\n":
        data = b"\n" + data  # a writer was killed, or its disk was full, in the middle of a line
    while data:
        data = data[os.write(handle, data) :]


@contextmanager
def _locked(root: Path) -> Iterator[bool]:
    """Hold the lock on the folder; False where it could not be had, so that nobody waits for ever."""
    if fcntl is None:
        yield False
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        yield _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(_PAUSE_S)
        except OSError:
            return False
        else:
            return True

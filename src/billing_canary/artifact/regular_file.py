"""Opening files of a bundle that somebody else may have tampered with.

Only regular files are opened, no symbolic link is followed in any part of the path, and nothing
outside the bundle can be reached.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from billing_canary.artifact.paths import unsafe_reason
from billing_canary.errors import EvidenceError

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Non-blocking: opening a FIFO must not wait for somebody to write into it."""

_CHUNK = 1 << 20


@contextmanager
def opened(folder: Path, path: str) -> Iterator[BinaryIO]:
    """The regular file at `path` inside `folder`, open for reading.

    Raises:
        EvidenceError: the path is unsafe, a part of it is a link, or the file is absent, unreadable, a
            FIFO or a device.
    """
    reason = unsafe_reason(path)
    if reason:
        raise EvidenceError(f"{path[:120]!r} {reason}")
    try:
        handle = _descend(folder, path.split("/"))
    except OSError as error:
        raise EvidenceError(f"{folder / path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise EvidenceError(f"{folder / path} is no regular file")
    with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor, no path
        yield stream


def read_bytes(folder: Path, path: str, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises:
        EvidenceError: as `opened`, or the file is larger.
    """
    with opened(folder, path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise EvidenceError(f"{folder / path} is larger than {limit} bytes")
    return data


def measure(folder: Path, path: str) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a regular file, read in pieces.

    Raises:
        EvidenceError: as `opened`.
    """
    size, digest = 0, hashlib.sha256()
    with opened(folder, path) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


def _descend(folder: Path, parts: list[str]) -> int:
    """A descriptor of the file; each folder on the way is opened by its descriptor, never by name."""
    here = os.open(folder, os.O_RDONLY)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = deeper
        return os.open(parts[-1], _FILE, dir_fd=here)
    finally:
        os.close(here)

"""Writing a file whole or not at all, so that a killed run leaves no half evidence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from billing_canary.errors import EvidenceError

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


def write_atomically(file: Path, data: bytes) -> None:
    """Put `data` at `file` through a temporary file beside it: write, fsync, rename, fsync the folder.

    Raises:
        EvidenceError: the system refused (disk full, read-only, quota); names the file. Whatever stood
            at `file` before is untouched, and no temporary file stays behind.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_new(temporary, data)
            temporary.replace(file)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(file.parent)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn the system's refusal to write `file` into an `EvidenceError` that names it."""
    try:
        yield
    except OSError as error:
        raise refusal(file, error) from error


def refusal(file: Path, error: OSError) -> EvidenceError:
    """The error that says that `file` could not be written, and why."""
    return EvidenceError(f"{file} cannot be written: {error.strerror or error}")


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_new(file: Path, data: bytes) -> None:
    with open(os.open(file, _NEW_FILE, 0o644), "wb") as stream:  # noqa: PTH123 - a descriptor, no path
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())

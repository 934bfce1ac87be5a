"""Paths inside a bundle: relative, plain, and never leading out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_LONGEST = 1_000
_SEPARATORS_ELSEWHERE = frozenset("\\:")
"""They would make another path, or a stream, of the name on other systems."""


def unsafe_reason(path: str) -> str | None:
    """Why `path` must not be used inside a bundle, or None when it is safe."""
    if not path or len(path) > _LONGEST:
        return f"has {len(path)} characters; 1 to {_LONGEST} are allowed"
    if path.startswith("/"):
        return "is absolute"
    if not path.isprintable() or _SEPARATORS_ELSEWHERE & set(path):
        return "holds control characters, backslashes or colons"
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return "has an empty, '.' or '..' part"
    return None


def walk(folder: Path) -> Iterator[str]:
    """Every entry below `folder` that is no folder itself, as sorted relative paths.

    Symbolic links are named, never followed.
    """
    yield from sorted(_below(folder, PurePosixPath()))


def _below(folder: Path, prefix: PurePosixPath) -> Iterator[str]:
    for entry in folder.iterdir():
        inside = prefix / entry.name
        if entry.is_dir() and not entry.is_symlink():
            yield from _below(entry, inside)
        else:
            yield str(inside)

"""Whether a file was really written by the attempt that is asked for it, and not found lying around."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SLACK = timedelta(seconds=2)
_OLDEST_SANE_YEAR = 2000
"""Some reporters write a constant such as 1970-01-01: no time at all, rather than an old one."""

Identity = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How things stood just before an attempt started.

    Attributes:
        started_ns: the file system's own time, from a file that was written there then.
        started_at: the same instant.
        before: what stood at each watched path; a path where nothing stood is absent.
    """

    started_ns: int
    started_at: datetime
    before: Mapping[Path, Identity]


def mark(folder: Path, watched: Iterable[Path]) -> Mark:
    """Take the time by writing into `folder`, and note what stands at the `watched` paths."""
    stamp = folder / "started"
    stamp.touch()
    started_ns = stamp.stat().st_mtime_ns
    before = {path: found for path in watched if (found := _identity(path)) is not None}
    started_at = datetime.fromtimestamp(started_ns / 1e9, UTC)
    return Mark(started_ns=started_ns, started_at=started_at, before=before)


def is_fresh(path: Path, mark: Mark) -> bool:
    """Whether the file at `path` was written since `mark`: changed, and with a time that is not older."""
    now = _identity(path)
    if now is None or now == mark.before.get(path):
        return False
    return path.stat().st_mtime_ns >= mark.started_ns


def tells_older(timestamp: str, mark: Mark) -> bool:
    """Whether a report's own `timestamp` (ISO 8601) lies before the mark, in every time zone it may mean.

    A copy of yesterday's report has today's file time; what it says about itself gives it away.
    """
    try:
        told = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    if told.year < _OLDEST_SANE_YEAR:
        return False
    with suppress(OverflowError, OSError):
        meant = [told] if told.tzinfo else [told.replace(tzinfo=UTC), told.astimezone()]
        return max(meant) < mark.started_at - _SLACK
    return False


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size)

"""The audit log on disk: read with suspicion, and only ever appended to, by one writer at a time."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from billing_canary.audit.chain import LOG_LIMIT, content_problems, line_of, next_entry, read_log
from billing_canary.audit.continuation import continuation_problem as continuation_problem  # noqa: PLC0414 - one interface
from billing_canary.audit.log import AUDIT_LOG, AuditEntry, AuditLog, EntryKind
from billing_canary.errors import EvidenceError, Problem, ProjectError, wrong_call
from billing_canary.redact import Redactor

try:
    import fcntl
except ImportError:  # no such locks on this system: reading goes without, appending is refused
    fcntl = None  # type: ignore[assignment]  # so that the name exists

_SAFE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""No link is followed, and opening a FIFO waits for nobody."""

_READ = os.O_RDONLY | _SAFE
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | _SAFE
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PACKED = Path(__file__).parent / "_project"

LOCK_PATIENCE_S = 20.0
"""How long another writer is waited for; one needs milliseconds."""

_LOCK_PAUSE_S = 0.02
_CLOCKS_DIFFER_MS = 300_000
"""Clocks of two machines; an entry is never dated before the one above it."""


def load_log(root: Path) -> AuditLog:
    """The log of the project at `root`; empty when there is none yet, and for the bundled project.

    Whatever is wrong with its content is in `problems`.

    Raises:
        EvidenceError: it cannot be read, or is no regular file.
    """
    if _is_bundled(root) or _absent(root):
        return AuditLog()
    with _opened(root, _READ) as handle:
        _lock(root, handle, exclusive=False)
        return read_log(_content(root, handle))


def append(  # noqa: PLR0913 - one argument for each thing that an entry says
    root: Path,
    kind: EntryKind,
    by: str,
    fields: Mapping[str, str | int],
    now: str,
    *,
    redact: Redactor | None = None,
) -> AuditEntry:
    """Append one entry and return it once it is on disk.

    Secrets in texts are masked, those of the environment, too, when `redact` knows them. The log is
    locked while it is read, checked and written, so that two writers cannot follow on the same entry.
    `now` is RFC 3339, UTC, as `clock.utc_text` writes it.

    Raises:
        ProjectError: the content is wrong, it ends what is not open, this machine's clock is behind, or the
            project is the bundled one.
        EvidenceError: the log has problems, is locked for long, or cannot be written; then it is as before.
    """
    if _is_bundled(root):
        raise bundled_refusal()
    redact = redact or Redactor()
    by, held = redact(by), {n: redact(v) if isinstance(v, str) else v for n, v in fields.items()}
    if _absent(root):  # what is wrong shall not leave an empty file behind
        _refuse_wrong(AuditLog(), next_entry(AuditLog(), kind, by, held, now))
    with _opened(root, _APPEND) as handle:
        _lock(root, handle, exclusive=True)
        log = read_log(_content(root, handle))
        _refuse_broken(root, log)
        entry = next_entry(log, kind, by, held, _dated(log, now))
        _refuse_wrong(log, entry)
        _write(root, handle, line_of(entry))
    return entry


def bundled_refusal() -> ProjectError:
    """That nobody decides anything in the bundled default project."""
    fix = "make a project of your own: billing-canary init FOLDER"
    return wrong_call(AUDIT_LOG, "the bundled project keeps no audit log", fix)


def _is_bundled(root: Path) -> bool:
    return root.resolve() == _PACKED.resolve()


def _absent(root: Path) -> bool:
    """Whether there is no log yet; one that cannot be seen is not absent.

    Raises:
        EvidenceError: the system does not tell.
    """
    try:
        (root / AUDIT_LOG).lstat()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise EvidenceError(f"{root / AUDIT_LOG} cannot be read: {error.strerror}") from error
    return False


def _refuse_broken(root: Path, log: AuditLog) -> None:
    if log.problems:
        listed = "".join(f"\n    {problem}" for problem in log.problems)
        fix = (
            f"compare with Git (git diff {AUDIT_LOG}) and restore it; an incomplete last line may be removed"
        )
        raise EvidenceError(f"{root / AUDIT_LOG} is broken, nothing was appended:{listed}\n    fix: {fix}")


def _refuse_wrong(log: AuditLog, entry: AuditEntry) -> None:
    problems = content_problems(log, entry)
    if problems:
        fix = "see docs/audit-log.md for what each kind of entry holds"
        raise ProjectError([Problem(where=entry.kind, message=problem, fix=fix) for problem in problems])


def _dated(log: AuditLog, now: str) -> str:
    """`now`, or the last entry's time when another machine's clock is a little ahead of this one's."""
    last = log.entries[-1].at if log.entries else now
    if now >= last:
        return now
    if _milliseconds(last) - _milliseconds(now) <= _CLOCKS_DIFFER_MS:
        return last
    message = f"this machine's time is {now}, but the last entry was written at {last}"
    raise wrong_call(AUDIT_LOG, message, "set the clock; if the last entry is wrong, see docs/audit-log.md")


def _milliseconds(at: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - two clocks that differ are rare

    return round(datetime.fromisoformat(at).timestamp() * 1000)


@contextmanager
def _opened(root: Path, flags: int) -> Iterator[int]:
    """The log's descriptor. The folder is opened by itself: it may be a link that leads elsewhere."""
    folder_name, _, name = AUDIT_LOG.rpartition("/")
    try:
        folder = os.open(root / folder_name, _FOLDER)
        try:
            handle = os.open(name, flags, 0o644, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        linked = error.errno == errno.ELOOP
        why = "is a symbolic link" if linked else f"cannot be opened: {error.strerror}"
        raise EvidenceError(f"{root / AUDIT_LOG} {why}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise EvidenceError(f"{root / AUDIT_LOG} is no regular file")
        yield handle
    finally:
        os.close(handle)


def _lock(root: Path, handle: int, *, exclusive: bool) -> None:
    """Wait for the lock; the system gives it back when the descriptor is closed, however that happens.

    Raises:
        EvidenceError: somebody holds it for long, the file was replaced meanwhile, or there are no locks
            here and `exclusive` needs one.
    """
    if fcntl is None:
        if exclusive:
            raise EvidenceError(f"{root / AUDIT_LOG}: this system has no file locks, so nothing is appended")
        return
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise EvidenceError(f"{root / AUDIT_LOG} is locked by another process") from None
            time.sleep(_LOCK_PAUSE_S)
        except OSError as error:
            if exclusive:
                raise EvidenceError(f"{root / AUDIT_LOG} cannot be locked: {error.strerror}") from error
            return  # reading goes without: a half-written line is a problem of the log
    if exclusive and not _still_there(root, handle):
        raise EvidenceError(f"{root / AUDIT_LOG} was replaced while waiting for it; try again")


def _still_there(root: Path, handle: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(handle), os.lstat(root / AUDIT_LOG))
    return False


def _content(root: Path, handle: int) -> bytes:
    """The whole file, or one byte more than a log may have."""
    pieces, missing = [], LOG_LIMIT + 1
    try:
        while missing and (piece := os.pread(handle, min(missing, 1 << 20), LOG_LIMIT + 1 - missing)):
            pieces.append(piece)
            missing -= len(piece)
    except OSError as error:
        raise EvidenceError(f"{root / AUDIT_LOG} cannot be read: {error.strerror}") from error
    return b"".join(pieces)


def _write(root: Path, handle: int, line: bytes) -> None:
    """Append `line` whole or not at all."""
    size = os.fstat(handle).st_size
    if size + len(line) > LOG_LIMIT:
        raise EvidenceError(f"{root / AUDIT_LOG} is full: it would be larger than {LOG_LIMIT} bytes")
    try:
        written = os.write(handle, line)
        if written == len(line):
            os.fsync(handle)
            _sync_folder(root)
            return
        reason = f"the system took {written} of {len(line)} bytes, the disk is full or a limit reached"
    except OSError as error:
        reason = str(error.strerror)
    with suppress(OSError):
        os.ftruncate(handle, size)
        os.fsync(handle)
    raise EvidenceError(f"{root / AUDIT_LOG} cannot be written: {reason}; nothing was appended")


def _sync_folder(root: Path) -> None:
    """Make a new file's name survive a power cut."""
    handle = os.open((root / AUDIT_LOG).parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

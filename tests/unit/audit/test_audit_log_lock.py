"""Two writers at once, and files that are replaced under a writer."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from pathlib import Path

import pytest
from tests.fakes.audit import FIELDS, instant, make_bytes

from billing_canary.audit import log_file
from billing_canary.audit.log import AUDIT_LOG, AuditEntry, EntryKind
from billing_canary.audit.log_file import append, load_log
from billing_canary.errors import EvidenceError

K = EntryKind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "gates").mkdir()
    return tmp_path


def _append(
    root: Path, kind: EntryKind = K.APPROVAL, now: str = instant(0), **fields: str | int
) -> AuditEntry:
    return append(root, kind, "Ada Byron", {**FIELDS[kind], **fields}, now)


def _held(root: Path, mode: int) -> int:
    handle = os.open(root / AUDIT_LOG, os.O_RDONLY)
    fcntl.flock(handle, mode)
    return handle


def test_a_writer_waits_for_the_one_before(root: Path) -> None:
    _append(root)
    handle = _held(root, fcntl.LOCK_EX)
    threading.Timer(0.3, os.close, [handle]).start()
    started = time.monotonic()
    _append(root)

    assert time.monotonic() - started >= 0.25
    assert len(load_log(root).entries) == 2


@pytest.mark.parametrize("mode", [fcntl.LOCK_EX, fcntl.LOCK_SH])
def test_nobody_waits_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    _append(root)
    handle = _held(root, mode)
    monkeypatch.setattr(log_file, "LOCK_PATIENCE_S", 0.1)
    try:
        with pytest.raises(EvidenceError, match="is locked by another process"):
            _append(root)
    finally:
        os.close(handle)
    assert len(load_log(root).entries) == 1


def test_readers_share(root: Path) -> None:
    _append(root)
    handle = _held(root, fcntl.LOCK_SH)
    try:
        assert len(load_log(root).entries) == 1
    finally:
        os.close(handle)


def test_a_file_that_was_replaced_while_waiting_is_not_written(root: Path) -> None:
    """Git replaces files: what is appended to the old one would be lost."""
    _append(root)
    old, new = root / AUDIT_LOG, root / "new"
    new.write_bytes(make_bytes(K.RISK))
    handle = _held(root, fcntl.LOCK_EX)

    def replace() -> None:
        new.replace(old)
        os.close(handle)

    threading.Timer(0.2, replace).start()
    with pytest.raises(EvidenceError, match="was replaced while waiting for it; try again"):
        _append(root)
    assert old.read_bytes() == make_bytes(K.RISK)


def test_a_file_that_is_gone_while_waiting_is_not_written(root: Path) -> None:
    _append(root)
    handle = _held(root, fcntl.LOCK_EX)

    def remove() -> None:
        (root / AUDIT_LOG).unlink()
        os.close(handle)

    threading.Timer(0.2, remove).start()
    with pytest.raises(EvidenceError, match="was replaced while waiting"):
        _append(root)
    assert not (root / AUDIT_LOG).exists()


def test_without_locks_there_is_reading_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _append(root)
    monkeypatch.setattr(log_file, "fcntl", None)

    assert len(load_log(root).entries) == 1
    with pytest.raises(EvidenceError, match="has no file locks"):
        _append(root)


def test_a_file_system_without_locks_is_for_reading_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _append(root)

    def flock(_handle: int, _mode: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert len(load_log(root).entries) == 1
    with pytest.raises(EvidenceError, match="cannot be locked: No locks available"):
        _append(root)


def test_no_descriptor_is_left_open(root: Path) -> None:
    _append(root)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only names are counted
    for _ in range(5):
        _append(root)
        load_log(root)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - only names are counted


def test_threads_do_not_fork_the_chain(root: Path) -> None:
    threads = [threading.Thread(target=_append, args=(root,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    log = load_log(root)
    assert log.problems == ()
    assert len(log.entries) == 16

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.audit import FIELDS, instant, make_bytes

from billing_canary.audit import log_file
from billing_canary.audit.chain import LOG_LIMIT
from billing_canary.audit.log import AUDIT_LOG, AuditEntry, AuditLog, EntryKind
from billing_canary.audit.log_file import append, load_log
from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.redact import Redactor

K = EntryKind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "gates").mkdir()
    return tmp_path


def _append(
    root: Path, kind: EntryKind = K.APPROVAL, now: str = instant(0), **fields: str | int
) -> AuditEntry:
    return append(root, kind, "Ada Byron", {**FIELDS[kind], **fields}, now)


def test_no_file_is_an_empty_log(root: Path) -> None:
    assert load_log(root) == AuditLog()
    assert load_log(root / "nowhere") == AuditLog()
    assert not (root / AUDIT_LOG).exists()


def test_what_is_appended_is_read(root: Path) -> None:
    first, second = _append(root), _append(root, K.RISK, instant(1))

    log = load_log(root)
    assert log.entries == (first, second)
    assert log.problems == ()
    assert log.head == second.digest
    assert (root / AUDIT_LOG).read_bytes() == make_bytes(K.APPROVAL, K.RISK)
    assert stat.S_IMODE((root / AUDIT_LOG).stat().st_mode) & 0o133 == 0


def test_appending_changes_no_byte_before(root: Path) -> None:
    _append(root)
    before = (root / AUDIT_LOG).read_bytes()
    _append(root, K.RISK)

    assert (root / AUDIT_LOG).read_bytes().startswith(before)


def test_problems_are_told_and_stop_every_writer(root: Path) -> None:
    data = make_bytes(K.APPROVAL, K.RISK)[:-10]
    (root / AUDIT_LOG).write_bytes(data)

    (problem,) = load_log(root).problems
    assert problem.startswith("line 2: is cut short")
    with pytest.raises(EvidenceError, match=r"is broken, nothing was appended:\n    line 2: is cut short"):
        _append(root)
    assert (root / AUDIT_LOG).read_bytes() == data


def test_wrong_content_is_a_wrong_call_and_writes_nothing(root: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        append(root, K.APPROVAL, " ", {"commit": "HEAD"}, instant(0))

    assert [problem.message.split()[0] for problem in caught.value.problems] == ["by", "commit", "role"]
    assert list((root / "gates").iterdir()) == []


def test_only_what_is_open_can_be_ended(root: Path) -> None:
    with pytest.raises(ProjectError, match="of is 1, which is no open entry of kind risk"):
        _append(root, K.RISK_CLOSED)
    _append(root, K.RISK)
    _append(root, K.RISK_CLOSED)
    before = (root / AUDIT_LOG).read_bytes()
    with pytest.raises(ProjectError, match="of is 1, which is no open entry of kind risk"):
        _append(root, K.RISK_CLOSED)
    assert (root / AUDIT_LOG).read_bytes() == before


def test_secrets_are_masked_before_they_are_hashed(root: Path) -> None:
    entry = append(
        root,
        K.APPROVAL,
        "Ada rk_test_abcdefgh",
        {**FIELDS[K.APPROVAL], "reason": "4242 4242 4242 4242 and hunter2-hunter2"},
        instant(0),
        redact=Redactor(["hunter2-hunter2"]),
    )

    assert (entry.by, entry.fields["reason"]) == ("Ada [redacted]", "[redacted] and [redacted]")
    assert load_log(root).entries == (entry,)


def test_shapes_are_masked_without_being_asked(root: Path) -> None:
    assert _append(root, reason="sk_test_abcdefgh").fields["reason"] == "[redacted]"


def test_the_bundled_project_keeps_no_log(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_PACKED", root / "gates/..")

    with pytest.raises(ProjectError, match="billing-canary init"):
        _append(root)
    assert not (root / AUDIT_LOG).exists()
    (root / AUDIT_LOG).write_bytes(make_bytes(K.APPROVAL))
    assert load_log(root) == AuditLog()


def test_a_clock_a_little_behind_takes_the_time_above(root: Path) -> None:
    _append(root, now=instant(10))

    assert _append(root, now=instant(5)).at == instant(10)
    assert _append(root, now=instant(11)).at == instant(11)


def test_a_clock_far_behind_is_a_wrong_call(root: Path) -> None:
    _append(root, now=instant(10))

    with pytest.raises(ProjectError, match="set the clock"):
        _append(root, now="2026-11-21T10:04:59.999Z")
    assert len(load_log(root).entries) == 1


def _link(root: Path) -> None:
    (root / "elsewhere").write_bytes(make_bytes(K.APPROVAL))
    (root / AUDIT_LOG).symlink_to(root / "elsewhere")


def _dangling(root: Path) -> None:
    (root / AUDIT_LOG).symlink_to(root / "nowhere")


def _fifo(root: Path) -> None:
    os.mkfifo(root / AUDIT_LOG)


def _folder(root: Path) -> None:
    (root / AUDIT_LOG).mkdir()


def _linked_folder(root: Path) -> None:
    (root / "gates").rmdir()
    (root / "real").mkdir()
    (root / "real/audit-log.jsonl").write_bytes(make_bytes(K.APPROVAL))
    (root / "gates").symlink_to(root / "real")


def _device(root: Path) -> None:
    try:
        os.mknod(root / AUDIT_LOG, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device is not permitted here")


@pytest.mark.parametrize("make", [_link, _dangling, _fifo, _folder, _linked_folder, _device])
def test_only_a_regular_file_is_read_or_written(root: Path, make: Callable[[Path], None]) -> None:
    make(root)

    with pytest.raises(EvidenceError, match=AUDIT_LOG):
        load_log(root)
    with pytest.raises(EvidenceError, match=AUDIT_LOG):
        _append(root)
    assert not (root / "nowhere").exists()


def test_a_link_is_called_one(root: Path) -> None:
    _link(root)

    with pytest.raises(EvidenceError, match=r"is a symbolic link$"):
        load_log(root)


def test_a_log_that_cannot_be_seen_is_not_absent(root: Path) -> None:
    (root / "gates").rmdir()
    (root / "gates").write_text("a file")

    with pytest.raises(EvidenceError, match="cannot be read: Not a directory"):
        load_log(root)


def test_without_a_gates_folder_there_is_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be opened: No such file or directory"):
        _append(tmp_path)


def _failing_write(taken: int | None) -> Callable[[int, bytes], int]:
    """`os.write` on a disk with room for `taken` bytes; None for none at all."""
    real = os.write

    def write(handle: int, data: bytes) -> int:
        if taken is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data[:taken])

    return write


@pytest.mark.parametrize("taken", [None, 0, 1, 100])
def test_a_full_disk_leaves_the_log_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch, taken: int | None
) -> None:
    _append(root)
    before = (root / AUDIT_LOG).read_bytes()
    monkeypatch.setattr(os, "write", _failing_write(taken))

    with pytest.raises(EvidenceError, match="nothing was appended"):
        _append(root)
    assert (root / AUDIT_LOG).read_bytes() == before


def test_a_disk_that_does_not_keep_it_leaves_the_log_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _append(root)
    before = (root / AUDIT_LOG).read_bytes()

    def fsync(_handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(EvidenceError, match="Input/output error; nothing was appended"):
        _append(root)
    assert (root / AUDIT_LOG).read_bytes() == before


def test_a_file_that_cannot_be_read_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _append(root)

    def pread(_handle: int, _size: int, _offset: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", pread)
    with pytest.raises(EvidenceError, match="cannot be read: Input/output error"):
        load_log(root)


def test_a_log_that_is_too_large_is_neither_read_nor_written(root: Path) -> None:
    (root / AUDIT_LOG).touch()
    os.truncate(root / AUDIT_LOG, LOG_LIMIT + 1)

    assert load_log(root).problems == (f"the log is larger than {LOG_LIMIT} bytes",)
    with pytest.raises(EvidenceError, match="larger than"):
        _append(root)


def test_a_log_does_not_grow_beyond_its_limit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(make_bytes(K.APPROVAL))
    monkeypatch.setattr(log_file, "LOG_LIMIT", size)
    _append(root)

    with pytest.raises(EvidenceError, match="is full"):
        _append(root)
    assert (root / AUDIT_LOG).stat().st_size == size

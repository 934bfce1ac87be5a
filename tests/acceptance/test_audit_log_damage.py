"""An audit log that is edited, killed at, written by many at once, or on a disk that is full or read-only."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.fakes.audit import APPROVE, make_bytes

from billing_canary.audit.log import AUDIT_LOG, AuditLog, EntryKind
from billing_canary.audit.log_file import load_log

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary


def _log(home: Canary) -> AuditLog:
    return load_log(home.home)


def _file(home: Canary) -> Path:
    return home.home / AUDIT_LOG


def _edited(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"Ada", b"Eve"), *lines[1:]]


EDITS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "edited": _edited,
    "deleted": lambda lines: lines[1:],
    "swapped": lambda lines: [lines[1], lines[0], lines[2]],
    "duplicated": lambda lines: [lines[0], *lines],
    "cut": lambda lines: [*lines[:2], lines[2][:50]],
    "joined": lambda lines: [lines[0] + lines[1].strip(), *lines[2:]],
    "empty line": lambda lines: [*lines, b"\n"],
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_log_that_somebody_edited_is_neither_listed_nor_continued(home: Canary, edit: str) -> None:
    lines = make_bytes(EntryKind.APPROVAL, EntryKind.RISK, EntryKind.BASELINE).splitlines(keepends=True)
    data = b"".join(EDITS[edit](lines))
    _file(home).write_bytes(data)
    for words in (
        APPROVE,
        ("approve", "--list"),
        ("risk", "list"),
        ("incident", "list"),
        ("baseline", "list"),
    ):
        done = home(*words)
        assert (done.code, done.stdout) == (3, "")
        assert "is broken" in done.stderr
        assert "line " in done.stderr
    assert _file(home).read_bytes() == data


def test_a_link_is_not_followed(home: Canary) -> None:
    outside = home.home.parent / "outside"
    outside.write_bytes(b"")
    _file(home).symlink_to(outside)
    for words in (APPROVE, ("approve", "--list")):
        done = home(*words)
        assert done.code == 3
        assert "is a symbolic link" in done.stderr
    assert outside.read_bytes() == b""


def test_twenty_writers_at_once_make_one_chain(home: Canary) -> None:
    started = [home.start(*APPROVE, "--reason", f"writer {number}", "--quiet") for number in range(20)]
    assert [home.ended(process).code for process in started] == [0] * 20
    log = _log(home)
    assert log.problems == ()
    assert {entry.fields["reason"] for entry in log.entries} == {f"writer {n}" for n in range(20)}
    assert len(log.entries) == 20


WRITER = """
import sys
from pathlib import Path
from billing_canary.audit.log import EntryKind
from billing_canary.audit.log_file import append
from billing_canary.clock import SystemClock, utc_text
fields = {"commit": "a" * 40, "role": "lead", "reason": "x" * 1000}
while True:
    entry = append(Path(sys.argv[1]), EntryKind.APPROVAL, "Ada", fields, utc_text(SystemClock().now()))
    print(entry.sequence, flush=True)
"""


def test_killing_writers_loses_nothing_that_was_told(home: Canary) -> None:
    """What a writer was told is there stays, and the chain holds, wherever the kill hit."""
    chance = random.Random(20_261_121)  # noqa: S311 - the times of kills, no secret
    told = 0
    for _ in range(12):
        argv = [sys.executable, "-c", WRITER, str(home.home)]
        writer = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        heard = writer.communicate()[0].split()
        log = _log(home)
        assert log.problems == ()
        assert len(log.entries) >= max([told, *map(int, heard)])
        told = len(log.entries)
    assert home(*APPROVE).code == 0


def test_killing_the_command_leaves_a_whole_log(home: Canary) -> None:
    chance = random.Random(4)  # noqa: S311 - the times of kills, no secret
    for _ in range(12):
        before = len(_log(home).entries)
        process = home.start(*APPROVE, "--quiet")
        time.sleep(chance.uniform(0.05, 0.5))
        process.kill()
        process.wait()
        log = _log(home)
        assert log.problems == ()
        assert len(log.entries) - before in {0, 1}
    assert home(*APPROVE).code == 0


def test_a_file_that_may_not_grow_stays_as_it_was(home: Canary, tool: Callable[[str], str]) -> None:
    assert home(*APPROVE).code == 0
    before = _file(home).read_bytes()
    for room in (0, 1, 100, len(before) - 1):
        limit = (tool("prlimit"), f"--fsize={len(before) + room}")
        done = home.ended(home.start(*APPROVE, before=limit))
        assert (done.code, done.stdout) == (3, ""), room
        assert f"{AUDIT_LOG} cannot be written" in done.stderr
        assert "nothing was appended" in done.stderr
        assert _file(home).read_bytes() == before
    assert home(*APPROVE).code == 0


ON_A_SMALL_DISK = """
set -u
mount -t tmpfs -o size=8k,mode=755 tmpfs gates
code=0
count=0
while [ "$code" = 0 ] && [ "$count" -lt 20 ]; do
    cp gates/audit-log.jsonl before.jsonl 2>/dev/null || : > before.jsonl
    "$@" || code=$?
    count=$((count + 1))
done
cp gates/audit-log.jsonl after.jsonl
echo "$count" > count
exit "$code"
"""


def test_a_full_disk_leaves_the_log_as_it_was(home: Canary, own_mounts: tuple[str, ...]) -> None:
    before = (*own_mounts, "sh", "-c", ON_A_SMALL_DISK, "sh")
    done = home.ended(home.start(*APPROVE, "--reason", "x" * 900, "--quiet", before=before))
    assert done.code == 3
    assert "nothing was appended" in done.stderr
    assert int((home.home / "count").read_text()) > 2
    assert (home.home / "after.jsonl").read_bytes() == (home.home / "before.jsonl").read_bytes()
    shutil.copy(home.home / "after.jsonl", _file(home))
    assert _log(home).problems == ()


ON_A_READ_ONLY_DISK = """
set -eu
mount --bind gates gates
mount -o remount,bind,ro gates
exec "$@"
"""


def test_a_read_only_disk_can_be_read(home: Canary, own_mounts: tuple[str, ...]) -> None:
    assert home(*APPROVE).code == 0
    data = _file(home).read_bytes()
    before = (*own_mounts, "sh", "-c", ON_A_READ_ONLY_DISK, "sh")
    done = home.ended(home.start(*APPROVE, before=before))
    assert done.code == 3
    assert f"{AUDIT_LOG} cannot be opened: Read-only file system" in done.stderr
    listed = home.ended(home.start("approve", "--list", "--json", before=before))
    assert len(listed.document["approvals"]) == 1
    assert _file(home).read_bytes() == data

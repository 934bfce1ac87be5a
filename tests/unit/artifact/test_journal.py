"""The journal: on disk at once, ids only, and read with suspicion."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from billing_canary.artifact.journal import JOURNAL_FILE, Journal, read_journal
from billing_canary.artifact.log_file import LogFile
from billing_canary.clock import SystemClock
from billing_canary.errors import EvidenceError
from billing_canary.redact import Redactor

RUN = "run-0001"


@contextmanager
def journal(folder: Path, *secrets: str) -> Iterator[Journal]:
    log = LogFile(folder / JOURNAL_FILE, Redactor(secrets))
    yield Journal(log, RUN, SystemClock())
    log.close()


def line(change: str, account: str, run_id: str = RUN) -> str:
    return json.dumps({"at": "", "change": change, "account": account, "run_id": run_id})


def write(folder: Path, *lines: str, end: str = "\n") -> None:
    (folder / "logs").mkdir()
    (folder / JOURNAL_FILE).write_text("\n".join(lines) + end)


def told(folder: Path) -> tuple[tuple[str, ...], int]:
    found = read_journal(folder, RUN)
    assert found is not None
    return found.open, found.unreadable


def test_what_was_opened_and_not_closed_is_open(tmp_path: Path) -> None:
    with journal(tmp_path) as kept:
        for account in ("a1", "é\n2", "a3"):
            kept.opened(account)
        kept.closed("a1")
    assert told(tmp_path) == (("é\n2", "a3"), 0)


def test_no_journal_is_not_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path, RUN) is None
    with journal(tmp_path):
        pass
    assert told(tmp_path) == ((), 0)


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    with journal(tmp_path) as kept, ThreadPoolExecutor(16) as pool:
        list(pool.map(kept.opened, map(str, range(2_000))))
    assert (len(told(tmp_path)[0]), told(tmp_path)[1]) == (2_000, 0)


def test_a_kill_keeps_every_line(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from tests.unit.artifact.test_journal import journal
with journal(Path({str(tmp_path)!r})) as kept:
    for number in range(50):
        kept.opened(f"a{{number}}")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert told(tmp_path) == (tuple(f"a{number}" for number in range(50)), 0)


def test_an_id_that_was_masked_is_a_line_that_tells_nothing(tmp_path: Path) -> None:
    with journal(tmp_path, "secret-id") as kept:
        kept.opened("secret-id")
        kept.opened("plain")
    assert told(tmp_path) == (("plain",), 1)


@pytest.mark.parametrize(
    "bad",
    [
        '{"at": "", "change": "ope',
        "[... 12 bytes left out ...]",
        "[]",
        "{}",
        line("removed", "a"),
        line("opened", ""),
        line("opened", ".."),
        line("opened", "a").replace('"a"', "7"),
        line("opened", "a")[:-1] + ', "account": "b"}',
    ],
)
def test_a_line_that_cannot_be_read_hides_nothing_else(tmp_path: Path, bad: str) -> None:
    write(tmp_path, line("opened", "a1"), bad, line("opened", "a2"))
    assert told(tmp_path) == (("a1", "a2"), 1)


def test_a_last_line_cut_short(tmp_path: Path) -> None:
    write(tmp_path, line("opened", "a1"), line("closed", "a1")[:-9], end="")
    assert told(tmp_path) == (("a1",), 1)


@pytest.mark.parametrize("run_id", ["run-00010", "run-000", "RUN-0001"])
def test_a_line_of_another_run_ends_it(tmp_path: Path, run_id: str) -> None:
    write(tmp_path, line("opened", "a1"), line("opened", "somebody", run_id))
    with pytest.raises(EvidenceError, match="a line is of run"):
        read_journal(tmp_path, RUN)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "elsewhere").write_text(line("opened", "a1"))
    (tmp_path / JOURNAL_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceError):
        read_journal(tmp_path, RUN)

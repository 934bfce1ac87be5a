"""The bundle of a run to clean up after: is the run over, when did it start, what does it name?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from billing_canary.artifact.claim import FolderLock, is_held
from billing_canary.artifact.left_bundle import LeftBundle, find_left_bundle
from billing_canary.clock import utc_text
from billing_canary.errors import EvidenceError, ProjectError

RUN = "run-0001"


def gone_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def bundle(root: Path, run_id: str = RUN, **changes: Any) -> Path:
    folder = root / "billing-canary" / run_id
    folder.mkdir(parents=True)
    run: dict[str, Any] = {
        "schema_version": "1",
        "run_id": run_id,
        "kind": "billing-canary",
        "state": "running",
    }
    run |= {"mode": "staging", "argv": [], "started_at": utc_text(time.time()), "pid": gone_process()}
    run |= {"project": {"root": "", "origin": "", "sha256": {}}, **changes}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def find(root: Path, run_id: str = RUN) -> LeftBundle:
    return find_left_bundle(root, run_id, "staging")


@pytest.fixture
def child() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    with ExitStack() as cleanup:

        def start() -> subprocess.Popen[bytes]:
            process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            cleanup.callback(process.wait)
            cleanup.callback(process.kill)
            return process

        yield start


def test_a_killed_run_tells_its_start(tmp_path: Path) -> None:
    bundle(tmp_path, started_at="2026-11-21T10:00:00.500Z")
    assert find(tmp_path) == LeftBundle(started_at=1795255200.5, journal=None)


def test_its_journal_is_read(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    (folder / "logs").mkdir()
    (folder / "logs/created.jsonl").write_text("")
    journal = find(tmp_path).journal
    assert journal is not None
    assert journal.open == ()


@pytest.mark.parametrize(
    ("run_id", "start"),
    [
        ("20261121T100000.500Z-4f2a", 1795255200.5),
        ("20261121T100000.500Z-nightly", None),
        ("20261121T100000-nightly", None),
        ("20269999T100000.500Z-4f2a", None),
        ("nightly-4711", None),
    ],
)
def test_without_a_bundle_only_a_generated_id_tells_a_start(
    tmp_path: Path, run_id: str, start: float | None
) -> None:
    assert find(tmp_path, run_id) == LeftBundle(started_at=start, journal=None)


def test_a_run_that_holds_its_folder_is_running(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    lock = FolderLock(folder)
    with pytest.raises(ProjectError, match="is still running"):
        find(tmp_path)
    lock.release()
    lock.release()
    assert find(tmp_path).started_at is not None


def test_so_is_one_that_has_not_announced_itself_yet(tmp_path: Path) -> None:
    folder = tmp_path / "billing-canary" / RUN
    folder.mkdir(parents=True)
    lock = FolderLock(folder)
    with pytest.raises(ProjectError, match="is still running"):
        find(tmp_path)
    lock.release()
    assert find(tmp_path) == LeftBundle(started_at=None, journal=None)


def test_a_live_process_that_was_there_before_the_run_is_it(tmp_path: Path) -> None:
    bundle(tmp_path, pid=os.getpid())
    with pytest.raises(ProjectError, match=f"still running .*process {os.getpid()}"):
        find(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs the start of a process")
def test_a_process_that_came_later_got_the_same_number(tmp_path: Path, child: Any) -> None:
    bundle(tmp_path, pid=child().pid, started_at=utc_text(time.time() - 60))
    assert find(tmp_path).started_at is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs the state of a process")
def test_a_zombie_does_nothing_any_more(tmp_path: Path, child: Any) -> None:
    process = child()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    bundle(tmp_path, pid=process.pid)
    assert find(tmp_path).started_at is not None


@pytest.mark.parametrize("state", ["interrupted", "finished"])
def test_a_run_that_says_it_is_over_is_over(tmp_path: Path, state: str) -> None:
    bundle(tmp_path, pid=os.getpid(), state=state)
    assert find(tmp_path).started_at is not None


def test_a_final_file_means_over(tmp_path: Path) -> None:
    (bundle(tmp_path, pid=os.getpid()) / "billing-canary-report.json").write_text("{}")
    assert find(tmp_path).started_at is not None


def test_another_mode_is_a_wrong_call(tmp_path: Path) -> None:
    bundle(tmp_path, mode="mock")
    with pytest.raises(ProjectError, match="ran in mode mock, not staging"):
        find(tmp_path)


@pytest.mark.parametrize("changes", [{"run_id": "run-00010"}, {"pid": "1"}, {"started_at": "yesterday"}])
def test_a_bundle_that_is_not_the_run_s_or_broken_tells_nothing(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    folder = tmp_path / "billing-canary" / RUN
    bundle(tmp_path / "made", **{"run_id": RUN} | changes).parent.rename(folder.parent)
    (folder.parent / changes.get("run_id", RUN)).rename(folder)
    with pytest.raises(EvidenceError):
        find(tmp_path)


def test_the_end_of_a_process_frees_its_lock(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from billing_canary.artifact.claim import FolderLock; "
        f"lock = FolderLock(Path({str(tmp_path)!r})); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_held(tmp_path)
        process.kill()
    assert not is_held(tmp_path)

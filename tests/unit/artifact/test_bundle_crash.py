"""Real kills, full disks and races: what remains is interrupted or whole, never half a pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_canary.artifact import atomic
from billing_canary.artifact.atomic import write_atomically
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.errors import BillingCanaryError, EvidenceError

Claim = Callable[..., BundleWriter]

WRITE_A_RUN = """
import os, resource, signal, sys, time
from pathlib import Path
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.complete import complete_faults
from billing_canary.artifact.head import ReportHead
from billing_canary.model import FaultMatrix, FaultResult, ProjectFiles, Status, Verdict
from billing_canary.redact import Redactor

NOW = "2026-11-21T10:37:16.123Z"
FILES = ProjectFiles(root="/srv/shop", origin="--project")
FAULT = FaultResult(id="F01", title="x", caught=True, by=("p",), claims=("c",), statuses={"p": "fail"},
                    duration_ms=1)
MATRIX = FaultMatrix(run_id="r1", faults=(FAULT,), healthy_runs=1, healthy_alarms=(), started_at=NOW,
                     finished_at=NOW, duration_ms=1)
HEAD = ReportHead(mode="mock", commit=None, dirty=None, argv=(), project=FILES)
PASS = Verdict(overall_status=Status.PASS, reasons=("all caught",))


def claim(root):
    head = {"mode": "mock", "argv": [], "started_at": NOW,
            "project": {"root": "x", "origin": "x", "sha256": {}}}
    return BundleWriter.create(Path(root), "billing-faults", "r1", head, Redactor())


def write(root):
    writer = claim(root)
    writer.open_log().write("hello\\n")
    writer.write_json("runner.json", {}, kind="runner")
    complete_faults(writer, FaultsReport(head=HEAD, matrix=MATRIX, verdict=PASS))
"""

DIE_AT = """
steps = int(sys.argv[2])

def counted(function):
    def call(*arguments, **options):
        global steps
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

os.fsync = counted(os.fsync)
Path.replace = counted(Path.replace)
write(sys.argv[1])
"""

RACE = """
while not Path(sys.argv[2]).exists():
    time.sleep(0.001)
claim(sys.argv[1])
"""

SMALL_FILES_ONLY = """
claim_first = claim(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    claim_first.write_text("big.txt", "x" * 100_000, kind="other")
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE_A_RUN + code, *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_a_run_killed_at_any_step_is_interrupted_or_whole(tmp_path: Path) -> None:
    outcomes = []
    for steps in range(100):
        root = tmp_path / str(steps)
        child = python(DIE_AT, str(root), str(steps))
        _, complaint = child.communicate(timeout=60)
        outcomes.append(verify_bundle(root / "billing-faults/r1").state)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, complaint

    assert outcomes[-1] is BundleState.VERIFIED
    assert len(outcomes) > 15
    assert set(outcomes[:-2]) == {BundleState.INTERRUPTED}
    # The last kill comes between the rename of the final file and the sync of its folder.
    assert outcomes[-2] is BundleState.VERIFIED


def test_one_of_many_racing_processes_owns_the_run_id(tmp_path: Path) -> None:
    go = tmp_path / "go"
    racers = [python(RACE, str(tmp_path / "root"), str(go)) for _ in range(6)]
    go.touch()

    complaints = [racer.communicate(timeout=60)[1] for racer in racers]

    assert sorted(racer.returncode for racer in racers) == [0, 1, 1, 1, 1, 1]
    assert sum("run id taken" in complaint for complaint in complaints) == 5


def test_a_file_that_the_system_refuses_to_grow_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    child = python(SMALL_FILES_ONLY, str(tmp_path))

    complaint = child.communicate(timeout=60)[1]

    assert child.returncode == 1
    assert "EvidenceError" in complaint
    assert "big.txt cannot be written: File too large" in complaint
    assert [file.name for file in (tmp_path / "billing-faults/r1").iterdir()] == ["run.json"]


class FailingDisk:
    """Passes calls on to the system, and fails the one that is `number` in the order of all calls."""

    def __init__(self, number: int) -> None:
        self._left = number

    def passing(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            self._left -= 1
            if self._left == -1:
                raise OSError(28, "No space left on device")
            return function(*arguments, **options)

        return call


FAILING_CALLS = 34
"""So many calls reach the disk in one run; one more fails none."""


@pytest.mark.parametrize("number", range(FAILING_CALLS + 1))
def test_a_disk_that_fills_up_at_any_call_leaves_no_pass(
    number: int, claim: Claim, green: CanaryReport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = FailingDisk(number)
    for place, name in ((os, "fsync"), (atomic, "_write_new"), (Path, "replace"), (Path, "mkdir")):
        monkeypatch.setattr(place, name, disk.passing(getattr(place, name)))
    writer = None
    try:
        writer = claim()
        writer.open_log().write("hello\n")
        writer.write_json("runner.json", runner_metadata({}), kind="runner")
        complete_canary(writer, green)
    except BillingCanaryError as error:
        complaint = str(error)
    else:
        complaint = ""
    if writer is not None:
        writer.interrupt(complaint)

    folder = tmp_path / "billing-canary" / green.run.run_id
    assert not list(tmp_path.rglob("*.tmp"))
    if complaint:
        assert str(tmp_path) in complaint
        assert "No space left on device" in complaint
    whole = BundleState.INTERRUPTED if complaint else BundleState.VERIFIED
    assert verify_bundle(folder).state is whole
    assert bool(complaint) is (number < FAILING_CALLS)


def test_what_stood_there_before_survives_a_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.txt"
    write_atomically(file, b"old")
    monkeypatch.setattr(os, "fsync", FailingDisk(0).passing(os.fsync))

    with pytest.raises(EvidenceError, match=r"kept\.txt cannot be written: No space left"):
        write_atomically(file, b"new")

    assert file.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.txt"]


def test_a_run_that_cannot_announce_itself_gives_its_folder_back(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", FailingDisk(0).passing(os.fsync))
    with pytest.raises(EvidenceError, match=r"run\.json cannot be written"):
        claim()
    monkeypatch.undo()

    assert claim().folder.is_dir()


def test_a_log_that_cannot_be_written_keeps_the_bundle_from_completing(
    claim: Claim, report: CanaryReport
) -> None:
    writer = claim()
    log = writer.open_log()
    log._stream.close()
    log._stream = log._log._sink = Path("/dev/full").open("wb")  # noqa: SIM115 - the log closes it

    log.write("lost\n")

    with pytest.raises(EvidenceError, match=r"run\.log cannot be written: No space left on device"):
        complete_canary(writer, report)
    assert verify_bundle(writer.folder).state is BundleState.INTERRUPTED

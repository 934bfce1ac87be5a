"""kill -9 and Ctrl-C in the middle of a tier: no false pass, and no process of any suite is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.suites import GREEN, make_tier_project, pytest_suite, python, reports

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Processes

KILLS = 60
AT_ONCE = 3
SUITES = 5
DAEMON = f"""
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sleep", ["sleep", "61"], {{}})
    os._exit(0)
os.wait()
time.sleep(0.2)
open(sys.argv[1], "w").write({GREEN!r})
"""
"""Leaves a process behind that is of another session and carries no mark."""


STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def _tier(canary: Canary, **keys: Any) -> None:
    quick = pytest_suite(canary.home, "shop", "def test_a(): pass\ndef test_b(): pass")
    suites = [
        quick,
        {"name": "daemon", "command": python(DAEMON), **keys},
        {"name": "group", "command": reports(GREEN, "sleep 0.2 & sleep 0.3")},
        {"name": "loud", "command": reports(GREEN, "seq 100000")},
        {"name": "artful", "command": reports(GREEN, "echo x > made.txt"), "artifacts": ["made.txt"]},
    ]
    make_tier_project(canary.home, "tried", suites)


def _start(canary: Canary, run_id: str) -> subprocess.Popen[str]:
    devnull = subprocess.DEVNULL
    words = ("confidence", "tried", "--quiet", "--run-id", run_id, "--jobs", "2")
    return canary.start(*words, stdout=devnull, stderr=devnull)


def _marked(run_id: str) -> list[int]:
    """Processes that carry the mark of a run's suites."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"BILLING_CANARY_SUITE={run_id}/".encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
    return found


def _gone(run_id: str, within: float = 3.0) -> bool:
    deadline = time.monotonic() + within
    while _marked(run_id):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_killed_run_is_no_pass_and_leaves_nobody(canary: Canary, processes: type[Processes]) -> None:
    _tier(canary)
    began = time.monotonic()
    assert [_start(canary, f"whole-{n}").wait(60) for n in range(1)] == [0]
    duration = time.monotonic() - began
    seed = random.randrange(2**32)  # noqa: S311 - moments, no secrets
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    waits = [moments.uniform(0, duration * 1.5) for _ in range(KILLS)]

    def kill(number: int) -> int:
        run_id = f"kill-{number}"
        process = _start(canary, run_id)
        time.sleep(waits[number])
        process.send_signal(signal.SIGSTOP)  # so that nobody is born of it while we look
        children = processes.below(process.pid)
        process.kill()
        process.wait(10)
        return len(processes.left(children, within=5)) + (not _gone(run_id))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        left = list(pool.map(kill, range(KILLS)))
    assert left == [0] * KILLS, f"seed {seed}"
    _check_states(canary, seed)
    assert canary("confidence", "tried", "--quiet").code == 0


def _check_states(canary: Canary, seed: int) -> None:
    rows = canary("runs", "verify", "--all", "--json").document["runs"]
    states = {row["run_id"]: row["state"] for row in rows if row["run_id"].startswith("kill-")}
    assert set(states.values()) <= {"interrupted", "verified"}, f"seed {seed}: {states}"
    assert "interrupted" in states.values(), "the moments must hit runs while they write"
    for bundle in canary.bundles("billing-confidence"):
        if bundle.final.exists():
            report = bundle.report
            assert (report["overall_status"], report["suites_passed"]) == ("pass", SUITES), f"seed {seed}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_suite_and_the_bundle_says_so(
    canary: Canary, processes: type[Processes], until: Callable[..., None], number: signal.Signals
) -> None:
    stubborn = python(
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    make_tier_project(
        canary.home, "tried", [{"name": "a", "command": stubborn}, {"name": "b", "command": stubborn}]
    )
    process = canary.start("confidence", "tried", "--run-id", "stopped", "--jobs", "2")
    until(lambda: len([log for log in canary.artifacts.rglob("logs/[ab].log") if log.stat().st_size]) == 2)
    children = processes.below(process.pid)
    sent = time.monotonic()
    process.send_signal(number)
    done = canary.ended(process)
    assert (done.code, time.monotonic() - sent < 3) == (130, True)
    assert "interrupted; the bundle says so" in done.stderr
    assert not processes.left(children)
    (bundle,) = canary.bundles("billing-confidence")
    assert (bundle.run["state"], bundle.run["reason"]) == ("interrupted", "interrupted by a signal")
    assert not bundle.final.exists()
    assert not (bundle.folder / "work").exists()
    assert bundle.text("logs/a.log") == "up\n"


def test_the_keeper_s_own_death_is_no_pass_and_leaves_nobody(
    canary: Canary, processes: type[Processes], until: Callable[..., None]
) -> None:
    make_tier_project(canary.home, "tried", [{"name": "a", "command": python("import time; time.sleep(60)")}])
    process = canary.start("confidence", "tried", "--run-id", "orphaned")
    until(lambda: len(_marked("orphaned")) == 1)
    (keeper,) = (pid for pid in _children(process.pid) if processes.started(pid))
    children = processes.below(process.pid)
    os.kill(keeper, signal.SIGKILL)
    done = canary.ended(process)
    assert done.code == 3
    assert "the process that starts the suites was killed" in done.stderr
    assert not processes.left(children)
    assert not canary.bundles("billing-confidence")[0].final.exists()


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in listed for child in each.read_text().split()]

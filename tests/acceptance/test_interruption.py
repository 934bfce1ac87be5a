"""Ctrl-C, SIGTERM and a closed terminal: exit 130, a bundle that says so, and nobody left behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Processes

WAITS = """
from threading import Event
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="It takes long", severity=Severity.CRITICAL, owner="tests")
def waits(run: ProbeContext) -> None:
    run.expect("It began", True)
    print("the wait begins")
    Event().wait(60)
"""


@pytest.fixture
def waiting(canary: Canary, until: Callable[..., None]) -> Callable[..., subprocess.Popen[str]]:
    """Starts a run and comes back while its probe waits."""
    canary.project(slow=WAITS)

    def start(*words: str, **popen: Any) -> subprocess.Popen[str]:
        process = canary.start("probe", *words, **popen)
        until(lambda: any("the wait begins" in log.read_text() for log in canary.artifacts.rglob("run.log")))
        return process

    return start


Waiting = Callable[..., subprocess.Popen[str]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_once_and_the_bundle_says_so(
    canary: Canary, waiting: Waiting, processes: type[Processes], number: signal.Signals
) -> None:
    process = waiting()
    children = processes.below(process.pid)
    assert len(children) == 1, "the reference service"
    sent = time.monotonic()
    process.send_signal(number)
    done = canary.ended(process)
    assert done.code == 130
    assert time.monotonic() - sent < 5
    assert (done.stdout, "interrupted; the bundle says so" in done.stderr) == ("", True)
    assert not processes.left(children)
    _is_interrupted(canary)


def _is_interrupted(canary: Canary) -> None:
    run = canary.bundle.run
    assert (run["state"], run["reason"]) == ("interrupted", "interrupted by a signal")
    assert not canary.bundle.final.exists()
    listed = canary("runs", "list")
    assert listed.stdout.startswith("interrupted ")
    assert canary("runs", "verify", "--all").code == 3
    assert canary("runs", "show", canary.bundle.folder.name).code == 3


def test_ctrl_c_twice_leaves_the_same(canary: Canary, waiting: Waiting, processes: type[Processes]) -> None:
    process = waiting()
    children = processes.below(process.pid)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    stderr = process.communicate(timeout=30)[1]
    assert process.returncode not in {0, 1}, stderr
    assert not processes.left(children)
    assert not canary.bundle.final.exists()
    assert canary.bundle.run["state"] in {"interrupted", "running"}
    assert canary("runs", "verify", "--all").code == 3


def test_ctrl_c_at_a_terminal_reaches_the_whole_group(
    canary: Canary, processes: type[Processes], until: Callable[..., None]
) -> None:
    canary.project(slow=WAITS)
    argv = [sys.executable, "-m", "billing_canary", "probe"]
    pid, terminal = pty.fork()
    if pid == 0:  # the child: nothing of pytest may run here
        os.chdir(canary.home)
        os.execv(argv[0], argv)  # noqa: S606 - an argument list
    try:
        until(lambda: any("the wait begins" in log.read_text() for log in canary.artifacts.rglob("run.log")))
        children = processes.below(pid)
        os.write(terminal, b"\x03")
        ended, status = os.waitpid(pid, 0)
        assert (ended, os.waitstatus_to_exitcode(status)) == (pid, 130)
    finally:
        os.close(terminal)
    assert not processes.left(children)
    _is_interrupted(canary)


def test_an_interrupted_run_with_json_prints_no_verdict(canary: Canary, waiting: Waiting) -> None:
    process = waiting("--json")
    process.send_signal(signal.SIGTERM)
    done = canary.ended(process)
    assert (done.code, done.stdout) == (130, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fault_matrix_leaves_nobody(
    canary: Canary, processes: type[Processes], until: Callable[..., None], number: signal.Signals
) -> None:
    process = canary.start("faults", "--jobs", "2")
    until(lambda: any(log.stat().st_size for log in canary.artifacts.rglob("run.log")))
    children = processes.below(process.pid)
    assert len(children) >= 3, "two workers and what they started"
    sent = time.monotonic()
    process.send_signal(number)
    done = canary.ended(process)
    assert (done.code, done.stdout) == (130, "")
    assert time.monotonic() - sent < 8, "what nobody records any more must not be waited for"
    assert not processes.left(children)
    (bundle,) = canary.bundles("billing-faults")
    assert (bundle.run["state"], bundle.final.exists()) == ("interrupted", False)


def test_a_killed_fault_matrix_leaves_nobody(
    canary: Canary, processes: type[Processes], until: Callable[..., None]
) -> None:
    process = canary.start("faults", "--jobs", "2", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: any(log.stat().st_size for log in canary.artifacts.rglob("run.log")))
    process.send_signal(signal.SIGSTOP)  # so that nobody is born while we look
    children = processes.below(process.pid)
    process.kill()
    assert process.wait(10) == -signal.SIGKILL
    assert not processes.left(children, within=6)
    assert canary("runs", "list").stdout.startswith("interrupted ")

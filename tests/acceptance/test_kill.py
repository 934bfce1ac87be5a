"""kill -9 at any moment: never a pass that did not happen, never a process left behind."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Processes

KILLS = 50
AT_ONCE = 2


def _start(canary: Canary, run_id: str) -> subprocess.Popen[str]:
    devnull = subprocess.DEVNULL
    words = ("probe", "--quiet", "--run-id", run_id)
    return canary.start(*words, stdout=devnull, stderr=devnull)


def _duration(canary: Canary) -> float:
    """How long a run takes here, from start to end, while another one runs beside it."""
    started = time.monotonic()
    pair = [_start(canary, f"whole-{number}") for number in range(AT_ONCE)]
    assert {process.wait(60) for process in pair} == {0}
    return time.monotonic() - started


def test_a_killed_run_is_absent_interrupted_or_complete(canary: Canary, processes: type[Processes]) -> None:
    duration = _duration(canary)
    seed = random.randrange(2**32)  # noqa: S311 - moments, no secrets
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    waits = [moments.uniform(0, duration) for _ in range(KILLS)]

    def kill(number: int) -> int:
        process = _start(canary, f"kill-{number}")
        time.sleep(waits[number])
        process.send_signal(signal.SIGSTOP)  # so that nobody is born while we look
        children = processes.below(process.pid)
        process.kill()
        process.wait(10)
        return len(processes.left(children))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        left = list(pool.map(kill, range(KILLS)))
    assert left == [0] * KILLS, f"seed {seed}"
    states = _states(canary)
    assert set(states.values()) <= {"interrupted", "verified"}, f"seed {seed}: {states}"
    assert "interrupted" in states.values(), "the moments must hit runs while they write"
    assert canary("probe", "--quiet").code == 0


def _states(canary: Canary) -> dict[str, str]:
    """What each killed run that left a folder is worth; a pass must hold every probe."""
    done = canary("runs", "verify", "--all", "--json")
    listed = canary("probe", "--list", "--json").document["probes"]
    states = {row["run_id"]: row["state"] for row in done.document["runs"] if "kill-" in row["run_id"]}
    for bundle in canary.bundles():
        if bundle.folder.name in states:
            assert bundle.final.exists() == (states[bundle.folder.name] != "interrupted")
        if bundle.final.exists():
            report = bundle.report
            assert (report["overall_status"], len(report["probes"])) == ("pass", len(listed))
            assert {probe["status"] for probe in report["probes"]} == {"pass"}
    return states

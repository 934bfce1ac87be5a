"""Probe files that are broken, hang, crash or end the process: the others go on, and nothing passes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Processes

HEAD = "from billing_canary import ProbeContext, Severity, billing_probe\nimport os, sys, threading, time\n"
SLOW_MS = 400


def _probe(body: str, severity: str = "CRITICAL") -> str:
    declared = f'@billing_probe(title="It misbehaves", severity=Severity.{severity}, owner="tests")'
    return f"{HEAD}\n{declared}\ndef misbehaves(run: ProbeContext) -> None:\n    {body}\n"


def _beside(quick: Canary, text: str) -> None:
    (quick.home / "probes" / "bad.py").write_text(text, encoding="utf-8")


LOADING = {
    "syntax": ("import os\nx = = 1\n", "probes/bad.py:2: syntax error"),
    "raises": ("\n\nraise RuntimeError('no')\n", "probes/bad.py:3: cannot be loaded: RuntimeError: no"),
    "exits": ("import sys\nsys.exit(0)\n", "probes/bad.py:2: cannot be loaded: SystemExit"),
    "imports": ("import no_such_module\n", "probes/bad.py:1: cannot be loaded: ModuleNotFoundError"),
    "null bytes": ("x = 1\0\n", "probes/bad.py"),
    "no title": (_probe("pass").replace("It misbehaves", ""), "bad.misbehaves: needs a title"),
    "bad severity": (HEAD + 'billing_probe(title="x", severity=Severity.HUGE, owner="o")', "probes/bad.py:3"),
    "declared twice": (_probe("pass") + _probe("pass"), "bad.misbehaves: is declared twice"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("case", "command"), [*((case, "probe") for case in LOADING), ("syntax", "faults"), ("exits", "doctor")]
)
def test_a_file_that_cannot_be_loaded_stops_everything(quick: Canary, case: str, command: str) -> None:
    text, named = LOADING[case]
    _beside(quick, text)
    done = quick(command)
    assert done.code == 2
    assert named in done.stderr + done.stdout
    assert "fix: " in done.stderr + done.stdout
    assert not quick.artifacts.exists()


def test_every_broken_file_is_said_at_once(quick: Canary) -> None:
    for number in range(3):
        (quick.home / "probes" / f"bad{number}.py").write_text("1 +", encoding="utf-8")
    done = quick("probe")
    assert (done.code, done.stderr.count("syntax error")) == (2, 3)
    assert "3 problems; nothing was run" in done.stderr


RUNNING = {
    "raises": ("raise RuntimeError('not today')", "RuntimeError"),
    "exits": ("sys.exit(0)", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "hangs": ("run.expect('It began', True); time.sleep(600)", "did not end within 0.4 s"),
    "spins": ("run.expect('It began', True)\n    while True: pass", "did not end within 0.4 s"),
    "waits for ever": ("threading.Event().wait()", "did not end within 0.4 s"),
    "records nothing": ("pass", "it recorded no evidence"),
    "recurses": ("run.run = lambda: run.run()\n    run.run()", "RecursionError"),
    "raises from a broken exception": (
        "class Odd(Exception):\n        __str__ = None\n    raise Odd",
        "",
    ),
}


@pytest.mark.parametrize("case", RUNNING)
def test_a_probe_that_breaks_is_an_error_and_harms_no_other(quick: Canary, case: str) -> None:
    body, reason = RUNNING[case]
    _beside(quick, _probe(body))
    quick.edit("probes/targets.toml", "probe_ms = 20000", f"probe_ms = {SLOW_MS}")
    started = time.monotonic()
    done = quick("probe")
    assert time.monotonic() - started < 15
    broken = quick.bundle.probe("bad.misbehaves")
    assert (done.code, quick.bundle.report["overall_status"]) == (3, "inconclusive")
    assert broken["status"] == "error"
    assert reason in broken["reason"]
    assert quick.bundle.probe("quick.adds_up")["status"] == "pass"
    assert quick.bundle.state == "verified"


def test_a_claim_that_failed_before_the_probe_broke_is_kept(quick: Canary) -> None:
    _beside(quick, _probe("run.expect('It works', False); raise RuntimeError"))
    done = quick("probe")
    assert done.code == 1
    (row,) = quick.bundle.probe("bad.misbehaves")["evidence"]
    assert (row["claim"], row["held"]) == ("It works", False)
    assert "It works" in done.stdout


def test_a_broken_probe_of_little_weight_is_told_but_stops_nothing(quick: Canary) -> None:
    _beside(quick, _probe("raise RuntimeError", "MINOR"))
    done = quick("probe")
    assert done.code == 0
    assert "bad.misbehaves" in done.stdout
    assert quick.bundle.probe("bad.misbehaves")["status"] == "error"


@pytest.mark.parametrize("code", [0, 7])
def test_a_probe_that_ends_the_process_leaves_no_evidence_of_a_pass(
    quick: Canary, processes: type[Processes], code: int
) -> None:
    """Nobody can stop os._exit; what it leaves is an interrupted bundle, and no verdict is printed."""
    _beside(quick, _probe(f"run.expect('It began', True); os._exit({code})"))
    process = quick.start("probe")
    done = quick.ended(process)
    assert "PASS" not in done.stdout
    assert not quick.bundle.final.exists()
    assert quick("runs", "verify", "--all").code == 3
    assert not processes.left(processes.below(process.pid))


def test_what_a_probe_prints_goes_to_the_log_alone(quick: Canary) -> None:
    body = "print('to stdout'); print('to stderr', file=sys.stderr); run.expect('It speaks', True)"
    _beside(quick, _probe(body))
    done = quick("probe", "--json")
    assert (done.code, done.document["overall_status"]) == (0, "pass")
    log = quick.bundle.text("logs/run.log")
    for text in ("to stdout", "to stderr"):
        assert text in log
        assert text not in done.stdout + done.stderr


def test_control_characters_of_a_probe_reach_no_terminal(quick: Canary) -> None:
    claim = "\\x1b]0;owned\\x07\\x1b[2J </td><script>alert(1)</script> ]]> | `x`"
    _beside(quick, _probe(f"run.expect('{claim}', '{claim}', equals='\\u202e\\ud800\\0')"))
    done = quick("probe")
    assert done.code == 1
    assert not set("\x1b\x07\x00\u202e") & set(done.stdout)
    assert quick("runs", "verify", "--all").code == 0
    shown = quick("runs", "show", quick.bundle.folder.name)
    assert not set("\x1b\x07\x00\u202e") & set(shown.stdout)

"""What goes to stdout and stderr: one JSON document, colours on terminals alone, and lost readers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

ESCAPE = "\x1b"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BROKEN = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Two and two are five", severity=Severity.CRITICAL, owner="tests")
def fails(run: ProbeContext) -> None:
    run.expect("Two and two are five", 2 + 2, equals=5)
"""
JSON_CALLS = {
    "probe --run-id one --json": "probes",
    "probe --run-id one --json --quiet": "probes",
    "probe --run-id one --json --max-amount-rub 0": "probes",
    "probe --list --json": "probes",
    "mock --list-faults --json": "faults",
    "doctor --json": "findings",
    "init mine --json": "files",
    "runs list --json": "runs",
    "runs verify --all --json": "runs",
}


@pytest.mark.parametrize("words", JSON_CALLS)
def test_json_is_one_document_and_nothing_else(quick: Canary, words: str) -> None:
    done = quick(*words.split())
    assert JSON_CALLS[words] in done.document
    assert done.stdout.count("\n") >= 1
    assert ESCAPE not in done.stdout + done.stderr


def test_json_is_one_document_for_a_failure_too(canary: Canary) -> None:
    canary.project(broken=BROKEN)
    done = canary("probe", "--json")
    assert (done.code, done.document["overall_status"]) == (1, "fail")
    assert done.document == canary.bundle.report
    assert "Two and two are five" in done.stderr
    assert COLOUR.sub("", done.stderr) == done.stderr


def test_json_of_recorded_runs_is_what_stands_on_disk(quick: Canary) -> None:
    assert quick("probe", "--run-id", "one").code == 0
    shown = quick("runs", "show", "one", "--json")
    assert (shown.code, shown.document) == (0, quick.bundle.report)
    (row,) = quick("runs", "list", "--json").document["runs"]
    assert (row["run_id"], row["status"], row["kind"]) == ("one", "pass", "billing-canary")
    verified = quick("runs", "verify", "one", "--json")
    assert (verified.code, verified.document["runs"][0]["state"]) == (0, "verified")


def test_json_of_a_fault_matrix_is_its_final_file(canary: Canary) -> None:
    done = canary("faults", "--only", "F85", "--healthy-runs", "1", "--json")
    assert done.code == 0
    assert [fault["id"] for fault in done.document["faults"]] == ["F85"]
    assert done.document == canary.bundles("billing-faults")[0].report


@pytest.mark.parametrize(
    "words", ["probe --only nothing --json", "runs show none --json", "faults --only X --json"]
)
def test_a_wrong_call_prints_no_json(quick: Canary, words: str) -> None:
    done = quick(*words.split())
    assert (done.code, done.stdout) == (2, "")
    assert "fix: " in done.stderr


def test_quiet_says_the_verdict_alone(quick: Canary) -> None:
    done = quick("probe", "--quiet")
    assert done.stderr == ""
    assert done.stdout.startswith("PASS: ")


def test_a_pipe_gets_plain_lines(canary: Canary) -> None:
    canary.project(broken=BROKEN)
    done = canary("probe", env={"CI": "true"})
    assert ESCAPE not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr
    assert "fail: broken.fails: Two and two are five: expected 5, observed 4" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 100


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = os.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def _on_a_terminal(canary: Canary, *words: str, env: dict[str, str]) -> str:
    """All that appears on a pseudo-terminal."""
    with _terminal() as (ours, theirs):
        process = canary.start(*words, env={"TERM": "xterm", **env}, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux answers so when the other side is closed
                break
            if not piece:
                break
            shown += piece
        process.wait(60)
    return shown.decode()


def test_a_terminal_gets_colours_and_a_live_counter(canary: Canary) -> None:
    only = ("--only", "operations.*")
    total = len(canary("probe", *only, "--list", "--json").document["probes"])
    shown = _on_a_terminal(canary, "probe", *only, env={})
    assert re.search(r"\x1b\[32m\x1b\[1mPASS", shown)
    for done in range(1, total + 1):
        assert f"\r{ESCAPE}[K{done}/{total} operations." in shown
    assert shown.rindex(f"{total}/{total}") < shown.rindex(f"\r{ESCAPE}[K") < shown.index("PASS")


def test_a_red_run_is_red_on_a_terminal(canary: Canary) -> None:
    canary.project(broken=BROKEN)
    assert re.search(r"\x1b\[31m\x1b\[1mFAIL", _on_a_terminal(canary, "probe", env={}))


def test_no_color_is_honoured_on_a_terminal(canary: Canary) -> None:
    shown = _on_a_terminal(canary, "probe", "--only", "operations.*", env={"NO_COLOR": "1"})
    assert "PASS" in shown
    assert not COLOUR.search(shown)


FULL = "/dev/full"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("redirection", "code"),
    [
        (">&-", 1),
        ("2>&-", 1),
        ("<&- >&- 2>&-", 1),
        (f"2>{FULL}", 1),
        (f">{FULL}", 1),
        ("| true", 1),
        ("2>&1 | true", 1),
        ("2>&1 | head -1", 1),
    ],
)
def test_lost_output_changes_neither_verdict_nor_bundle(
    canary: Canary, redirection: str, code: int, unbuffered: str
) -> None:
    canary.project(broken=BROKEN)
    assert _shell(canary, f"probe --run-id one {redirection}", unbuffered) == code
    assert (canary.bundle.report["overall_status"], canary.bundle.state) == ("fail", "verified")


@pytest.mark.parametrize(
    ("redirection", "code"),
    [(">&-", 0), ("2>&-", 0), (f"2>{FULL}", 0), ("--json | true", 0), ("2>&1 | true", 0), (f">{FULL}", 3)],
)
def test_a_pass_is_a_pass_though_nobody_reads_it(quick: Canary, redirection: str, code: int) -> None:
    """Only an answer that was asked for and lost, on a full disk, is "can't tell"."""
    assert _shell(quick, f"probe --run-id one {redirection}") == code
    assert (quick.bundle.report["overall_status"], quick.bundle.state) == ("pass", "verified")


def test_a_full_stdout_is_said(quick: Canary) -> None:
    with open(FULL, "w") as full:  # noqa: PTH123 - a device
        done = quick("doctor", stdout=full)
    assert (done.code, done.stderr) == (3, "stdout cannot be written: No space left on device\n")


def _shell(canary: Canary, line: str, unbuffered: str = "") -> int:
    """The exit code of the command in a shell line; with a pipe, of its first part."""
    script = f'set -o pipefail; "$@" {line}; exit ${{PIPESTATUS[0]}}'
    # Words after `-c script` are $0, $1 ...: the command line comes from `start` itself.
    process = canary.start(
        before=("bash", "-c", script, "bash"),
        env={"PYTHONUNBUFFERED": unbuffered} if unbuffered else {},
        stdout=subprocess.DEVNULL,
    )
    return canary.ended(process).code

"""`python -m billing_canary.reference`: it says where it listens, and never outlives its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

SETTINGS = {"build_id": "b-7", "provider_key": "sk_test_x", "webhook_secret": "whsec_x", "admin_key": "adm"}
ARGV = [sys.executable, "-m", "billing_canary.reference"]

PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen({ARGV!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write({json.dumps(SETTINGS).encode()!r} + b"\\n")
child.stdin.flush()
sys.stdout.write(child.stdout.readline().decode())
sys.stdout.flush()
time.sleep(60)
"""


def run_to_end(first_line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(ARGV, input=first_line, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(ARGV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def begin(process: subprocess.Popen[str], **settings: Any) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({**SETTINGS, **settings}) + "\n")
    process.stdin.flush()
    ready: dict[str, Any] = json.loads(process.stdout.readline())
    return ready


def test_it_serves_until_its_input_ends(child: subprocess.Popen[str]) -> None:
    ready = begin(child, faults=["F85"])
    version = requests.get(f"{ready['backend_url']}/version", timeout=5)
    assert version.json()["build_id"] == "b-7-previous"
    assert (ready["pid"], ready["build_id"], ready["faults"]) == (child.pid, "b-7", ["F85"])
    assert ready["provider_url"].startswith("http://127.0.0.1:")
    assert child.stdin
    started = time.monotonic()
    child.stdin.close()
    assert child.wait(5) == 0
    assert time.monotonic() - started < 3


def test_sigterm_ends_it_in_good_order(child: subprocess.Popen[str]) -> None:
    begin(child)
    child.send_signal(signal.SIGTERM)
    assert child.wait(5) == 0


def test_it_does_not_outlive_a_killed_parent(eventually: Callable[..., Any]) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        ready = json.loads(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(5)
        eventually(lambda: not is_running(ready["pid"]))


def is_running(pid: int) -> bool:
    """Whether `pid` still does something; a zombie that nobody reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - procfs is no path of ours
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no JSON"),
        ("{broken", "no JSON"),
        (json.dumps({**SETTINGS, "faults": ["F99"]}), "F99"),
        (json.dumps({**SETTINGS, "admin_key": 5}), "admin_key"),
        (json.dumps({**SETTINGS, "database": "/nowhere/billing.sqlite"}), "unable to open"),
        (json.dumps({**SETTINGS, "provider_url": "nowhere"}), "no http(s) address"),
    ],
)
def test_bad_settings_are_answered_on_stdout_with_exit_code_2(line: str, message: str) -> None:
    done = run_to_end(line + "\n")
    assert done.returncode == 2
    assert message in json.loads(done.stdout)["error"]
    assert done.stderr == ""

"""The reference service as a child process: `python -m billing_canary.reference`.

One JSON line of settings comes in on stdin, so that secrets stay off the command line; one JSON line
with the addresses goes out on stdout. The process ends when stdin does, hence with its parent.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from dataclasses import asdict
from types import FrameType
from typing import NoReturn, TextIO

from billing_canary.errors import BillingCanaryError, ExitCode, ProjectError, wrong_call
from billing_canary.reference.service import Settings, start
from billing_canary.reference.settings import parse_settings

_SWITCH_S = 0.001
"""SQLite gives the interpreter lock up at every statement. At Python's usual 5 ms to get it back, one
transaction under load holds the store for tens of milliseconds."""


def main() -> int:
    """Serve until stdin ends or SIGTERM comes; the exit code."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    sys.setswitchinterval(_SWITCH_S)
    try:
        settings = _read_settings(sys.stdin)
        running = start(settings)
    except (BillingCanaryError, OSError, ValueError, sqlite3.Error) as error:
        problems = error.problems if isinstance(error, ProjectError) else ()
        _say({"error": str(error), "problems": [asdict(problem) for problem in problems]})
        return ExitCode.WRONG_CALL
    try:
        addresses = {"backend_url": running.backend_url, "provider_url": running.provider_url}
        _say(
            {**addresses, "pid": os.getpid(), "build_id": settings.build_id, "faults": list(settings.faults)}
        )
        sys.stdin.read()
    finally:
        running.stop()
    return ExitCode.YES


def _read_settings(stream: TextIO) -> Settings:
    try:
        return parse_settings(json.loads(stream.readline()))
    except json.JSONDecodeError:
        raise wrong_call("stdin", "the first line is no JSON", "send one JSON object in one line") from None


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _exit_on_signal(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the shape of a handler
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the clean-up short
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

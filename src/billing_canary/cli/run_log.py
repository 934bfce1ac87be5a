"""The run's log: what happened, and whatever a probe or a library printed or logged meanwhile."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billing_canary.artifact.log_file import LogFile
from billing_canary.clock import SystemClock, utc_text
from billing_canary.model import ProbeResult


class _LineLog(io.TextIOBase):
    """Takes prints in pieces and logs whole lines, each with its time and the thread that said it.

    A secret printed in two pieces would pass a redactor that sees the pieces alone.
    """

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self._pieces: dict[str, str] = {}
        self._lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        name = threading.current_thread().name
        with self._lock:
            *lines, rest = (self._pieces.get(name, "") + text).split("\n")
            self._pieces[name] = rest
            for line in lines:
                self._line(name, line)
        return len(text)

    def drain(self) -> None:
        """Log what was printed without a line's end."""
        with self._lock:
            for name, rest in self._pieces.items():
                if rest:
                    self._line(name, rest)
            self._pieces.clear()

    def _line(self, name: str, line: str) -> None:
        self._log.write(f"{utc_text(SystemClock().now())} {name} | {line}\n")


@contextmanager
def recorded_output(log: LogFile) -> Iterator[Callable[[ProbeResult], None]]:
    """Within this block prints and log records go to `log`, not to the terminal.

    Yields:
        A function that logs the result of one probe with its evidence.
    """
    lines = _LineLog(log)
    handler = logging.StreamHandler(lines)
    root = logging.getLogger()
    before = sys.stdout, sys.stderr
    root.addHandler(handler)
    sys.stdout = sys.stderr = lines
    try:
        yield lambda result: _log_result(lines, result)
    finally:
        sys.stdout, sys.stderr = before
        root.removeHandler(handler)
        lines.drain()


def _log_result(lines: _LineLog, result: ProbeResult) -> None:
    rows = [
        f"    {'held' if row.held else 'NOT HELD'}: {row.claim}; "
        f"expected {row.expected}; observed {row.observed}"
        for row in result.evidence
    ]
    head = f"{result.status.value} {result.id} in {result.duration_ms} ms: {result.reason}"
    lines.write("\n".join([head, *rows]) + "\n")

"""Starting and stopping a peer: a server of its own, in its own environment, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
SERVERS = Path(__file__).parent / "servers"
_READY_S = 30.0
_STOP_S = 5.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def interpreter(name: str) -> Path:
    """The Python of one peer's environment; without it the test is skipped.

    With BILLING_CANARY_REQUIRE_PEERS=1 it fails instead, unless scripts/install-peers noted that the
    peer cannot be had on this machine.
    """
    python = PEERS / name / "bin" / "python"
    if (PEERS / name / ".installed").exists() and python.exists():
        return python
    note = PEERS / f"{name}.unavailable"
    if note.exists():
        pytest.skip(f"{name} cannot be installed here: {note.read_text(encoding='utf-8').strip()}")
    reason = f"{name} is not installed (scripts/install-peers)"
    if os.environ.get("BILLING_CANARY_REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class PeerServer:
    """One running peer. It ends with `stop`, and when this process is killed: its standard input closes."""

    def __init__(self, name: str, script: str, log: Path, environ: Mapping[str, str] | None = None) -> None:
        python, port = interpreter(name), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                [python, "-P", SERVERS / script, str(port)],
                stdin=subprocess.PIPE,
                stdout=written,
                stderr=subprocess.STDOUT,
                env={"PYTHONDONTWRITEBYTECODE": "1", **(environ or {})},
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"{self.url} does not serve: {self.log_text()[-2000:]}")
            time.sleep(0.03)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=5):  # noqa: S310 - loopback, made above
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True  # an error is an answer
        except OSError:
            return False

    def log_text(self) -> str:
        """What it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

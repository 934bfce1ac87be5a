"""Starting and stopping a peer that is a program of the system, such as Prometheus."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pytest
from tests.peers.peer_server import SERVERS

_READY_S = 30.0
_STOP_S = 10.0


def program(name: str, folders: Sequence[Path] = ()) -> str:
    """Where a program is; without it the test is skipped, or fails with BILLING_CANARY_REQUIRE_PEERS=1."""
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is not None:
        return found
    reason = f"{name} is not installed (scripts/install-peers)"
    if os.environ.get("BILLING_CANARY_REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class ProgramServer:
    """One running program. It ends with `stop`, and when this process is killed: its keeper sees that."""

    def __init__(self, argv: Sequence[str], answers: Callable[[], bool], log: Path) -> None:
        self._log = log
        with log.open("wb") as written:
            self._keeper = subprocess.Popen(
                [sys.executable, "-P", SERVERS / "keep.py", *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                env={"PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            )
        assert self._keeper.stdout is not None
        self.pid = int(self._keeper.stdout.readline() or 0)
        deadline = time.monotonic() + _READY_S
        while not answers():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"{argv[0]} does not serve: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.03)

    def stop(self) -> None:
        """End it."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        try:
            self._keeper.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        if self._keeper.stdout is not None:
            self._keeper.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

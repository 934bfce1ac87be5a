"""Mock mode's target: the reference billing service and its provider, in a child process of the run's own."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from billing_canary.errors import EvidenceError, Problem, raise_problems

_STOP_S = 3.0
_PACKAGE_PARENT = str(Path(__file__).parents[2])


def mock_keys() -> dict[str, str]:
    """Fresh made-up secrets for one start of the reference service."""
    return {
        "provider_key": f"sk_test_mock{secrets.token_hex(12)}",
        "webhook_secret": f"whsec_mock{secrets.token_hex(16)}",
        "admin_key": f"admin_{secrets.token_hex(12)}",
    }


class MockService:
    """A running reference service.

    Its addresses and fresh secrets are offered as environment variables for `probes/targets.toml`, so
    that mock differs from staging in addresses and keys alone. The child ends when its standard input
    closes, hence also when this process is killed.
    """

    def __init__(self, *, build_id: str, faults: Sequence[str] = (), schedule: str = "prompt") -> None:
        self.build_id = build_id
        self._settings: dict[str, Any] = {
            "build_id": build_id,
            "faults": list(faults),
            "schedule": schedule,
            **mock_keys(),
        }
        self._log = ""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "billing_canary.reference"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={"PYTHONPATH": _PACKAGE_PARENT},
            # A terminal's Ctrl-C goes to the run, which then ends this child in good order.
            start_new_session=True,
        )
        self._send_settings()
        self._ready: dict[str, Any] = {}

    def _send_settings(self) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(json.dumps(self._settings).encode() + b"\n")
            stdin.flush()

    def environment(self) -> dict[str, str]:
        """Wait until both servers listen; then the variables that the target file names.

        Raises:
            ProjectError: it was asked for a fault or a schedule that does not exist.
            EvidenceError: it did not start.
        """
        ready = self._wait_ready()
        return {
            "BILLING_CANARY_MOCK_BACKEND_URL": ready["backend_url"],
            "BILLING_CANARY_MOCK_PROVIDER_URL": ready["provider_url"],
            "BILLING_CANARY_MOCK_PROVIDER_KEY": self._settings["provider_key"],
            "BILLING_CANARY_MOCK_WEBHOOK_SECRET": self._settings["webhook_secret"],
            "BILLING_CANARY_MOCK_ADMIN_KEY": self._settings["admin_key"],
            "BILLING_CANARY_MOCK_BUILD_ID": self.build_id,
        }

    def _wait_ready(self) -> dict[str, Any]:
        if not self._ready:
            stdout = self._process.stdout
            line = stdout.readline() if stdout is not None else b""
            answer: dict[str, Any] = json.loads(line) if line.strip() else {"error": self._last_words()}
            if "error" in answer:
                self.stop()
                raise_problems([Problem(**problem) for problem in answer.get("problems", ())])
                raise EvidenceError(f"the reference service did not start: {answer['error']}")
            self._ready = answer
        return self._ready

    def _last_words(self) -> str:
        self._process.wait(_STOP_S)
        return (self.log_text().strip().splitlines() or ["it ended without a word"])[-1]

    def log_text(self) -> str:
        """What the child wrote to its standard error; empty when all went well."""
        if not self._stderr.closed:
            self._stderr.seek(0)
            self._log = self._stderr.read().decode(errors="replace")
        return self._log

    def stop(self) -> None:
        """End the child at once: its store is in memory, so it has nothing to save."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self.log_text()
        self._stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

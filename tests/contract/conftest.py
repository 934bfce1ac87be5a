"""What the contracts loop over: the project's own probes, and the fault matrix as the command runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_DEADLINE_S = 300


def clean_environment() -> dict[str, str]:
    private = ("PYTHON", "BILLING_", "STRIPE_", "COV", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line with this checkout as its project."""
    argv = [sys.executable, "-m", "billing_canary", *words]
    return subprocess.run(
        argv,
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE_S,
    )


@pytest.fixture(scope="session", name="command")
def _command() -> Any:
    return command


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One run of `billing-canary faults`: its exit code, its folder, and its document."""

    code: int
    stderr: str
    home: Path
    document: dict[str, Any]


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder that all of xdist's workers have in common."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """The whole detection matrix, run once even when several workers ask for it."""
    home = _shared(tmp_path_factory) / "fault-matrix"
    result = home / "result.json"
    try:
        home.mkdir()
    except FileExistsError:
        _wait_for(result)
    else:
        done = command("faults", "--project", str(ROOT), "--json", cwd=home)
        written = {"code": done.returncode, "stderr": done.stderr, "stdout": done.stdout}
        (home / "result.tmp").write_text(json.dumps(written), encoding="utf-8")
        (home / "result.tmp").rename(result)
    found = json.loads(result.read_text(encoding="utf-8"))
    return Matrix(
        code=found["code"], stderr=found["stderr"], home=home, document=json.loads(found["stdout"] or "{}")
    )


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not file.exists():
        assert time.monotonic() < deadline, "the worker that runs the fault matrix does not come to an end"
        time.sleep(0.1)

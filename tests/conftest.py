"""What tests of every kind share: tools that may be missing, and clean copies of this checkout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Hear Ctrl-C: a shell starts its background jobs with it ignored, and every child inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Finds a program beside this interpreter or on the PATH; without it the test is skipped.

    With BILLING_CANARY_REQUIRE_PEERS=1 a missing program fails the test: whoever sets it has
    installed them all.
    """

    def find(name: str) -> str:
        beside = Path(sys.executable).with_name(name)
        found = str(beside) if beside.exists() else shutil.which(name)
        if found is not None:
            return found
        reason = f"{name} is not installed (scripts/make-venv dev, scripts/install-peers)"
        if os.environ.get("BILLING_CANARY_REQUIRE_PEERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


@pytest.fixture(scope="session")
def copy_checkout(tool: Callable[[str], str]) -> Callable[[Path], Path]:
    """Copies what a commit of everything here would hold, so that no test litters the checkout."""

    def copy(target: Path) -> Path:
        argv = [tool("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for relative in filter(None, listed.split("\0")):
            # A file that was deleted but not yet committed is listed all the same.
            if (ROOT / relative).is_file():
                (target / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / relative, target / relative)
        return target

    return copy

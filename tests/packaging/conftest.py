"""The distribution as a user gets it: built once, installed into an environment outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What would lead the installed program back to this checkout, or to somebody's real billing.
_PRIVATE = ("PYTHON", "BILLING_", "STRIPE_", "COV", "PYTEST_")


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(_PRIVATE)}


def run(argv: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def run_well(argv: list[str], cwd: Path) -> str:
    done = run(argv, cwd)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A virtual environment that holds the wheel and what the wheel asks for, nothing else."""

    venv: Path

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def command(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run `billing-canary` as a user does, in `cwd`."""
        return run([str(self.venv / "bin" / "billing-canary"), *words], cwd)

    def evaluate(self, source: str, cwd: Path) -> str:
        """What a Python program prints in this environment."""
        return run_well([str(self.python), "-c", source], cwd)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with sdist and wheel: BILLING_CANARY_DIST, else built here, the wheel from the sdist."""
    given = os.environ.get("BILLING_CANARY_DIST")
    if given is not None:
        return Path(given)
    folder = tmp_path_factory.mktemp("dist")
    run_well([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("billing_canary-*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("user")
    run_well([sys.executable, "-m", "venv", "venv"], folder)
    made = Installed(venv=folder / "venv")
    run_well([str(made.python), "-m", "pip", "install", "--quiet", "--quiet", str(wheel)], folder)
    return made

"""Start-up: help imports next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HEAVY = {
    "requests",
    "stripe",
    "jsonschema",
    "coverage",
    "pytest",
    "jinja2",
    "jmespath",
    "rich",
    "asyncio",
    "importlib.metadata",
    "xml.etree",
    "bottle",
    "waitress",
    "sqlite3",
    "multiprocessing",
    "tomllib",
}
HELPS = [
    "--help",
    "probe --help",
    "confidence --help",
    "faults --help",
    "mock --help",
    "gate --help",
    "gate coverage --help",
    "decide --help",
    "triggers --help",
    "runs --help",
    "runs list --help",
    "runs show --help",
    "runs verify --help",
    "runs compare --help",
    "runs invalidate --help",
    "runs prune --help",
    "runs merge --help",
    "clean --help",
    "approve --help",
    "attest --help",
    "risk --help",
    "risk add --help",
    "risk close --help",
    "risk list --help",
    "incident --help",
    "incident open --help",
    "incident update --help",
    "incident close --help",
    "incident list --help",
    "baseline --help",
    "baseline set --help",
    "baseline list --help",
    "init --help",
    "doctor --help",
    "--version",
]
# Beyond what a program of three lines with click takes. Every command needs a few modules of its own.
FEW = 12

MODULES_AFTER = """
import io, json, runpy, sys
sys.argv = ["billing-canary", *sys.argv[1:]]
shown, sys.stdout = sys.stdout, io.StringIO()
try:
    runpy.run_module("billing_canary", run_name="__main__")
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=shown)
"""
MINIMAL = """
import click, io, json, runpy, sys
@click.command()
def hello():
    "Say hello."
shown, sys.stdout = sys.stdout, io.StringIO()
try:
    hello(["--help"])
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=shown)
"""


def _modules(program: str, words: str, folder: Path) -> set[str]:
    argv = [sys.executable, "-c", program, *words.split()]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@cache
def _minimal(folder: Path) -> set[str]:
    return _modules(MINIMAL, "", folder)


@pytest.mark.parametrize("words", HELPS)
def test_help_loads_nothing_heavy(words: str, tmp_path: Path) -> None:
    loaded = _modules(MODULES_AFTER, words, tmp_path)
    assert "billing_canary.cli.main" in loaded
    assert not loaded & HEAVY
    assert len(loaded - _minimal(tmp_path)) <= FEW, sorted(loaded - _minimal(tmp_path))


def test_a_command_that_runs_does_load_them(tmp_path: Path) -> None:
    """The check above sees what it looks for."""
    assert {"bottle", "tomllib"} & _modules(MODULES_AFTER, "mock --list-faults", tmp_path)

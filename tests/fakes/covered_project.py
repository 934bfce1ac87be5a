"""Small projects whose coverage was really measured by coverage.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from billing_canary.module_coverage import GatedModule
from billing_canary.project import Project
from billing_canary.suite.coverage_policy import CoveragePolicy

BILLING = '''"""A module with lines and branches, half of them tested."""


def charge(amount, wallet):
    if amount <= 0:
        raise ValueError("nothing to charge")
    if wallet >= amount:
        return wallet - amount
    return wallet


def refund(amount):
    total = amount
    return total
'''
"""9 lines that count; importing it and `charge(1, 2)` runs 5 of them, and takes 2 of its 4 branches."""

TEST = "import app.billing\napp.billing.charge(1, 2)\n"


def gated(root: Path, path: str = "app/billing.py", **changes: Any) -> GatedModule:
    """A gated module of the project at `root`, with floors of 50 and 40."""
    settings: dict[str, Any] = {
        "role": "billing",
        "module": path,
        "file": str((root / path).resolve()),
        "line": "50",
        "branch": "40",
    }
    settings |= changes
    settings = {"file_line": settings["line"], "file_branch": settings["branch"]} | settings
    return GatedModule(**settings)


def policy_of(root: Path, *modules: GatedModule) -> CoveragePolicy:
    return CoveragePolicy(root=root, modules=modules or (gated(root),))


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def make_covered(root: Path, files: Mapping[str, str] | None = None) -> Path:
    """A project folder with app/billing.py, a program that tests it, and a gate."""
    write_files(root, {"app/__init__.py": "", "app/billing.py": BILLING, "test.py": TEST} | dict(files or {}))
    gate = '[[module]]\nrole = "billing"\npath = "app/billing.py"\nline = "50"\nbranch = "40"\n'
    write_files(root, {"gates/coverage.toml": gate, "billing-canary.toml": ""})
    (root / "probes").mkdir(exist_ok=True)
    return root


def project(root: Path, gate: str) -> Project:
    """A project whose gates/coverage.toml is `gate`."""
    write_files(root, {"gates/coverage.toml": gate})
    return Project(root, "test")


def coverage(root: Path, *words: str, environ: Mapping[str, str] | None = None) -> str:
    """Run coverage.py in `root`; what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *words],
        cwd=root,
        env={**clean, "PYTHONPATH": str(root), **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def measured(root: Path, *options: str, program: str = "test.py", rcfile: str = "") -> Path:
    """The data file of `program`, with branches unless `options` say otherwise."""
    coverage(root, "run", f"--rcfile={rcfile}", *(options or ("--branch", "--source=app")), program)
    return root / ".coverage"


def json_summaries(root: Path) -> dict[str, dict[str, int]]:
    """What `coverage json` says about each file: the oracle."""
    coverage(root, "json", "--rcfile=", "-q", "-o", "oracle.json")
    files = json.loads((root / "oracle.json").read_text())["files"]
    return {path: entry["summary"] for path, entry in files.items()}


def generate_package(root: Path, modules: int) -> Path:
    """A package of many modules: half of their functions are exercised, every tenth is never imported."""
    folder = root / "app"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    for number in range(modules):
        (folder / f"m{number:04}.py").write_text(_module(range(11)))
    (root / "exercise.py").write_text(_EXERCISE.format(modules=modules))
    return root


def _module(functions: Iterable[int]) -> str:
    return '"""Generated."""\n' + "".join(_FUNCTION.format(n=number) for number in functions)


_FUNCTION = '''

def work_{n}(a, b):
    """Twenty statements and twelve branches."""
    total = 0
    if a > {n}:
        total += a
    else:
        total -= b
    for step in range(a):
        if step % 2:
            total += step
        elif step % 3 == 0:
            total -= step
        else:
            total *= 2
    while total > 100:
        total //= 2
    try:
        total += 1
    except ValueError:
        total = 0
    if b and a:
        return total
    return -total
'''

_EXERCISE = """
import importlib
for number in range({modules}):
    if number % 10 == 9:
        continue
    module = importlib.import_module(f"app.m{{number:04}}")
    for function in range(6):
        getattr(module, f"work_{{function}}")(number % 12, function)
"""

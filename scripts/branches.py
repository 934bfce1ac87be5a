#!/usr/bin/env python3
"""Fails unless the unit tests of the gate and the guard run every line and every branch of both packages.

    scripts/branches.py [argument of pytest ...]

Counts are exact, from coverage.py's JSON report; a percentage would round a miss away. A module that the
report lacks is a miss. What `pragma: no cover` hides is counted and refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "branches"
PACKAGES = ("gate", "guard")


def main(words: Sequence[str]) -> int:
    """Run the tests, print what they miss; 0 when that is nothing."""
    WORK.mkdir(parents=True, exist_ok=True)
    report = WORK / "coverage.json"
    report.unlink(missing_ok=True)
    tests = [f"tests/unit/{name}" for name in PACKAGES]
    failed = _coverage("run", "--branch", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, *words)
    if failed or _coverage("json", "-q", "-o", str(report)):
        return 1
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    modules = [path.relative_to(ROOT).as_posix() for name in PACKAGES for path in _modules(name)]
    missed = [line for module in modules for line in misses(module, files.get(module))]
    for line in missed:
        print(line)
    print(_total(files, modules))
    return 1 if missed or not modules else 0


def misses(module: str, measured: Mapping[str, Any] | None) -> Iterator[str]:
    """What of `module` no test ran, one line for each kind; `measured` is its part of the report."""
    if measured is None:
        yield f"{module}: not measured"
        return
    found = measured["summary"]
    if found["missing_lines"]:
        lines = ", ".join(map(str, measured["missing_lines"]))
        yield f"{module}: {found['missing_lines']} of {found['num_statements']} lines missed: {lines}"
    if found["missing_branches"]:
        arcs = ", ".join(f"{start} to {end}" for start, end in measured["missing_branches"])
        yield f"{module}: {found['missing_branches']} of {found['num_branches']} branches missed: {arcs}"
    if found["excluded_lines"]:
        lines = ", ".join(map(str, measured["excluded_lines"]))
        yield f"{module}: {found['excluded_lines']} lines are excluded from measuring: {lines}"


def _modules(name: str) -> list[Path]:
    return sorted((ROOT / "src" / "billing_canary" / name).rglob("*.py"))


def _total(files: Mapping[str, Any], modules: Sequence[str]) -> str:
    found = [files[module]["summary"] for module in modules if module in files]
    lines = [sum(each[key] for each in found) for key in ("covered_lines", "num_statements")]
    branches = [sum(each[key] for each in found) for key in ("covered_branches", "num_branches")]
    told = f"{lines[0]} of {lines[1]} lines and {branches[0]} of {branches[1]} branches covered"
    return f"{len(found)} of {len(modules)} modules measured: {told}"


def _coverage(verb: str, *words: str) -> int:
    command = [sys.executable, "-m", "coverage", verb, f"--data-file={WORK / 'data'}", *words]
    return subprocess.run(command, check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

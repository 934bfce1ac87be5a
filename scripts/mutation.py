#!/usr/bin/env python3
"""Mutates the gate and the guard, and counts what their unit tests notice; fails below 90 % of a package.

    scripts/mutation.py [--max-children N] [name of a mutant, * allowed ...]

mutmut works in a copy, build/mutation, made anew each time: what it remembers of an older run would not see
that a test changed. `mutmut show NAME` there shows a survivor; survivors.txt there names all.
A mutant that made a test run out of time was noticed: it counts as killed, and is told apart.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutation"
LEAST = 90
"""Per cent that must be killed, of each package."""

CAUGHT = ("killed", "timeout")
RESULT = re.compile(r"\s*(?P<module>[\w.]+)\.x\S*__mutmut_\d+: (?P<outcome>.+)")
Counts = Mapping[str, Counter[str]]


def main(words: Sequence[str]) -> int:
    """Mutate, test, print a table; 0 when each package reached the floor."""
    copy()
    if _mutmut("run", *words).returncode:
        return 1
    told = _mutmut("results", "--all", "true", stdout=subprocess.PIPE).stdout
    if any(word.startswith("billing_canary.") for word in words):  # the others were not asked for
        told = re.sub(r".*: not checked\n", "", told)
    survivors = [line.strip() for line in told.splitlines() if line.endswith(": survived")]
    (WORK / "survivors.txt").write_text("".join(f"{line}\n" for line in survivors), encoding="utf-8")
    modules = counted(told)
    packages = by_package(modules)
    print(*table(modules), *table(packages), sep="\n")
    return 0 if packages and all(reaches(found) for found in packages.values()) else 1


def copy() -> None:
    """Make the copy anew, of what `[tool.mutmut]` names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in (*settings["source_paths"], *settings["also_copy"]):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, WORK / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, WORK / name)


def counted(told: str) -> dict[str, Counter[str]]:
    """Outcomes for each module, from what `mutmut results --all true` says."""
    modules: dict[str, Counter[str]] = {}
    for found in filter(None, map(RESULT.fullmatch, told.splitlines())):
        modules.setdefault(found["module"], Counter())[found["outcome"]] += 1
    return dict(sorted(modules.items()))


def by_package(modules: Counts) -> dict[str, Counter[str]]:
    """The same counts for each package."""
    packages: dict[str, Counter[str]] = {}
    for module, found in modules.items():
        packages.setdefault(module.rpartition(".")[0], Counter()).update(found)
    return packages


def table(rows: Counts) -> list[str]:
    """One line for each row: mutants, killed, of these by time, survived, other outcomes."""
    lines = [f"{'':42}{'mutants':>9}{'killed':>9}{'by time':>9}{'survived':>9}{'other':>9}{'per cent':>9}"]
    for name, found in rows.items():
        total, caught = found.total(), sum(found[each] for each in CAUGHT)
        other = total - caught - found["survived"]
        shares = f"{caught:>9}{found['timeout']:>9}{found['survived']:>9}{other:>9}"
        lines.append(f"{name:42}{total:>9}{shares}{_percent(caught, total):>9}")
    return lines


def reaches(found: Counter[str]) -> bool:
    """Whether enough was killed, exactly."""
    return 100 * sum(found[each] for each in CAUGHT) >= LEAST * found.total()


def _percent(caught: int, total: int) -> str:
    """Cut, not rounded: 89.99 is not 90."""
    tenths = 1000 * caught // total
    return f"{tenths // 10}.{tenths % 10}"


def _mutmut(*words: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, check=False, cwd=WORK, stdout=stdout, text=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

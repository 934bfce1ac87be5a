"""A project with a tier of four suites that work, and what peers need to run the same commands."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.process import CANARY

AT_ONCE = os.cpu_count() or 1
TRIVIAL = """printf '<testsuite><testcase name="x" time="0"/></testsuite>' > {junit}"""
"""A shell command that is a green suite, and next to nothing else."""

_PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
_SECONDS = {"d": 1.0, "c": 0.7, "b": 0.5, "a": 0.3}
"""Work of each suite, longest first."""

_TESTS = 20
_WORK = """
import time
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_that_works(number: int) -> None:
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
"""
_TOX = """[tox]
skipsdist=true
envlist={names}
[testenv]
skip_install=true
allowlist_externals=*
commands={run}
"""
_NOX = """
import nox
nox.options.default_venv_backend = "none"
@nox.session
@nox.parametrize("name", {names})
def tests(session, name):
    session.run(*{run}, f"test_{{name}}.py", external=True)
"""


def write_tiers(folder: Path, tiers: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """A project in `folder` whose `tiers` have suites, each with its command."""
    for name in ("probes", "gates", "suites"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "billing-canary.toml").touch()
    for tier, suites in tiers.items():
        (folder / f"suites/{tier}.toml").write_text(_tier(suites), encoding="utf-8")


def _tier(suites: Mapping[str, Sequence[str]]) -> str:
    blocks = [
        f'[[suite]]\nname = "{name}"\ntitle = "{name}"\ncommand = {json.dumps(command)}\n'
        f"weight = {_SECONDS.get(name, 1.0)}\n"
        for name, command in suites.items()
    ]
    return 'title = "measured"\n' + "".join(blocks)


def write_project(folder: Path, scale: float) -> None:
    """The tier `four`, the tiers `trivial1` and `trivial8`, and what peers need to run the four."""
    for name, seconds in _SECONDS.items():
        text = _WORK.format(tests=_TESTS, seconds=seconds * scale / _TESTS)
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    trivial = [(f"s{number}", ["sh", "-c", TRIVIAL]) for number in range(8)]
    four = {name: [*_PYTEST, f"test_{name}.py"] for name in _SECONDS}
    write_tiers(folder, {"four": four, "trivial1": dict(trivial[:1]), "trivial8": dict(trivial)})
    run = " ".join(_PYTEST)
    rules = "".join(f"{name}:\n\t{run} test_{name}.py\n" for name in _SECONDS)
    (folder / "Makefile").write_text(f"all: {' '.join(_SECONDS)}\n{rules}", encoding="utf-8")
    tox = _TOX.format(names=",".join(_SECONDS), run=f"{run} test_{{envname}}.py")
    (folder / "tox.ini").write_text(tox, encoding="utf-8")
    nox = _NOX.format(names=list(_SECONDS), run=_PYTEST)
    (folder / "noxfile.py").write_text(nox, encoding="utf-8")


def tier_command(folder: Path, tier: str) -> list[str]:
    """The command that runs a tier."""
    return [CANARY, "confidence", tier, "--quiet", "--artifacts", str(folder / "artifacts")]


def shell_pool() -> list[str]:
    """The bare commands, longest first, as many at a time as there are cores."""
    names = " ".join(f"test_{name}.py" for name in _SECONDS)
    script = f"printf '%s\\n' {names} | xargs -P {AT_ONCE} -n 1 {' '.join(_PYTEST)}"
    return ["sh", "-c", script]


def sequential() -> list[str]:
    """The bare commands one after the other."""
    return ["sh", "-c", " && ".join(f"{' '.join(_PYTEST)} test_{name}.py" for name in _SECONDS)]


def peers() -> dict[str, list[str]]:
    """Other ways to run the four suites; an empty command where one is not installed."""
    python, parallel = sys.executable, str(AT_ONCE)
    files = [f"test_{name}.py" for name in _SECONDS]
    modules = {
        f"pytest -n {parallel} (xdist)": ("xdist", [*_PYTEST, "-n", parallel, *files]),
        f"tox run-parallel -p {parallel}": ("tox", [python, "-m", "tox", "run-parallel", "-p", parallel]),
        "nox (sequential)": ("nox", [python, "-m", "nox"]),
    }
    make = ["make", "-s", f"-j{parallel}"] if shutil.which("make") else []
    found = {name: words if find_spec(module) else [] for name, (module, words) in modules.items()}
    return {f"make -j{parallel}": make, **found}

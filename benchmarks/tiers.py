"""Measure a tier of four suites against other ways to run the same commands, side by side in one run.

Usage: make bench, or .venv/bin/python benchmarks/tiers.py [--rounds N] [--only NAME] [--json]

Each of the four suites is twenty pytest tests that work for 0.3, 0.5, 0.7 and 1.0 seconds together. The
base of the tier's ratio is a shell that runs the bare commands, longest first, as many at a time as there
are cores; peers are measured against four runs of pytest one after the other. Whole processes in turn
(A B C A B C ...), medians of the ratios round by round. A peer that is not installed is left out:
`pip install 'billing-canary[bench]'` brings those that can be installed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import click

CANARY = str(Path(sys.executable).with_name("billing-canary"))
MINIMAL = [sys.executable, str(Path(__file__).parent / "_minimal_click.py"), "--help"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
SECONDS = {"d": 1.0, "c": 0.7, "b": 0.5, "a": 0.3}
"""Work of each suite, longest first."""

TESTS = 20
AT_ONCE = os.cpu_count() or 1
WORK = """
import time
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_that_works(number: int) -> None:
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
"""
TRIVIAL = """printf '<testsuite><testcase name="x" time="0"/></testsuite>' > {junit}"""
TOX = """[tox]
skipsdist=true
envlist={names}
[testenv]
skip_install=true
allowlist_externals=*
commands={run}
"""
NOX = """
import nox
nox.options.default_venv_backend = "none"
@nox.session
@nox.parametrize("name", {names})
def tests(session, name):
    session.run(*{run}, f"test_{{name}}.py", external=True)
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: the median, the least and the greatest; the goal, where there is one, is a maximum."""

    name: str
    median: float
    least: float
    greatest: float
    goal: float | None
    unit: str
    base: str


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one process with all its children took, in seconds."""

    wall: float
    cpu: float


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run `command`, which must succeed."""
    started = time.perf_counter()
    devnull = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=devnull, stderr=devnull)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(wall=time.perf_counter() - started, cpu=usage.ru_utime + usage.ru_stime)


def row(name: str, values: Sequence[float], *, goal: float | None, unit: str, base: str) -> Row:
    """The figure for `values`."""
    middle = statistics.median(values)
    return Row(
        name=name, median=middle, least=min(values), greatest=max(values), goal=goal, unit=unit, base=base
    )


def write_project(folder: Path) -> None:
    """The four suites, a tier of them, and what peers need to run them."""
    for name in ("probes", "gates", "suites"):
        (folder / name).mkdir()
    (folder / "billing-canary.toml").touch()
    for name, seconds in SECONDS.items():
        text = WORK.format(tests=TESTS, seconds=seconds / TESTS)
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "suites/four.toml").write_text(_tier({name: [*PYTEST, f"test_{name}.py"] for name in SECONDS}))
    for count in (1, 8):
        trivial = {f"s{number}": ["sh", "-c", TRIVIAL] for number in range(count)}
        (folder / f"suites/trivial{count}.toml").write_text(_tier(trivial))
    run = " ".join(PYTEST)
    rules = "".join(f"{name}:\n\t{run} test_{name}.py\n" for name in SECONDS)
    (folder / "Makefile").write_text(f"all: {' '.join(SECONDS)}\n{rules}")
    (folder / "tox.ini").write_text(
        TOX.format(names=",".join(SECONDS), run=f"{run} test_{{envname}}.py"), encoding="utf-8"
    )
    (folder / "noxfile.py").write_text(NOX.format(names=list(SECONDS), run=PYTEST), encoding="utf-8")


def _tier(suites: dict[str, list[str]]) -> str:
    blocks = [
        f'[[suite]]\nname = "{name}"\ntitle = "{name}"\ncommand = {json.dumps(command)}\n'
        f"weight = {SECONDS.get(name, 1.0)}\n"
        for name, command in suites.items()
    ]
    return 'title = "measured"\n' + "".join(blocks)


def canary(folder: Path, tier: str) -> list[str]:
    """The command that runs a tier."""
    return [CANARY, "confidence", tier, "--quiet", "--artifacts", str(folder / "artifacts")]


def shell_pool() -> list[str]:
    """The bare commands, longest first, as many at a time as there are cores."""
    names = " ".join(f"test_{name}.py" for name in SECONDS)
    script = f"printf '%s\\n' {names} | xargs -P {AT_ONCE} -n 1 {' '.join(PYTEST)}"
    return ["sh", "-c", script]


def sequential() -> list[str]:
    """The bare commands one after the other."""
    return ["sh", "-c", " && ".join(f"{' '.join(PYTEST)} test_{name}.py" for name in SECONDS)]


def peers() -> dict[str, list[str]]:
    """Other ways to run the four suites, as far as they are installed."""
    python, parallel = sys.executable, str(AT_ONCE)
    files = [f"test_{name}.py" for name in SECONDS]
    known = {
        f"make -j{parallel}": ("", ["make", "-s", f"-j{parallel}"]),
        f"pytest -n {parallel} (xdist)": ("xdist", [*PYTEST, "-n", parallel, *files]),
        f"tox run-parallel -p {parallel}": ("tox", [python, "-m", "tox", "run-parallel", "-p", parallel]),
        "nox (sequential)": ("nox", [python, "-m", "nox"]),
    }
    return {name: command for name, (module, command) in known.items() if not module or find_spec(module)}


def measure_wall(folder: Path, rounds: int) -> list[Row]:
    """The tier against the shell pool."""
    pool, tier = shell_pool(), canary(folder, "four")
    cost(pool, folder), cost(tier, folder)
    values = [cost(tier, folder).wall / cost(pool, folder).wall for _ in range(rounds)]
    base = f"bare commands, longest first, {AT_ONCE} at a time"
    return [row("tier of four suites", values, goal=1.05, unit="x wall", base=base)]


def measure_overhead(folder: Path, rounds: int) -> list[Row]:
    """CPU of our own: a tier with one trivial suite, and what seven more add."""
    one, eight = canary(folder, "trivial1"), canary(folder, "trivial8")
    bare = ["sh", "-c", TRIVIAL.format(junit="/dev/null")]
    cost(eight, folder)
    fixed, each = [], []
    for _ in range(rounds):
        floor, trivial = cost(MINIMAL, folder).cpu, cost(bare, folder).cpu
        small, large = cost(one, folder).cpu, cost(eight, folder).cpu
        fixed.append(1000 * (small - trivial - floor))
        each.append(1000 * ((large - small) / 7 - trivial))
    return [
        row("CPU of a tier", fixed, goal=60, unit="ms", base="a minimal click program"),
        row("CPU for each suite", each, goal=10, unit="ms", base="the bare command"),
    ]


def measure_peers(folder: Path, rounds: int) -> list[Row]:
    """Everybody against four runs of pytest one after the other."""
    commands = {"this tier": canary(folder, "four"), "shell pool": shell_pool(), **peers()}
    values: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        cost(command, folder)
    for _ in range(max(1, rounds // 2)):
        base = cost(sequential(), folder).wall
        for name, command in commands.items():
            values[name].append(cost(command, folder).wall / base)
    return [
        row(name, found, goal=None, unit="x wall", base="four pytest runs") for name, found in values.items()
    ]


MEASUREMENTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "wall": measure_wall,
    "overhead": measure_overhead,
    "peers": measure_peers,
}


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True)
@click.option("--only", type=click.Choice(list(MEASUREMENTS)), multiple=True)
@click.option("--json", "as_json", is_flag=True)
def main(rounds: int, only: tuple[str, ...], *, as_json: bool) -> None:
    """Print the figures."""
    rows: list[Row] = []
    if not as_json:
        print(f"{'figure':<26}{'median':>8}{'least':>8}{'most':>8}{'goal':>8}  unit, base")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_project(folder)
        for name in only or MEASUREMENTS:
            for each in MEASUREMENTS[name](folder, rounds):
                rows.append(each)
                if not as_json:
                    goal = "" if each.goal is None else f"{each.goal:.2f}"
                    figures = f"{each.median:>8.2f}{each.least:>8.2f}{each.greatest:>8.2f}{goal:>8}"
                    print(f"{each.name:<26}{figures}  {each.unit}, {each.base}", flush=True)
    if as_json:
        print(json.dumps([asdict(each) for each in rows]))


if __name__ == "__main__":
    main()

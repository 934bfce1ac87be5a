"""Measure the coverage gate on generated packages of 200 and 2,000 modules, as ratios taken in one run.

Usage: make bench, or .venv/bin/python benchmarks/coverage_gate.py [--rounds N] [--only NAME] [--json]

Whole processes in turn (A B C A B C ...), and the median of the ratios round by round, since a machine's
speed drifts. Each generated module has 220 statements and 132 branches; about half of its functions
are exercised, and a tenth of the modules is never imported.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fakes.covered_project import generate_package, measured, write_files  # noqa: E402 - found by the line above

GATE = [str(Path(sys.executable).with_name("billing-canary")), "gate", "coverage"]
IMPORT = [sys.executable, "-c", "import coverage"]
PEAK = """
import sys
if sys.argv[1:]:
    from billing_canary.cli.main import run
    assert run(sys.argv[1:]) == 0
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
"""
COVERAGE_JSON = [sys.executable, "-m", "coverage", "json", "--rcfile=", "-q", "-o", "full.json"]
MODULES = ("app/m0003.py", "app/m0017.py")
FLOORS = "".join(
    f'[[module]]\nrole = "m{n}"\npath = "{path}"\nline = "20"\nbranch = "20"\n'
    for n, path in enumerate(MODULES)
)
SMALL, LARGE = 200, 2_000
MIB = 1024


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: the median of the ratios, the least and the greatest, and the goal.

    Attributes:
        at_least: whether the goal is a minimum; else it is a maximum.
    """

    name: str
    median: float
    least: float
    greatest: float
    goal: float
    unit: str
    base: str
    at_least: bool = False


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one whole process took, in wall and in CPU seconds; on an idle machine they are the same."""

    wall: float
    cpu: float


class Projects:
    """The generated projects, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, modules: int) -> Path:
        """The project of so many modules, with its data."""
        root = self._folder / f"p{modules}"
        if not root.exists():
            generate_package(root, modules)
            write_files(
                root, {"gates/coverage.toml": FLOORS, "billing-canary.toml": "", "probes/README.md": ""}
            )
            measured(root, program="exercise.py")
        return root


def spent(command: Sequence[str], cwd: Path) -> Spent:
    """Run one whole process, which must succeed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
    return Spent(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def peak(words: Sequence[str], cwd: Path) -> float:
    """Peak memory in MiB of a Python that runs the command line with `words`; with none, of a bare one.

    It is asked from inside: what the system tells about an ended child counts its parent's memory, too.
    """
    argv = [sys.executable, "-c", PEAK, *words]
    done = subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) / MIB


def row(name: str, values: Sequence[float], **told: object) -> Row:
    """The figure for `values`."""
    spread = {"median": statistics.median(values), "least": min(values), "greatest": max(values)}
    return Row(name=name, **spread, **told)  # type: ignore[arg-type]  # the rest of the row


def measure_gate(projects: Projects, rounds: int) -> list[Row]:
    """The gate of two modules against `import coverage`, and a project ten times larger against it."""
    small, large = projects.of(SMALL), projects.of(LARGE)
    for root in (small, large):
        spent(GATE, root)
    spent(IMPORT, small)
    turns = [(spent(IMPORT, small), spent(GATE, small), spent(GATE, large)) for _ in range(rounds)]
    return [figure for unit in ("wall", "cpu") for figure in gate_rows(turns, unit)]


def gate_rows(turns: Sequence[tuple[Spent, Spent, Spent]], unit: str) -> list[Row]:
    """The three ratios in one unit; the wall's mean little on a busy machine."""
    taken = [tuple(getattr(each, unit) for each in turn) for turn in turns]
    sets = (
        (f"gate, {SMALL:,} modules", [small / base for base, small, _ in taken], 1.6, "import coverage"),
        (f"gate, {LARGE:,} modules", [large / base for base, _, large in taken], 1.6, "import coverage"),
        (
            f"gate, {LARGE:,} to {SMALL:,}",
            [large / small for _, small, large in taken],
            1.1,
            f"gate, {SMALL}",
        ),
    )
    return [row(name, values, goal=goal, unit=f"x {unit}", base=base) for name, values, goal, base in sets]


def measure_json(projects: Projects, rounds: int) -> list[Row]:
    """`coverage json` of everything against the gate of two modules, at 2,000 modules."""
    root = projects.of(LARGE)
    spent(GATE, root)
    values = []
    for _ in range(max(1, rounds // 7)):
        report = spent(COVERAGE_JSON, root).wall
        values.append(report / statistics.median(spent(GATE, root).wall for _ in range(3)))
    return [row("coverage json", values, goal=100, unit="x", base=f"gate, {LARGE} modules", at_least=True)]


def measure_memory(projects: Projects, rounds: int) -> list[Row]:
    """The gate's peak memory at 2,000 modules over that of a Python that does nothing."""
    root = projects.of(LARGE)
    peaks = [peak(GATE[1:], root) - peak([], root) for _ in range(max(1, rounds // 3))]
    return [row("peak memory", peaks, goal=40, unit="MiB", base="a bare Python")]


MEASUREMENTS: dict[str, Callable[[Projects, int], list[Row]]] = {
    "gate": measure_gate,
    "json": measure_json,
    "memory": measure_memory,
}


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
@click.option("--only", type=click.Choice(list(MEASUREMENTS)), multiple=True)
@click.option("--json", "as_json", is_flag=True)
def main(rounds: int, only: tuple[str, ...], *, as_json: bool) -> None:
    """Print the figures."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        projects = Projects(Path(folder))
        for name in only or MEASUREMENTS:
            rows += MEASUREMENTS[name](projects, rounds)
    if as_json:
        print(json.dumps([asdict(each) for each in rows]))
        return
    print(f"{'figure':<22}{'median':>8}{'least':>8}{'most':>8}{'goal':>8}  unit, base")
    for each in rows:
        figures = f"{each.median:>8.2f}{each.least:>8.2f}{each.greatest:>8.2f}{each.goal:>8.2f}"
        limit = "at least" if each.at_least else "at most"
        print(f"{each.name:<22}{figures}  {each.unit}, {each.base} ({limit})")


if __name__ == "__main__":
    main()

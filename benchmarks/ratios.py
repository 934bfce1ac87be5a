"""Measure the figures that the README quotes, as ratios taken side by side in one run.

Usage: make bench, or .venv/bin/python benchmarks/ratios.py [--rounds N] [--only NAME] [--json]

Every row times whole processes, in turn with its base (A B A B ...), and reports the median of the
ratios round by round, since a machine's speed drifts. It judges nothing: a busy machine gives other
figures, and the goal is printed beside them.
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
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
COMMAND = [str(Path(sys.executable).with_name("billing-canary"))]
IMPORTS = [sys.executable, "-c", "import click, requests, stripe"]
GUARD = Path(__file__).parent / "guard_overhead.py"
RETENTION = Path(__file__).parent / "retention.py"
MINIMAL = Path(__file__).parent / "_minimal_click.py"
COMMANDS = ("", "probe", "confidence", "faults", "mock", "gate", "runs", "init", "doctor")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: the median of the ratios to the base, the least and the greatest, and the goal."""

    name: str
    median: float
    least: float
    greatest: float
    goal: float
    unit: str
    base: str


def seconds(command: Sequence[str]) -> float:
    """Wall time of one whole process, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def paired(command: Sequence[str], base: Sequence[str], rounds: int) -> list[float]:
    """Ratios of `command` to `base`, round by round, after one warm-up of each."""
    seconds(base), seconds(command)
    return [seconds(command) / seconds(base) for _ in range(rounds)]


def row(name: str, values: Sequence[float], *, goal: float, unit: str, base: str) -> Row:
    """The figure for `values`."""
    return Row(
        name=name,
        median=statistics.median(values),
        least=min(values),
        greatest=max(values),
        goal=goal,
        unit=unit,
        base=base,
    )


def measure_probe(rounds: int, scratch: str) -> list[Row]:
    """A whole mock canary against the import of three libraries that it cannot do without."""
    values = paired([*COMMAND, "probe", "--mode", "mock", "--quiet", "--artifacts", scratch], IMPORTS, rounds)
    return [row("probe --mode mock", values, goal=6.0, unit="x", base="import click, requests, stripe")]


def measure_help(rounds: int, scratch: str) -> list[Row]:  # noqa: ARG001 - one signature for all
    """`--help` of every command against that of a minimal Click program with six commands."""
    base = [sys.executable, str(MINIMAL), "--help"]
    return [
        row(
            f"{name} --help".strip(),
            paired([*COMMAND, *name.split(), "--help"], base, rounds),
            goal=1.15,
            unit="x",
            base="minimal six-command click --help",
        )
        for name in COMMANDS
    ]


def measure_faults(rounds: int, scratch: str) -> list[Row]:
    """The whole detection matrix, in seconds for each of its faults."""
    values: list[float] = []
    for _ in range(max(1, rounds // 4)):
        run_id = f"bench-{os.getpid()}-{len(values)}"
        spent = seconds([*COMMAND, "faults", "--quiet", "--artifacts", scratch, "--run-id", run_id])
        document = json.loads((Path(scratch) / "billing-faults" / run_id / "faults.json").read_text())
        values.append(spent / len(document["faults"]))
    return [row("faults", values, goal=0.5, unit="s a fault", base=f"{os.cpu_count()} cores")]


def measure_guard(rounds: int, scratch: str) -> list[Row]:  # noqa: ARG001 - one signature for all
    """What the guard adds to 1,000 requests of a canary, over the same requests without it."""
    command = [sys.executable, str(GUARD), "--json", "--rounds", str(rounds)]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    least, greatest = found["round_least_percent"], found["round_most_percent"]
    each = Row(
        name=found["figure"],
        median=found["percent"],
        least=least,
        greatest=greatest,
        goal=found["goal_percent"],
        unit="%",
        base="the same over a plain session",
    )
    return [each]


def measure_retention(rounds: int, scratch: str) -> list[Row]:  # noqa: ARG001 - one signature for all
    """Listing and planning a prune over 10,000 bundles, against `--help`."""
    command = [sys.executable, str(RETENTION), "--json", "--only", "recent", "--rounds", str(rounds)]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return [Row(**each) for each in found if each["unit"] == "x wall" and each["goal"] is not None]


MEASUREMENTS: dict[str, Callable[[int, str], list[Row]]] = {
    "probe": measure_probe,
    "help": measure_help,
    "faults": measure_faults,
    "guard": measure_guard,
    "retention": measure_retention,
}


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True)
@click.option("--only", type=click.Choice(list(MEASUREMENTS)), multiple=True)
@click.option("--json", "as_json", is_flag=True)
def main(rounds: int, only: tuple[str, ...], *, as_json: bool) -> None:
    """Print the ratios."""
    rows: list[Row] = []
    if not as_json:
        print(f"{'figure':<22}{'median':>8}{'least':>8}{'most':>8}{'goal':>8}  unit, base")
    with tempfile.TemporaryDirectory() as scratch:
        for name in only or MEASUREMENTS:
            for each in MEASUREMENTS[name](rounds, scratch):
                rows.append(each)
                if not as_json:
                    figures = f"{each.median:>8.2f}{each.least:>8.2f}{each.greatest:>8.2f}{each.goal:>8.2f}"
                    print(f"{each.name:<22}{figures}  {each.unit}, {each.base}", flush=True)
    if as_json:
        print(json.dumps([asdict(each) for each in rows]))


if __name__ == "__main__":
    main()

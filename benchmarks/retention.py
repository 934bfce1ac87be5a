"""Measure `runs list` and `runs prune` over 10,000 bundles, as ratios to `billing-canary --help`.

Usage: make bench, or .venv/bin/python benchmarks/retention.py [--rounds N] [--only NAME] [--json]

The bundles are of about 20 kB and lie in a temporary folder. Whole processes in turn (A B A B ...), and the
median of the ratios round by round, since a machine's speed drifts; on a busy one the CPU tells more than
the wall. In the recent archive every twentieth run failed and as many were inconclusive, so that everything
that stays is found among the newest runs; in the healthy one only the 8 oldest runs failed, which takes a
look at every run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.seal import sealed

COMMAND = str(Path(sys.executable).with_name("billing-canary"))
HELP = ["--help"]
INDEX = "index.jsonl"
KIND = "billing-canary"
FINAL = "billing-canary-report.json"
BUNDLES = 10_000
FIRST = 1_790_000_000
APART_S = 1_800
PADDING = 19_500
OLDEST = 8


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: the median of the ratios, the least and the greatest; a goal is a maximum."""

    name: str
    median: float
    least: float
    greatest: float
    goal: float | None
    unit: str
    base: str


def recent(number: int) -> str:
    """The status of a run in an archive where every outcome is recent."""
    if number % 20 == 0:
        return "fail"
    return "inconclusive" if number % 20 == 1 else "pass"


def healthy(number: int) -> str:
    """The status of a run in an archive where next to nothing ever failed."""
    return "fail" if number < OLDEST else "pass"


def write_archive(root: Path, status: Callable[[int], str], bundles: int) -> Path:
    """An archive of `bundles` runs below `root`, half an hour apart."""
    (root / KIND).mkdir(parents=True)
    for number in range(bundles):
        run_id = new_run_id(FIRST + APART_S * number, f"{number:04x}"[-4:])
        folder = root / KIND / run_id
        folder.mkdir()
        (folder / FINAL).write_bytes(sealed(_document(run_id, status(number))))
    return root


def _document(run_id: str, status: str) -> dict[str, object]:
    day = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:11]}:{run_id[11:13]}:{run_id[13:20]}"
    probes = [
        {"id": f"probe.{number}", "status": status, "text": "x" * 300} for number in range(PADDING // 380)
    ]
    return {
        "run_id": run_id,
        "mode": "mock",
        "overall_status": status,
        "reasons": [f"it is {status}"],
        "commit": "a" * 40,
        "probes": probes,
        "started_at": day,
        "finished_at": day,
    }


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one process took, in seconds; on an idle machine both are the same."""

    wall: float
    cpu: float


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a process in `folder`, which must succeed. Its bytecode is kept, as in an installation."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / ".bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    devnull, started = subprocess.DEVNULL, time.perf_counter()
    process = subprocess.Popen(
        [COMMAND, *command], cwd=folder, env=environment, stdout=devnull, stderr=devnull
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(wall=time.perf_counter() - started, cpu=usage.ru_utime + usage.ru_stime)


def figures(name: str, command: Sequence[str], root: Path, rounds: int, goal: float | None) -> Iterator[Row]:
    """The ratio of `command` over the archive `root` to `--help`, after one warm-up of each.

    With "no index" in its name, the index is deleted before each round.
    """
    turns = []
    for _ in range(rounds + 1):
        if "no index" in name:
            (root / INDEX).unlink(missing_ok=True)
        turns.append((cost(command, root.parent), cost(HELP, root.parent)))
    for unit in ("wall", "cpu"):
        values = [getattr(mine, unit) / getattr(base, unit) for mine, base in turns[1:]]
        yield Row(
            name=name,
            median=statistics.median(values),
            least=min(values),
            greatest=max(values),
            goal=goal,
            unit=f"x {unit}",
            base="billing-canary --help",
        )


def warm_up(root: Path) -> None:
    """Let the index learn of every run: a filter that nothing matches has to look at all."""
    (root / INDEX).unlink(missing_ok=True)
    cost(["runs", "list", "--tier", "none"], root.parent)


def measure_recent(scratch: Path, rounds: int, bundles: int) -> Iterator[Row]:
    """Everything that stays is recent."""
    root = write_archive(scratch / "recent/artifacts", recent, bundles)
    yield from figures("list, no index", ["runs", "list"], root, rounds, 2.5)
    yield from figures("list failed, no index", ["runs", "list", "--status", "fail"], root, rounds, 2.5)
    yield from figures("prune (plan), no index", ["runs", "prune"], root, rounds, 2.5)
    warm_up(root)
    yield from figures("list, index", ["runs", "list"], root, rounds, 1.7)
    yield from figures("list failed, index", ["runs", "list", "--status", "fail"], root, rounds, 1.7)
    yield from figures("prune (plan), index", ["runs", "prune"], root, rounds, 1.7)


def measure_healthy(scratch: Path, rounds: int, bundles: int) -> Iterator[Row]:
    """Next to nothing ever failed, so that every run has to be looked up."""
    root = write_archive(scratch / "healthy/artifacts", healthy, bundles)
    yield from figures("healthy: prune, no index", ["runs", "prune"], root, max(1, rounds // 5), None)
    warm_up(root)
    yield from figures("healthy: list failed", ["runs", "list", "--status", "fail"], root, rounds, None)
    yield from figures("healthy: prune", ["runs", "prune"], root, rounds, None)


MEASUREMENTS = {"recent": measure_recent, "healthy": measure_healthy}


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
@click.option("--bundles", type=click.IntRange(OLDEST), default=BUNDLES, show_default=True)
@click.option("--only", type=click.Choice(list(MEASUREMENTS)), multiple=True)
@click.option("--json", "as_json", is_flag=True)
def main(rounds: int, bundles: int, only: tuple[str, ...], *, as_json: bool) -> None:
    """Print the ratios."""
    rows: list[Row] = []
    if not as_json:
        print(f"{'figure':<26}{'median':>8}{'least':>8}{'most':>8}{'goal':>8}  unit, base")
    with tempfile.TemporaryDirectory() as scratch:
        for name in only or MEASUREMENTS:
            for each in MEASUREMENTS[name](Path(scratch), rounds, bundles):
                rows.append(each)
                if not as_json:
                    goal = "" if each.goal is None else f"{each.goal:.2f}"
                    figures = f"{each.median:>8.2f}{each.least:>8.2f}{each.greatest:>8.2f}{goal:>8}"
                    print(f"{each.name:<26}{figures}  {each.unit}, {each.base}", flush=True)
    if as_json:
        print(json.dumps([asdict(each) for each in rows]))


if __name__ == "__main__":
    main()

"""`runs list` and `runs prune` over 10,000 bundles.

In the recent archive every twentieth run failed and as many were inconclusive, so that everything that
stays is found among the newest runs; in the healthy one only the 8 oldest runs failed, which takes a look
at every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.archive import write_archive
from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, HELP, spend

_INDEX = "index.jsonl"
_BUNDLES = 10_000
_OLDEST = 8
_UNITS = ("wall", "cpu")
_FAILED = ("list", "--status", "fail")
_COLD = {
    "list, no index": ("list",),
    "list failed, no index": _FAILED,
    "prune (plan), no index": ("prune",),
}
_WARM = {"list, index": ("list",), "list failed, index": _FAILED, "prune (plan), index": ("prune",)}
_COLD_GOAL, _WARM_GOAL = 2.5, 1.7
_HEALTHY_COLD = {"healthy: prune, no index": ("prune",)}
_HEALTHY = {"healthy: list failed": _FAILED, "healthy: prune": ("prune",)}


def _metric(name: str, unit: str, goal: float | None) -> Metric:
    return Metric(name=f"runs {name}", unit=f"x {unit}", base="--help", goal=goal)


def _recent(number: int) -> str:
    """The status of a run in an archive where every outcome is recent."""
    if number % 20 == 0:
        return "fail"
    return "inconclusive" if number % 20 == 1 else "pass"


def _healthy(number: int) -> str:
    """The status of a run in an archive where next to nothing ever failed."""
    return "fail" if number < _OLDEST else "pass"


def _figures(
    root: Path, words: tuple[str, ...], metrics: tuple[Metric, ...], *, rounds: int, cold: bool
) -> Iterator[Figure]:
    """`runs` with `words` over the archive `root` against `--help`; cold without an index each time."""
    turns = []
    for _ in range(rounds + 1):
        if cold:
            (root / _INDEX).unlink(missing_ok=True)
        turns.append((spend((CANARY, "runs", *words), root.parent), spend(HELP, root.parent)))
    for unit, metric in zip(_UNITS, metrics, strict=True):
        yield metric.of([getattr(ours, unit) / getattr(base, unit) for ours, base in turns[1:]])


def _each(
    root: Path, asked: Mapping[str, tuple[str, ...]], goal: float | None, *, rounds: int, cold: bool = False
) -> Iterator[Figure]:
    for name, words in asked.items():
        metrics = tuple(_metric(name, unit, goal) for unit in _UNITS)
        yield from _figures(root, words, metrics, rounds=rounds, cold=cold)


def _warm_up(root: Path) -> None:
    """Let the index learn of every run: a filter that nothing matches has to look at all."""
    (root / _INDEX).unlink(missing_ok=True)
    spend((CANARY, "runs", "list", "--tier", "none"), root.parent)


def measure_recent(setup: Setup) -> Iterator[Figure]:
    """Listing and planning a prune over 10,000 bundles where everything that stays is recent."""
    bundles = setup.sized(_BUNDLES, _OLDEST)
    root = write_archive(setup.scratch / "artifacts", _recent, bundles)
    yield from _each(root, _COLD, _COLD_GOAL, rounds=setup.rounds, cold=True)
    _warm_up(root)
    yield from _each(root, _WARM, _WARM_GOAL, rounds=setup.rounds)


def measure_healthy(setup: Setup) -> Iterator[Figure]:
    """The same where next to nothing ever failed, so that every run has to be looked up."""
    bundles = setup.sized(_BUNDLES, _OLDEST)
    root = write_archive(setup.scratch / "artifacts", _healthy, bundles)
    yield from _each(root, _HEALTHY_COLD, None, rounds=setup.some_rounds(5), cold=True)
    _warm_up(root)
    yield from _each(root, _HEALTHY, None, rounds=setup.rounds)


def _metrics(asked: Mapping[str, tuple[str, ...]], goal: float | None) -> tuple[Metric, ...]:
    return tuple(_metric(name, unit, goal) for name in asked for unit in _UNITS)


MEASUREMENTS = (
    Measurement(
        name="retention",
        take=measure_recent,
        metrics=(*_metrics(_COLD, _COLD_GOAL), *_metrics(_WARM, _WARM_GOAL)),
    ),
    Measurement(
        name="retention-healthy",
        take=measure_healthy,
        metrics=(*_metrics(_HEALTHY_COLD, None), *_metrics(_HEALTHY, None)),
    ),
)

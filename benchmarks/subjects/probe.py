"""A whole canary against the built-in billing system."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, ROOT, in_turn, spend

_IMPORTS = (sys.executable, "-c", "import click, requests, stripe")
_RATIO = Metric(name="probe --mode mock", unit="x wall", base="import click, requests, stripe", goal=6.0)


def measure_probe(setup: Setup) -> Iterator[Figure]:
    """A whole mock canary against the import of three libraries that it cannot do without."""
    command = (CANARY, "probe", "--mode", "mock", "--quiet", "--artifacts", str(setup.scratch))
    turns = in_turn(partial(spend, command, ROOT), partial(spend, _IMPORTS, ROOT), setup.rounds)
    yield _RATIO.of([canary.wall / imports.wall for canary, imports in turns])


MEASUREMENTS = (Measurement(name="probe", take=measure_probe, metrics=(_RATIO,)),)

"""The coverage gate on generated packages of 200 and 2,000 modules.

Each generated module has 220 statements and 132 branches; about half of its functions are exercised, and
a tenth of the modules is never imported.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, canary_program, peak_mib, spend
from tests.fakes.covered_project import generate_package, measured, write_files

_WORDS = ("gate", "coverage")
_GATE = (CANARY, *_WORDS)
_IMPORT = (sys.executable, "-c", "import coverage")
_JSON = (sys.executable, "-m", "coverage", "json", "--rcfile=", "-q", "-o", "full.json")
_FLOORS = "".join(
    f'[[module]]\nrole = "m{n}"\npath = "app/{name}.py"\nline = "20"\nbranch = "20"\n'
    for n, name in enumerate(("m0003", "m0017"))
)
_FEWEST = 20
"""Modules that the smallest project has: two of them are gated."""

_SMALL, _LARGE = 200, 2_000
_UNITS = ("wall", "cpu")
_RATIOS = {
    unit: (
        Metric(name="gate of 200 modules", unit=f"x {unit}", base="import coverage", goal=1.6),
        Metric(name="gate of 2,000 modules", unit=f"x {unit}", base="import coverage", goal=1.6),
        Metric(name="gate, 2,000 modules to 200", unit=f"x {unit}", base="gate of 200 modules", goal=1.1),
    )
    for unit in _UNITS
}
_REPORT = Metric(name="coverage json", unit="x wall", base="gate of 2,000 modules", goal=100, at_least=True)
_MEMORY = Metric(name="gate, peak memory", unit="MiB", base="over a bare Python", goal=40)


def _project(setup: Setup, modules: int) -> Path:
    """A project of so many modules, with its data."""
    root = setup.scratch / f"p{modules}"
    generate_package(root, setup.sized(modules, _FEWEST))
    write_files(root, {"gates/coverage.toml": _FLOORS, "billing-canary.toml": "", "probes/README.md": ""})
    measured(root, program="exercise.py")
    return root


def measure_gate(setup: Setup) -> Iterator[Figure]:
    """The gate of two modules in a small and in a ten times larger package against `import coverage`."""
    small, large = _project(setup, _SMALL), _project(setup, _LARGE)
    turns = [
        (spend(_IMPORT, small), spend(_GATE, small), spend(_GATE, large)) for _ in range(setup.rounds + 1)
    ]
    for unit in _UNITS:
        taken = [tuple(getattr(spent, unit) for spent in turn) for turn in turns[1:]]
        few, many, growth = _RATIOS[unit]
        yield few.of([small / base for base, small, _ in taken])
        yield many.of([large / base for base, _, large in taken])
        yield growth.of([large / small for _, small, large in taken])


def measure_json(setup: Setup) -> Iterator[Figure]:
    """`coverage json` of everything against the gate of two modules, at 2,000 modules."""
    root = _project(setup, _LARGE)
    spend(_GATE, root)
    values = []
    for _ in range(setup.some_rounds(7)):
        report = spend(_JSON, root).wall
        values.append(report / statistics.median(spend(_GATE, root).wall for _ in range(3)))
    yield _REPORT.of(values)


def measure_memory(setup: Setup) -> Iterator[Figure]:
    """The gate's peak memory at 2,000 modules over that of a Python that does nothing."""
    root = _project(setup, _LARGE)
    gate = canary_program(_WORDS)
    yield _MEMORY.of([peak_mib(gate, root) - peak_mib("", root) for _ in range(setup.some_rounds(3))])


MEASUREMENTS = (
    Measurement(name="gate", take=measure_gate, metrics=tuple(m for unit in _UNITS for m in _RATIOS[unit])),
    Measurement(name="gate-json", take=measure_json, metrics=(_REPORT,)),
    Measurement(name="gate-memory", take=measure_memory, metrics=(_MEMORY,)),
)

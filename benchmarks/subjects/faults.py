"""The whole detection matrix."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import CANARY, ROOT, spend

_EACH = Metric(name="faults, each fault", unit="s wall", base=f"{os.cpu_count()} cores", goal=0.5)


def measure_faults(setup: Setup) -> Iterator[Figure]:
    """The whole detection matrix, in seconds for each of its faults."""
    values = []
    for number in range(setup.some_rounds(4)):
        run_id = f"bench-{os.getpid()}-{number}"
        command = (CANARY, "faults", "--quiet", "--artifacts", str(setup.scratch), "--run-id", run_id)
        spent = spend(command, ROOT)
        file = setup.scratch / "billing-faults" / run_id / "faults.json"
        values.append(spent.wall / len(json.loads(file.read_text(encoding="utf-8"))["faults"]))
    yield _EACH.of(values)


MEASUREMENTS = (Measurement(name="faults", take=measure_faults, metrics=(_EACH,)),)

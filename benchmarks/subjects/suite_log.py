"""A suite that writes a log of 1 GB, through the real runner: what is kept, memory and time."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, Metric
from benchmarks.logs import log_text
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import canary_program, peak_mib, spend
from benchmarks.tier_projects import tier_command, write_tiers

from billing_canary.artifact.capped_log import LOG_LIMIT

_BYTES = 1_000_000_000
_DRAWN = 1_000_000
_NOTE = 100
"""Bytes of the line that says what was left out, at most."""

_SUITE = """
import sys
junit, repeats = sys.argv[1:]
text = open("drawn.log", "rb").read()
for _ in range(int(repeats)):
    sys.stdout.buffer.write(text)
with open(junit, "w") as report:
    report.write('<testsuite><testcase name="loud" time="0"/></testsuite>')
"""
_MEMORY = Metric(name="a suite that writes 1 GB", unit="MiB", base="peak of the runner's process", goal=80)
_SECONDS = Metric(name="a suite that writes 1 GB", unit="s wall", base="a whole tier")
_BARE = Metric(name="the same suite into a file of nobody", unit="s wall", base="the bare command")


def _check(bundle: Path, repeats: int, drawn: bytes) -> None:
    """The log in `bundle` is capped; its true size and hash are recorded.

    Raises:
        RuntimeError: they are not.
    """
    digest = hashlib.sha256()
    for _ in range(repeats):
        digest.update(drawn)
    report = json.loads((bundle / "summary.json").read_text(encoding="utf-8"))
    (attempt,) = report["suites"][0]["attempts"]
    kept = (bundle / attempt["log"]).stat().st_size
    true_size, true_hash = attempt["log_bytes"], attempt["log_sha256"]
    if kept > LOG_LIMIT + _NOTE or (true_size, true_hash) != (len(drawn) * repeats, digest.hexdigest()):
        raise RuntimeError(f"{kept} bytes are kept, {true_size} with hash {true_hash} are recorded")


def measure_log(setup: Setup) -> Iterator[Figure]:
    """A tier with a suite that writes 1 GB: the runner's peak memory, and seconds; the log kept is capped."""
    folder = setup.scratch
    drawn = log_text(_DRAWN, "no-secret-at-all").encode()
    repeats = max(1, setup.sized(_BYTES) // len(drawn))
    (folder / "drawn.log").write_bytes(drawn)
    (folder / "loud.py").write_text(_SUITE, encoding="utf-8")
    loud = [sys.executable, "loud.py", "{junit}", str(repeats)]
    write_tiers(folder, {"loud": {"loud": loud}})
    tier = tier_command(folder, "loud")
    rounds = range(setup.some_rounds(4))
    yield _MEMORY.of([peak_mib(canary_program(tier[1:]), folder) for _ in rounds])
    yield _SECONDS.of([spend(tier, folder).wall for _ in rounds])
    yield _BARE.of([spend([*loud[:2], "/dev/null", loud[3]], folder).wall for _ in rounds])
    for bundle in (folder / "artifacts/billing-confidence").iterdir():
        _check(bundle, repeats, drawn)


MEASUREMENTS = (Measurement(name="suite-log", take=measure_log, metrics=(_MEMORY, _SECONDS, _BARE)),)

"""Reading a JUnit file of 100 MB: memory over a bare Python, and time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, Metric
from benchmarks.measurement import Measurement, Setup
from benchmarks.process import peak_mib, spend

_BYTES = 100_000_000
_READ = """
from pathlib import Path
from billing_canary.suite.junit_reader import read_junit
report = read_junit(Path({file!r}), "measured")
assert report.counts.tests == {cases}, report.counts
"""
_CASE = '<testcase classname="shop.billing.test_topups" name="test_top_up[RUB-{n}]" time="0.25"'
_TRACE = "".join(
    f"  File &quot;/srv/shop/billing/step{line}.py&quot;, line {line}, in step{line}\n" for line in range(40)
)
_FAILURE = f'><failure type="AssertionError">Traceback:\n{_TRACE}</failure></testcase>\n'
_BASE = "over a bare Python"
_MIXED = Metric(name="JUnit of 100 MB, 1 % failed", unit="MiB", base=_BASE, goal=64)
_ALL_FAILED = Metric(name="JUnit of 100 MB, all failed", unit="MiB", base=_BASE, goal=64)
_SECONDS = Metric(name="JUnit of 100 MB, 1 % failed", unit="s wall", base="a whole process")


def _program(file: Path, *, failed_every: int, size: int) -> str:
    """A program that reads a JUnit of `size` bytes, which is written to `file`."""
    written = cases = 0
    with file.open("w", encoding="utf-8") as stream:
        stream.write("<testsuites><testsuite>\n")
        while written < size:
            rest = "/>\n" if cases % failed_every else _FAILURE
            written += stream.write(_CASE.format(n=cases) + rest)
            cases += 1
        stream.write("</testsuite></testsuites>\n")
    return _READ.format(file=str(file), cases=cases)


def measure_junit(setup: Setup) -> Iterator[Figure]:
    """Reading a JUnit file of 100 MB: peak memory over a bare Python, and seconds."""
    folder, rounds, size = setup.scratch, range(setup.some_rounds(3)), setup.sized(_BYTES)
    mixed = _program(folder / "mixed.xml", failed_every=100, size=size)
    yield _MIXED.of([peak_mib(mixed, folder) - peak_mib("", folder) for _ in rounds])
    yield _SECONDS.of([spend((sys.executable, "-c", mixed), folder).wall for _ in rounds])
    failed = _program(folder / "failed.xml", failed_every=1, size=size)
    yield _ALL_FAILED.of([peak_mib(failed, folder) - peak_mib("", folder) for _ in rounds])


MEASUREMENTS = (Measurement(name="junit", take=measure_junit, metrics=(_MIXED, _SECONDS, _ALL_FAILED)),)

"""The detection matrix on a terminal: a row for each fault, a column for each probe, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.render.faults_markdown import faults_headline
from billing_canary.artifact.render.text import counted, duration, fit, plain, wrapped
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.model import FaultMatrix, FaultResult, Status

_WIDTH = 80
_ID_WIDTH = 6
_SHORTEST_TITLE = 12
_CAUGHT, _RED, _GREEN, _SKIPPED, _ABSENT = "X", "+", ".", "-", " "
_KEY = "X red, naming the fault   + red for another claim   . green   - skipped"


def faults_console(report: FaultsReport, report_file: Path | str, paint: Paint = unpainted) -> str:
    """The matrix, its verdict first and the file to open last.

    Args:
        report: what is shown.
        report_file: the file that a person should open next.
        paint: colours the verdict and the faults that were missed.
    """
    sections = (
        _verdict(report, paint),
        _matrix(report.matrix, paint),
        _legend(report.matrix),
        _foot(report, str(report_file)),
    )
    return "\n".join(line.rstrip() for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _verdict(report: FaultsReport, paint: Paint) -> Iterator[str]:
    yield paint(faults_headline(report), report.verdict.overall_status)
    for alarm in report.matrix.healthy_alarms:
        yield from wrapped(f"  - false alarm: {plain(alarm)}", _WIDTH, "    ")


def _surfaces(matrix: FaultMatrix) -> list[tuple[str, list[str]]]:
    """Surfaces in order, each with the ids of its probes."""
    ids = sorted({probe for fault in matrix.faults for probe in fault.statuses})
    return [(surface, list(found)) for surface, found in groupby(ids, key=_surface)]


def _surface(probe: str) -> str:
    return probe.partition(".")[0]


def _matrix(matrix: FaultMatrix, paint: Paint) -> Iterator[str]:
    surfaces = _surfaces(matrix)
    heading = " ".join(fit(plain(surface), len(probes)) for surface, probes in surfaces)
    room = max(_WIDTH - _ID_WIDTH - len(heading) - 2, _SHORTEST_TITLE)
    yield " " * _ID_WIDTH + heading
    for fault in matrix.faults:
        cells = " ".join("".join(_cell(fault, probe) for probe in probes) for _, probes in surfaces)
        outcome = "" if fault.caught else "MISSED "
        title = fit(f"{outcome}{plain(fault.title)}", room).rstrip()
        row = f"{fit(plain(fault.id), _ID_WIDTH)}{cells}  {title}"
        yield row if fault.caught else paint(row, Status.FAIL)


def _cell(fault: FaultResult, probe: str) -> str:
    if probe in fault.by:
        return _CAUGHT
    status = fault.statuses.get(probe)
    if status is None:
        return _ABSENT
    return {Status.PASS: _GREEN, Status.SKIP: _SKIPPED}.get(Status(status), _RED)


def _legend(matrix: FaultMatrix) -> Iterator[str]:
    """What the signs mean, and which probe each column is."""
    yield _KEY
    for surface, probes in _surfaces(matrix):
        names = ", ".join(f"{n}={probe.partition('.')[2]}" for n, probe in enumerate(probes, 1))
        yield from wrapped(plain(f"{surface}: {names}", 5_000), _WIDTH, "  ")


def _foot(report: FaultsReport, report_file: str) -> Iterator[str]:
    trials = counted(len(report.matrix.faults) + report.matrix.healthy_runs, "trial")
    yield f"{trials} in {duration(report.matrix.duration_ms)}"
    yield f"Report: {plain(report_file, 1_000)}"

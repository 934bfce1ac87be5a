"""The detection matrix for people: what the probes miss comes first."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.render.escape import cell, code, escaped, item, table
from billing_canary.artifact.render.text import counted, duration, minute
from billing_canary.model import FaultMatrix, FaultResult, Status


def faults_markdown(report: FaultsReport) -> str:
    """The whole report. Its first line says verdict, why, since when, and what to do next."""
    matrix = report.matrix
    sections = (
        _first_line(report),
        _facts(matrix),
        _missed(matrix),
        _alarms(matrix),
        _caught(matrix),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def faults_headline(report: FaultsReport) -> str:
    """The result in one sentence of plain text."""
    matrix = report.matrix
    caught = sum(fault.caught for fault in matrix.faults)
    alarms = counted(len(matrix.healthy_alarms), "false alarm")
    runs = counted(matrix.healthy_runs, "healthy run")
    faults = counted(len(matrix.faults), "fault")
    return f"{report.verdict.overall_status.upper()}: {caught} of {faults} caught, {alarms} in {runs}"


def _first_line(report: FaultsReport) -> Iterator[str]:
    verdict, _, result = faults_headline(report).partition(": ")
    yield f"**{verdict}**: {result}. Since {minute(report.matrix.started_at)}. Next: {_next_step(report)}"


def _next_step(report: FaultsReport) -> str:
    match report.verdict.overall_status:
        case Status.PASS:
            return "nothing; the probes notice every fault in this list."
        case Status.FAIL:
            return "mend the probes named below before trusting a green canary."
        case _:
            return "run it again: not everything was tried."


def _facts(matrix: FaultMatrix) -> Iterator[str]:
    yield "# Fault detection"
    yield ""
    yield from item(f"Run: {code(matrix.run_id)}, took {duration(matrix.duration_ms)}")
    yield from item("Each fault is switched on alone in the reference service; then every probe runs.")


def _missed(matrix: FaultMatrix) -> Iterator[str]:
    yield "## Not caught"
    yield ""
    missed = [fault for fault in matrix.faults if not fault.caught]
    if not missed:
        yield "None."
    for fault in missed:
        yield from item(f"{code(fault.id)} {escaped(fault.title)}")
        yield from item(_statuses(fault), depth=1)


def _statuses(fault: FaultResult) -> str:
    ran = len(fault.statuses)
    red = [probe for probe, status in fault.statuses.items() if status != Status.PASS]
    if not red:
        return f"all {ran} probes stayed green" if ran else "no probe ran"
    return f"not green, but for another claim: {', '.join(map(code, red))}"


def _alarms(matrix: FaultMatrix) -> Iterator[str]:
    yield "## False alarms on the healthy service"
    yield ""
    if not matrix.healthy_alarms:
        yield f"None in {counted(matrix.healthy_runs, 'run')}."
    for alarm in matrix.healthy_alarms:
        yield from item(escaped(alarm))


def _caught(matrix: FaultMatrix) -> Iterator[str]:
    yield "## Caught"
    yield ""
    caught = [fault for fault in matrix.faults if fault.caught]
    if not caught:
        yield "None."
        return
    yield from table(("Fault", "What goes wrong", "Caught by"), map(_row, caught))
    yield ""
    yield "Every probe that caught it, and the claims that did not hold:"
    yield ""
    for fault in caught:
        yield from item(f"{code(fault.id)} {', '.join(map(code, fault.by))}")
        for claim in fault.claims:
            yield from item(escaped(claim), depth=1)


def _row(fault: FaultResult) -> tuple[str, str, str]:
    return (cell(fault.id), cell(fault.title), f"{cell(fault.by[0])}{_others(fault)}" if fault.by else "-")


def _others(fault: FaultResult) -> str:
    return f" and {len(fault.by) - 1} more" if len(fault.by) > 1 else ""

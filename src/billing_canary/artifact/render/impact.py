"""The part of the report that says what is wrong, for whom to mend, and how it was seen."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.render.advice import failed_probes
from billing_canary.artifact.render.escape import code, escaped, item
from billing_canary.model import Evidence, ProbeResult


def impact(report: CanaryReport) -> Iterator[str]:
    """Each failed probe with its owner and, for each claim that did not hold, what was observed."""
    yield "## Impact"
    yield ""
    failed = failed_probes(report)
    if not failed:
        yield "No claim about billing failed."
    for number, probe in enumerate(failed):
        if number:
            yield ""
        yield from _probe(report, probe)


def _probe(report: CanaryReport, probe: ProbeResult) -> Iterator[str]:
    yield f"### {escaped(probe.title)}"
    yield ""
    flaky = " (flaky: it held later)" if probe.flaky else ""
    yield from item(f"Probe {code(probe.id)}, {probe.severity}, {escaped(probe.surface)}{flaky}")
    yield from item(f"Owner: {code(probe.owner or 'nobody is named')}")
    if not probe.failed_claims:
        yield from item(f"Failed: {escaped(probe.reason or 'no reason was given')}")
    for row in probe.failed_claims:
        yield from _claim(report, row)


def _claim(report: CanaryReport, row: Evidence) -> Iterator[str]:
    yield from item(f"**Not so: {escaped(row.claim)}**")
    yield from item(f"Expected: {escaped(row.expected)}", depth=1)
    yield from item(f"Observed: {escaped(row.observed)} (from {escaped(row.source)})", depth=1)
    for fault in row.reveals:
        title = report.fault_titles.get(fault, "")
        yield from item(f"May be fault {escaped(f'{fault}: {title}' if title else fault)}", depth=1)

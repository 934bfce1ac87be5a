"""The canary report as JUnit XML, for CI systems that show test results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.render.advice import status_word
from billing_canary.artifact.render.text import plain
from billing_canary.model import Evidence, ProbeResult, Status

_SUITE = "billing-canary"
_LONGEST_OUTPUT = 2_000


def junit(report: CanaryReport) -> str:
    """One test case for each probe; a run without a probe has none, and a flaky one is an error."""
    from junit_xml import TestSuite, to_xml_report_string  # noqa: PLC0415 - only this renderer needs it

    suite = TestSuite(
        _SUITE,
        [_case(probe) for probe in report.run.probes],
        timestamp=report.run.started_at,
        properties={
            "run_id": report.run.run_id,
            "overall_status": str(report.verdict.overall_status),
            "commit": report.head.commit or "",
        },
    )
    return str(to_xml_report_string([suite], encoding="utf-8"))


def _case(probe: ProbeResult) -> Any:
    from junit_xml import TestCase  # noqa: PLC0415 - only this renderer needs it

    case = TestCase(
        plain(f"{probe.id}: {probe.title}"),
        classname=f"{_SUITE}.{plain(probe.surface)}",
        elapsed_sec=timedelta(milliseconds=probe.duration_ms).total_seconds(),
        timestamp=probe.started_at,
    )
    message, output = _message(probe), _output(probe)
    if probe.status is Status.FAIL:
        case.add_failure_info(message, output, "fail")
    elif probe.status is Status.SKIP:
        case.add_skipped_info(message + _excuse(probe))
    elif probe.status is not Status.PASS:
        case.add_error_info(message, output, str(probe.status))
    elif probe.flaky:
        case.add_error_info(message, output, "flaky")
    return case


def _message(probe: ProbeResult) -> str:
    claims = "; ".join(row.claim for row in probe.failed_claims)
    unsaid = "a claim failed before it held" if probe.flaky else "no reason was given"
    return plain(probe.reason or claims or f"{status_word(probe)}: {unsaid}")


def _excuse(probe: ProbeResult) -> str:
    why = probe.not_applicable
    return plain(f"; not applicable here: {why.reason} (says {why.owner})") if why is not None else ""


def _output(probe: ProbeResult) -> str:
    return "\n".join(map(_told, probe.failed_claims))


def _told(row: Evidence) -> str:
    parts = (f"not so: {row.claim}", f"  expected: {row.expected}", f"  observed: {row.observed}")
    return "\n".join(plain(part, _LONGEST_OUTPUT) for part in parts)

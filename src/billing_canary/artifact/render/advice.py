"""The one line that a commander reads first: verdict, why, since when, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.render.text import counted, minute, plain
from billing_canary.model import ProbeResult, Severity, Status

_MEANING = {
    Status.PASS: "billing is safe",
    Status.FAIL: "billing is not safe",
    Status.REFUSED: "stopped by the safety guard",
    Status.INCONCLUSIVE: "cannot tell whether billing is safe",
}
_IN_MOCK = {
    Status.PASS: "nothing here; mock mode shows that the probes work, so run them against staging to ship.",
    Status.FAIL: "no customer is affected: in mock mode a failure is a fault switched on, or a broken probe.",
    Status.REFUSED: "mend what the guard names under Safety checks, then run again.",
    Status.INCONCLUSIVE: "mend the cause named here and run again.",
}
"""Mock mode tests the reference service: nothing of it is released, and nothing can be rolled back."""

_LONGEST_WHY = 200


def headline(report: CanaryReport) -> str:
    """The verdict in words, e.g. "FAIL: billing is not safe"."""
    status = report.verdict.overall_status
    return f"{status.upper()}: {_MEANING[status]}"


def why(report: CanaryReport) -> str:
    """The worst reason, and how many more there are."""
    first, *more = report.verdict.reasons
    rest = f" (and {counted(len(more), 'more reason')})" if more else ""
    return f"{plain(first, _LONGEST_WHY)}{rest}"


def since(report: CanaryReport) -> str:
    """Since when the runs have had this status."""
    return minute(report.since or report.run.started_at)


def next_step(report: CanaryReport, name: Callable[[str], str] = plain) -> str:
    """What a person should do now; `name` writes an owner's name in the format of the report."""
    if report.run.mode == "mock":
        return _IN_MOCK[report.verdict.overall_status]
    match report.verdict.overall_status:
        case Status.PASS:
            return "nothing; this run supports shipping."
        case Status.FAIL:
            return _after_failure(report, name)
        case Status.REFUSED:
            return "mend what the guard names under Safety checks, then run again."
        case _:
            return "treat billing as unproven: mend the cause named here and run again before shipping."


def failed_probes(report: CanaryReport) -> tuple[ProbeResult, ...]:
    """Probes that failed, or whose claim failed before it held; critical ones first."""
    order = list(Severity)
    found = [probe for probe in report.run.probes if probe.status is Status.FAIL or probe.failed_claims]
    return tuple(sorted(found, key=lambda probe: order.index(probe.severity)))


def status_word(probe: ProbeResult) -> str:
    """The probe's status in one word; a pass at the second try is "flaky"."""
    return "flaky" if probe.flaky and probe.status is Status.PASS else str(probe.status)


def _after_failure(report: CanaryReport, name: Callable[[str], str]) -> str:
    failed = failed_probes(report)
    owners = ", ".join(dict.fromkeys(name(probe.owner) for probe in failed if probe.owner))
    to_whom = f", and hand the report's Impact to {owners}" if owners else ""
    if failed and all(probe.severity is not Severity.CRITICAL for probe in failed):
        return f"ship only if the owner accepts the risk in writing{to_whom}."
    return f"stop the release, roll back if it is live{to_whom}."

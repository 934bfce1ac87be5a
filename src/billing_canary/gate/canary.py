"""The verdict of a canary run: when synthetic probes show that billing is safe, and when they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing_canary.gate.findings import Finding, conclude
from billing_canary.model import (
    HealthCheck,
    NotApplicable,
    ProbeResult,
    SafetyCheck,
    Severity,
    Status,
    Verdict,
)

_HARMLESS = frozenset({Status.PASS, Status.SKIP})
_BLOCKS_AT_ANY_SEVERITY = frozenset({Status.FAIL, Status.REFUSED})
_VERBS = {
    Status.SKIP: "was skipped",
    Status.INCONCLUSIVE: "could not tell",
    Status.ERROR: "broke",
    Status.REFUSED: "was refused",
    Status.FAIL: "failed",
}
_WEIGHTS = {severity: weight for weight, severity in enumerate(Severity)}


def judge(
    *,
    probes: Sequence[ProbeResult],
    safety_checks: Sequence[SafetyCheck],
    health_check: HealthCheck,
    missing_count: int = 0,
    not_run: str = "",
) -> Verdict:
    """The overall status of a canary run, and why.

    `pass` needs all of: the health check passed, at least one critical probe ran, every critical probe
    passed or was skipped with an excuse of the project's (`ProbeResult.not_applicable`), no probe failed,
    was refused or was flaky, every safety check passed or did not apply, and no required file is
    missing. Otherwise `fail` if anything failed, else `refused` if the guard
    stopped anything, else `inconclusive`.

    Args:
        probes: every selected probe, those that did not run included.
        safety_checks: what the guard proved.
        health_check: the target's own word about itself.
        missing_count: required files of the bundle that are not there.
        not_run: why the run ended before its probes did, or "".

    Returns:
        The verdict; its reasons are sentences, worst first.
    """
    findings = [
        *_about_health(health_check),
        *_about_safety(safety_checks),
        *_about_coverage(probes, not_run),
        *(finding for probe in probes for finding in _about_probe(probe)),
        *_about_files(missing_count),
    ]
    return conclude(findings, praise=_praise(probes))


def shown_status(probe: ProbeResult) -> Status:
    """What the evidence of `probe` supports where its label is a harmless one.

    A claim that did not hold is a failure, or at least no pass where it held later (flaky); a pass
    without a tested claim shows nothing.
    """
    if probe.status not in _HARMLESS:
        return probe.status
    if probe.flaky:
        return Status.INCONCLUSIVE
    if probe.failed_claims:
        return Status.FAIL
    return Status.ERROR if probe.status is Status.PASS and not probe.evidence else probe.status


def _about_health(check: HealthCheck) -> Iterator[Finding]:
    if check.status is not Status.PASS:
        status = Status.INCONCLUSIVE if check.status is Status.SKIP else check.status
        yield Finding(status=status, sentence=f"the health check {_VERBS[check.status]}: {check.detail}")


def _about_safety(checks: Sequence[SafetyCheck]) -> Iterator[Finding]:
    for check in checks:
        if check.status not in _HARMLESS:
            yield Finding(
                status=check.status,
                sentence=f"safety check {check.id} {_VERBS[check.status]}: {check.detail}",
            )


def _about_coverage(probes: Sequence[ProbeResult], not_run: str) -> Iterator[Finding]:
    if not_run:
        yield Finding(status=Status.INCONCLUSIVE, sentence=f"the run did not complete: {not_run}")
    if not probes:
        yield Finding(status=Status.INCONCLUSIVE, sentence="no probe ran, so nothing was shown")
    elif not any(_is_critical(probe) and shown_status(probe) is Status.PASS for probe in probes):
        yield Finding(
            status=Status.INCONCLUSIVE, weight=len(_WEIGHTS), sentence="no critical probe ran and passed"
        )


def _about_probe(probe: ProbeResult) -> Iterator[Finding]:
    status = shown_status(probe)
    if status is Status.SKIP and probe.not_applicable is not None:
        yield Finding(status=status, blocks=False, sentence=_excuse(probe, probe.not_applicable))
        return
    if status is Status.PASS or (status is Status.SKIP and not _is_critical(probe)):
        return
    blocks = _is_critical(probe) or probe.flaky or status in _BLOCKS_AT_ANY_SEVERITY
    yield Finding(
        status=Status.INCONCLUSIVE if status is Status.SKIP else status,
        blocks=blocks,
        weight=_WEIGHTS[probe.severity],
        sentence=_sentence(probe, status),
    )


def _excuse(probe: ProbeResult, why: NotApplicable) -> str:
    return f"{probe.id} does not apply to this target: {why.reason} (says {why.owner}); {probe.reason}"


def _sentence(probe: ProbeResult, status: Status) -> str:
    failed = probe.failed_claims
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        word = "flaky" if probe.flaky else _VERBS[status]
        return f'{probe.id} {word}: "{first.claim}" did not hold, observed {first.observed}{more}'
    if not probe.evidence and probe.status is Status.PASS:
        return f"{probe.id} broke: it tested no claim"
    if probe.flaky:
        return f"{probe.id} flaky: {probe.reason or 'a claim failed, then held'}"
    return f"{probe.id} {_VERBS[status]}: {probe.reason or 'no reason was given'}"


def _about_files(missing_count: int) -> Iterator[Finding]:
    if missing_count:
        noun = "file is" if missing_count == 1 else "files are"
        yield Finding(status=Status.INCONCLUSIVE, sentence=f"{missing_count} required {noun} missing")


def _is_critical(probe: ProbeResult) -> bool:
    return probe.severity is Severity.CRITICAL


def _praise(probes: Sequence[ProbeResult]) -> str:
    ran = [probe for probe in probes if probe.status is not Status.SKIP]
    critical = sum(map(_is_critical, ran))
    claims = sum(len(probe.evidence) for probe in ran)
    noun = "the critical probe" if critical == 1 else f"all {critical} critical probes"
    if any(probe.not_applicable for probe in probes):
        noun += " that applies" if critical == 1 else " that apply"
    return f"{noun} passed; {_counted(claims, 'claim')} tested in {_counted(len(ran), 'probe')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

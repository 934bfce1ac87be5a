"""The sentences about a tier that every report of it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_canary.artifact.render.text import counted, minute, plain
from billing_canary.artifact.tier_report import TierReport, suites_passed
from billing_canary.tier import SuiteReason, SuiteResult
from billing_canary.verdict import Status

if TYPE_CHECKING:
    from billing_canary.module_coverage import ModuleCoverage

_LONGEST_WHY = 200
_NEXT = {
    Status.PASS: "nothing; this run supports shipping this commit.",
    Status.FAIL: "stop the release, and mend what is named here.",
    Status.INCONCLUSIVE: "treat this commit as unproven: mend the cause named here and run again.",
}
_NEXT_FOR_HARNESS = {
    Status.PASS: "nothing; the verdicts of this harness can be trusted here.",
    Status.FAIL: "trust no verdict of this harness on this machine until it is mended.",
    Status.INCONCLUSIVE: "run again: not everything was tried.",
}


def headline(report: TierReport) -> str:
    """The verdict in words, e.g. "PASS: pr-fast, 3 of 3 suites passed"."""
    run = report.run
    verb = "came to what is expected" if run.checks_harness else "passed"
    suites = f"{suites_passed(run)} of {counted(len(run.suites), 'suite')} {verb}"
    if run.shard is None:
        return f"{report.verdict.overall_status.upper()}: {plain(run.tier)}, {suites}"
    part = f"shard {run.shard[0]}/{run.shard[1]}"
    status = "PART" if _is_good_part(report) else report.verdict.overall_status.upper()
    return f"{status}: {plain(run.tier)}, {part}, {suites}"


def _is_good_part(report: TierReport) -> bool:
    """Whether it is a shard that lacks nothing but the others."""
    run = report.run
    lacking = run.notes or report.missing_count
    return run.shard is not None and suites_passed(run) == len(run.suites) > 0 and not lacking


def why(report: TierReport) -> str:
    """The worst reason, and how many more there are."""
    first, *more = report.verdict.reasons
    rest = f" (and {counted(len(more), 'more reason')})" if more else ""
    return f"{plain(first, _LONGEST_WHY)}{rest}"


def since(report: TierReport) -> str:
    """Since when the runs of this tier have had this status."""
    return minute(report.since or report.run.started_at)


def next_step(report: TierReport) -> str:
    """What a person should do now."""
    status, harness = report.verdict.overall_status, report.run.checks_harness
    if status is Status.PASS and not harness and (report.head.commit is None or report.head.dirty):
        return "commit what was tested and run again to ship; this run speaks for no commit."
    if _is_good_part(report):
        return "merge it with the other shards: billing-canary runs merge BUNDLE..."
    steps = _NEXT_FOR_HARNESS if harness else _NEXT
    return steps.get(status, steps[Status.INCONCLUSIVE])


def result(suite: SuiteResult) -> str:
    """What a suite came to: "passed", or status and reason."""
    if suite.expects is not SuiteReason.PASSED:
        told = "as expected: {}" if suite.as_expected else "{}, not {}"
        return told.format(suite.reason, suite.expects)
    return str(suite.reason) if suite.reason is SuiteReason.PASSED else f"{suite.status}: {suite.reason}"


def figures(module: ModuleCoverage) -> tuple[str, str]:
    """Lines and branches as "90.67 % of 300 (at least 85)", cut, never rounded up."""
    line, branch = (
        f"{counts.percent} % of {counts.total} (at least {counts.minimum})" if counts.total else "none"
        for counts in (module.line, module.branch)
    )
    return line, branch

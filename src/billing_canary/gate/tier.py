"""The verdict of a tier: every suite came to what it must, and the coverage gate holds."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.gate.findings import Finding, conclude
from billing_canary.gate.suite import judge_again
from billing_canary.tier import SuiteReason, SuiteResult, TierRun
from billing_canary.verdict import Status, Verdict

_VERBS = {SuiteReason.FLAKY: "is flaky", SuiteReason.NOT_RUN: "was not run"}


def judge(run: TierRun, *, missing_count: int = 0) -> Verdict:
    """The overall status of a run of a tier, and why.

    `pass` needs all of: at least one suite, every suite passed at its first attempt, the coverage gate
    measured and held where the tier has one, the run went to its end, no required file is missing, and it
    is no mere shard; coverage is judged when shards are merged.
    Otherwise `fail` if anything failed, else `inconclusive`. A tier that checks the harness passes when
    every suite came to exactly what it expects. Suites are judged from their attempts, coverage from its
    counts; a recorded label that is better than these is not believed.
    """
    findings = [*_about_run(run, missing_count), *_about_shard(run)]
    return conclude(findings, praise=_praise(run))


def judge_part(run: TierRun, *, missing_count: int = 0) -> Verdict:
    """What the run shows of its own suites: of a shard, all but that it is none of the whole tier."""
    return conclude(_about_run(run, missing_count), praise=_praise(run))


def is_as_expected(suite: SuiteResult) -> bool:
    """Whether `suite` came to what it must, judged from its attempts."""
    return judge_again(suite).as_expected and suite.as_expected


def _about_run(run: TierRun, missing_count: int) -> Iterator[Finding]:
    yield from _about_suites(run)
    yield from _about_coverage(run)
    yield from (Finding(status=Status.INCONCLUSIVE, sentence=note) for note in run.notes)
    yield from _about_files(missing_count)


def _about_shard(run: TierRun) -> Iterator[Finding]:
    if run.shard is not None:
        told = f"shard {run.shard[0]} of {run.shard[1]} alone says nothing about the whole tier"
        yield Finding(status=Status.INCONCLUSIVE, weight=1, sentence=told)


def _about_suites(run: TierRun) -> Iterator[Finding]:
    if not run.suites:
        yield Finding(status=Status.INCONCLUSIVE, sentence="no suite ran, so nothing was shown")
    for suite in run.suites:
        judged = judge_again(suite)
        if run.checks_harness:
            if not is_as_expected(suite):
                yield _surprise(suite, judged)
        elif judged.status is not Status.PASS or suite.status is not Status.PASS:
            yield _finding(suite if judged.status is Status.PASS else judged)


def _surprise(suite: SuiteResult, judged: SuiteResult) -> Finding:
    told = f"suite {suite.name} came to {judged.reason}, expected {suite.expects}"
    # A suite that was never started tells nothing of the harness, neither good nor bad.
    status = Status.INCONCLUSIVE if judged.reason is SuiteReason.NOT_RUN else Status.FAIL
    return Finding(status=status, sentence=f"{told}: {judged.detail or 'no detail'}")


def _finding(suite: SuiteResult) -> Finding:
    verb = _VERBS.get(suite.reason, f"failed: {suite.reason}")
    status = suite.status if suite.status is not Status.PASS else Status.INCONCLUSIVE
    return Finding(status=status, sentence=f"suite {suite.name} {verb}: {suite.detail or 'no detail'}")


def _about_coverage(run: TierRun) -> Iterator[Finding]:
    if run.shard is None and (run.coverage_gate or run.coverage):
        from billing_canary.gate import coverage  # noqa: PLC0415 - most tiers gate none

        yield from coverage.findings(run.coverage)


def _about_files(missing_count: int) -> Iterator[Finding]:
    if missing_count:
        noun = "file is" if missing_count == 1 else "files are"
        yield Finding(status=Status.INCONCLUSIVE, sentence=f"{missing_count} required {noun} missing")


def _praise(run: TierRun) -> str:
    count = len(run.suites)
    noun = "suite" if count == 1 else "suites"
    if run.checks_harness:
        return f"all {count} {noun} came to exactly what is expected: the harness tells good from bad"
    tests = sum(suite.tests - suite.skipped for suite in run.suites)
    held = f"; coverage holds in {_modules(run)}" if run.coverage else ""
    return f"{count} of {count} {noun} passed, {tests} {'test' if tests == 1 else 'tests'}{held}"


def _modules(run: TierRun) -> str:
    count = len(run.coverage)
    return "1 gated module" if count == 1 else f"{count} gated modules"

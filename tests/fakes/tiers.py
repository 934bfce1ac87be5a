"""A run of a tier with one of everything."""

from __future__ import annotations

from dataclasses import replace

from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.previous import PreviousRun
from billing_canary.artifact.tier_report import TierReport
from billing_canary.gate.suite import judge_suite
from billing_canary.gate.tier import judge
from billing_canary.model import ProjectFiles
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason, TestCase, TierRun

PASSED_CASE = TestCase(suite="topup", name="shop::pays", outcome="passed", duration_ms=250)
FAILED_CASE = replace(PASSED_CASE, name="shop::pays_twice", outcome="failed", message="0.58 is not 0.29")
GOOD = SuiteAttempt(
    exit_code=0,
    timed_out=False,
    junit=JUnitCounts(tests=2, failures=0, errors=0, skipped=1),
    junit_problem=None,
    detail="",
    cases=(PASSED_CASE, replace(PASSED_CASE, name="shop::later", outcome="skipped", message="no clock")),
    missing_artifacts=(),
    log="logs/topup.log",
    log_bytes=12,
    log_sha256="1" * 64,
    duration_ms=300,
    collected=2,
    finished=2,
)
BAD = replace(
    GOOD,
    exit_code=1,
    junit=JUnitCounts(tests=2, failures=1, errors=0, skipped=0),
    cases=(PASSED_CASE, FAILED_CASE),
)
LOST = replace(
    GOOD,
    junit=None,
    junit_problem=SuiteReason.JUNIT_MISSING,
    detail="it was not written",
    cases=(),
    finished=0,
)
ENOUGH = Counts(covered=9067, total=10_000, minimum="85", status=CoverageStatus.PASS)
MODULE = ModuleCoverage(
    module="shop/topups.py",
    role="routers",
    line=ENOUGH,
    branch=replace(ENOUGH, covered=3, total=10, minimum="65", status=CoverageStatus.BELOW),
    status=CoverageStatus.BELOW,
    reason="3 of 10 branches are covered",
    fix="add tests",
    excluded=2,
    missing_lines=((3, 9), (20, 20)),
    missing_branches=((3, -1),),
    partial=((3, 2, 1),),
    overrides=("BILLING_COVERAGE_MIN_ROUTERS_LINE: 80 instead of 85",),
    notes=("one note",),
)


def tier_report() -> TierReport:
    """A passed, a failed, a flaky, a lost and a left-out suite, and a module below its floor."""
    results = {"topup": (GOOD,), "bad": (BAD,), "moody": (BAD, GOOD), "lost": (LOST,), "later": ()}
    run = TierRun(
        run_id="20261121T103716.123Z-4f2a",
        tier="pr-fast",
        suites=tuple(
            judge_suite(name=name, title=f"The {name} suite", min_tests=1, attempts=attempts)
            for name, attempts in results.items()
        ),
        jobs=2,
        coverage_gate=True,
        coverage=(MODULE,),
        slowest=(PASSED_CASE,),
        newly_failing=("bad: shop::pays_twice",),
        shard=(1, 2),
        started_at="2026-11-21T10:37:16.123Z",
        finished_at="2026-11-21T10:37:19.323Z",
        duration_ms=3200,
        notes=("it ended early",),
    )
    return TierReport(
        head=ReportHead(
            mode="confidence",
            commit="a" * 40,
            dirty=True,
            argv=("confidence", "pr-fast"),
            project=ProjectFiles(
                root="/srv/shop", origin="--project", sha256={"suites/pr-fast.toml": "0" * 64}
            ),
        ),
        run=run,
        verdict=judge(run),
        since="2026-11-21T08:00:00.000Z",
        previous=PreviousRun(
            run_id="before",
            overall_status="pass",
            commit="b" * 40,
            started_at="2026-11-21T08:00:00.000Z",
            changes=("suite bad: passed before, test-failures now",),
        ),
    )


def green_report() -> TierReport:
    """The same run with nothing but its passed suite, of a clean commit."""
    report = tier_report()
    run = replace(
        report.run,
        suites=report.run.suites[:1],
        coverage_gate=False,
        coverage=(),
        newly_failing=None,
        shard=None,
        notes=(),
    )
    head = replace(report.head, dirty=False)
    return replace(report, run=run, head=head, verdict=judge(run), since=None, previous=None)

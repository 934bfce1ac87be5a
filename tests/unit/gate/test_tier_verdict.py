"""The verdict of a tier: every suite, the coverage gate, the files; nothing shown is never a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing_canary.gate.suite import judge_suite
from billing_canary.gate.tier import judge
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason, SuiteResult, TierRun
from billing_canary.verdict import Status

GOOD = SuiteAttempt(
    exit_code=0,
    timed_out=False,
    junit=JUnitCounts(tests=2, failures=0, errors=0, skipped=0),
    junit_problem=None,
    detail="",
    cases=(),
    missing_artifacts=(),
    log="logs/a.log",
    log_bytes=0,
    log_sha256="0" * 64,
    duration_ms=10,
)
HALF = Counts(covered=85, total=100, minimum="85", status=CoverageStatus.PASS)
MODULE = ModuleCoverage(
    module="shop/topups.py",
    role="routers",
    line=HALF,
    branch=HALF,
    status=CoverageStatus.PASS,
    reason="",
    fix="",
)


def suite(*attempts: SuiteAttempt, name: str = "a", expects: SuiteReason = SuiteReason.PASSED) -> SuiteResult:
    return judge_suite(name=name, title="A", min_tests=1, attempts=attempts, expects=expects)


PASSED = suite(GOOD)
FAILED = suite(replace(GOOD, exit_code=1), name="b")
LEFT_OUT = suite(name="c")
FLAKY = suite(replace(GOOD, exit_code=1), GOOD, name="d")


def run(*suites: SuiteResult, **changes: Any) -> TierRun:
    plain = TierRun(
        run_id="r",
        tier="pr-fast",
        suites=suites,
        jobs=2,
        coverage_gate=False,
        coverage=(),
        slowest=(),
        newly_failing=None,
        shard=None,
        started_at="2026-11-21T10:37:16.123Z",
        finished_at="2026-11-21T10:37:17.123Z",
        duration_ms=1000,
    )
    return replace(plain, **changes)


def test_every_suite_passed_is_a_pass() -> None:
    verdict = judge(run(PASSED, PASSED))
    assert verdict.overall_status is Status.PASS
    assert verdict.reasons == ("2 of 2 suites passed, 4 tests",)


@pytest.mark.parametrize(
    ("suites", "status"),
    [
        ((), Status.INCONCLUSIVE),
        ((PASSED, FAILED), Status.FAIL),
        ((PASSED, LEFT_OUT), Status.INCONCLUSIVE),
        ((PASSED, FLAKY), Status.INCONCLUSIVE),
        ((FLAKY, LEFT_OUT, FAILED), Status.FAIL),
    ],
)
def test_less_than_that_is_none(suites: tuple[SuiteResult, ...], status: Status) -> None:
    assert judge(run(*suites)).overall_status is status


def test_the_failed_suite_is_named_first() -> None:
    assert judge(run(LEFT_OUT, FAILED)).reasons[0].startswith("suite b failed: exit-code: exit code 1")


def test_a_label_that_is_better_than_the_attempts_is_not_believed() -> None:
    forged = replace(FAILED, status=Status.PASS, reason=SuiteReason.PASSED)
    assert judge(run(PASSED, forged)).overall_status is Status.FAIL


def test_a_label_that_is_worse_than_the_attempts_counts() -> None:
    wary = replace(PASSED, status=Status.FAIL, reason=SuiteReason.TIMEOUT)
    assert judge(run(wary)).overall_status is Status.FAIL


def test_a_missing_file_or_a_note_is_no_pass() -> None:
    assert judge(run(PASSED), missing_count=1).overall_status is Status.INCONCLUSIVE
    assert judge(run(PASSED, notes=("it was stopped",))).overall_status is Status.INCONCLUSIVE


def test_the_coverage_gate_must_be_measured_where_the_tier_has_one() -> None:
    assert judge(run(PASSED, coverage_gate=True)).overall_status is Status.INCONCLUSIVE
    verdict = judge(run(PASSED, coverage_gate=True, coverage=(MODULE,)))
    assert verdict.overall_status is Status.PASS
    assert verdict.reasons[0].endswith("coverage holds in 1 gated module")


@pytest.mark.parametrize("gate", [True, False])
def test_a_module_below_its_floor_fails_the_tier(gate: bool) -> None:  # noqa: FBT001 - a parameter of the test
    below = replace(MODULE, status=CoverageStatus.BELOW, reason="84 of 100 lines")
    verdict = judge(run(PASSED, coverage_gate=gate, coverage=(MODULE, below)))
    assert verdict.overall_status is Status.FAIL
    assert "84 of 100 lines" in verdict.reasons[0]


def test_coverage_counts_are_held_against_their_floor_again() -> None:
    forged = replace(MODULE, line=replace(HALF, covered=84))
    assert judge(run(PASSED, coverage_gate=True, coverage=(forged,))).overall_status is Status.FAIL


def test_a_check_of_the_harness_wants_exactly_what_it_expects() -> None:
    timed_out = replace(GOOD, timed_out=True)
    right = suite(timed_out, expects=SuiteReason.TIMEOUT)
    assert judge(run(PASSED, right, checks_harness=True)).overall_status is Status.PASS
    assert judge(run(PASSED, right)).overall_status is Status.FAIL
    for wrong in (suite(GOOD, expects=SuiteReason.TIMEOUT), suite(timed_out), FLAKY):
        verdict = judge(run(PASSED, wrong, checks_harness=True))
        assert verdict.overall_status is Status.FAIL
        assert f"came to {wrong.reason}, expected {wrong.expects}" in verdict.reasons[0]
    assert judge(run(PASSED, LEFT_OUT, checks_harness=True)).overall_status is Status.INCONCLUSIVE

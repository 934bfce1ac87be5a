"""What is told of a tier, by exact text: the sentences that people read before they ship."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.tiers import BAD, GOOD, green_report

from billing_canary.gate.suite import judge_suite
from billing_canary.gate.tier import is_as_expected, judge, judge_part
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason, SuiteResult, TierRun
from billing_canary.verdict import Status

HALF = Counts(covered=85, total=100, minimum="85", status=CoverageStatus.PASS)
MODULE = ModuleCoverage(
    module="shop/topups.py", role="r", line=HALF, branch=HALF, status=CoverageStatus.PASS, reason="", fix=""
)


def attempt(tests: int, skipped: int = 0) -> SuiteAttempt:
    junit = JUnitCounts(tests=tests, failures=0, errors=0, skipped=skipped)
    return replace(GOOD, junit=junit, collected=None, finished=None)


def suite(*attempts: SuiteAttempt, name: str = "a", expects: SuiteReason = SuiteReason.PASSED) -> SuiteResult:
    return judge_suite(name=name, title="A", min_tests=1, attempts=attempts, expects=expects)


def run(*suites: SuiteResult, **changes: Any) -> TierRun:
    return replace(green_report().run, suites=suites, coverage=(), coverage_gate=False, **changes)


ONE = suite(attempt(1))
LATE = replace(GOOD, timed_out=True)


@pytest.mark.parametrize(
    ("found", "praise"),
    [
        (run(ONE), "1 of 1 suite passed, 1 test"),
        (run(suite(attempt(5, skipped=2))), "1 of 1 suite passed, 3 tests"),
        (run(suite(attempt(5, skipped=4))), "1 of 1 suite passed, 1 test"),
        (run(ONE, suite(attempt(1), name="b")), "2 of 2 suites passed, 2 tests"),
        (
            replace(run(ONE), coverage=(MODULE,)),
            "1 of 1 suite passed, 1 test; coverage holds in 1 gated module",
        ),
        (
            replace(run(ONE), coverage=(MODULE, MODULE)),
            "1 of 1 suite passed, 1 test; coverage holds in 2 gated modules",
        ),
        (
            run(ONE, checks_harness=True),
            "all 1 suite came to exactly what is expected: the harness tells good from bad",
        ),
        (
            run(ONE, suite(attempt(1), name="b"), checks_harness=True),
            "all 2 suites came to exactly what is expected: the harness tells good from bad",
        ),
    ],
)
def test_a_pass_counts_what_it_rests_on(found: TierRun, praise: str) -> None:
    for verdict in (judge(found), judge_part(found)):
        assert (verdict.overall_status, verdict.reasons) == (Status.PASS, (praise,))


@pytest.mark.parametrize(
    ("found", "missing", "reason"),
    [
        (run(), 0, "no suite ran, so nothing was shown"),
        (run(ONE), 1, "1 required file is missing"),
        (run(ONE), 2, "2 required files are missing"),
        (run(ONE, notes=("it was stopped",)), 0, "it was stopped"),
        (run(suite()), 0, "suite a was not run: it was not started"),
        (run(suite(LATE)), 0, "suite a failed: timeout: no detail"),
        (
            run(suite(BAD, GOOD)),
            0,
            f"suite a is flaky: {suite(BAD, GOOD).detail}",
        ),
        (
            run(suite(LATE), checks_harness=True),
            0,
            "suite a came to timeout, expected passed: no detail",
        ),
        (
            run(suite(BAD, expects=SuiteReason.TIMEOUT), checks_harness=True),
            0,
            f"suite a came to {suite(BAD).reason}, expected timeout: {suite(BAD).detail}",
        ),
    ],
)
def test_what_is_no_pass_is_told(found: TierRun, missing: int, reason: str) -> None:
    assert judge(found, missing_count=missing).reasons == (reason,)
    assert judge_part(found, missing_count=missing).reasons == (reason,)


def test_a_label_that_calls_a_pass_something_else_is_told_as_it_stands() -> None:
    wary = replace(ONE, status=Status.FAIL, reason=SuiteReason.TIMEOUT, detail="cut")
    assert judge(run(wary)).reasons == ("suite a failed: timeout: cut",)


def test_a_shard_names_itself_and_comes_after_what_failed() -> None:
    shard = (1, 3)
    alone = "shard 1 of 3 alone says nothing about the whole tier"
    assert judge(run(ONE, shard=shard)).reasons == (alone,)
    stopped = run(ONE, shard=shard, notes=("it was stopped",))
    assert judge(stopped).reasons == ("it was stopped", alone)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ONE, True),
        (suite(BAD), False),
        (replace(suite(BAD), reason=SuiteReason.PASSED, status=Status.PASS), False),
        (replace(ONE, reason=SuiteReason.TIMEOUT), False),
    ],
)
def test_a_suite_is_as_expected_by_its_attempts_and_by_its_label(found: SuiteResult, expected: bool) -> None:  # noqa: FBT001 - a column
    assert is_as_expected(found) is expected

"""One suite's verdict: examples for each reason, then what no attempt may ever do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.attempts import GOOD, counts

from billing_canary.gate.suite import judge_again, judge_attempt, judge_suite, passed
from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason, SuiteResult
from billing_canary.verdict import Status

R = SuiteReason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, R.PASSED),
        ({"exit_code": None}, R.CANNOT_START),
        ({"timed_out": True}, R.TIMEOUT),
        ({"timed_out": True, "exit_code": -9}, R.TIMEOUT),
        ({"exit_code": -11}, R.CRASHED),
        ({"exit_code": 137}, R.CRASHED),
        ({"exit_code": 139, "junit": None}, R.CRASHED),
        ({"exit_code": 137, "junit": counts(failures=1)}, R.TEST_FAILURES),
        ({"exit_code": 128}, R.EXIT_CODE),
        ({"junit": None, "junit_problem": R.JUNIT_MISSING}, R.JUNIT_MISSING),
        ({"junit": None, "junit_problem": R.JUNIT_STALE, "exit_code": 1}, R.JUNIT_STALE),
        ({"junit": None, "junit_problem": R.JUNIT_INVALID}, R.JUNIT_INVALID),
        ({"junit_problem": R.JUNIT_STALE}, R.JUNIT_STALE),
        ({"junit": None}, R.JUNIT_MISSING),
        ({"junit": counts(failures=1)}, R.JUNIT_FAILURES),
        ({"junit": counts(errors=1)}, R.JUNIT_FAILURES),
        ({"junit": counts(failures=1), "exit_code": 1}, R.TEST_FAILURES),
        ({"junit": counts(tests=0, skipped=0)}, R.NO_TESTS),
        ({"junit": counts(tests=0, skipped=0), "exit_code": 5}, R.NO_TESTS),
        ({"junit": counts(tests=0, skipped=0), "exit_code": 4}, R.EXIT_CODE),
        ({"junit": counts(skipped=5)}, R.ALL_SKIPPED),
        ({"exit_code": 1}, R.EXIT_CODE),
        ({"junit": counts(tests=3)}, R.TOO_FEW_TESTS),
        ({"collected": 6}, R.TOO_FEW_TESTS),
        ({"collected": 5}, R.PASSED),
        ({"collected": 5, "finished": 4}, R.TOO_FEW_TESTS),
        ({"collected": 4, "finished": 4}, R.PASSED),
        ({"collected": 6, "finished": 6}, R.TOO_FEW_TESTS),
        ({"missing_artifacts": ("trace.zip",)}, R.ARTIFACT_MISSING),
        ({"junit": counts(flaky=1)}, R.FLAKY),
    ],
)
def test_each_reason(changes: dict[str, Any], reason: SuiteReason) -> None:
    attempt = replace(GOOD, **changes)
    assert judge_attempt(attempt, 3)[0] is reason
    assert passed(attempt, 3) is (reason is R.PASSED)


def suite(*attempts: SuiteAttempt) -> SuiteResult:
    return judge_suite(name="a", title="A", min_tests=3, attempts=attempts)


def test_a_suite_that_was_not_started_shows_nothing() -> None:
    result = suite()
    assert (result.status, result.reason, result.tests) == (Status.INCONCLUSIVE, R.NOT_RUN, 0)


def test_a_pass_after_a_failure_is_flaky_and_no_pass() -> None:
    result = suite(replace(GOOD, exit_code=1), GOOD)
    assert (result.status, result.reason) == (Status.INCONCLUSIVE, R.FLAKY)
    assert result.detail.startswith("passed at attempt 2; the first: exit-code: exit code 1")
    assert result.duration_ms == 20


def test_failures_to_the_end_are_a_failure() -> None:
    result = suite(replace(GOOD, exit_code=1), replace(GOOD, timed_out=True))
    assert (result.status, result.reason) == (Status.FAIL, R.TIMEOUT)


def test_a_crash_names_its_signal() -> None:
    assert "SIGSEGV" in suite(replace(GOOD, exit_code=-11)).detail
    assert "SIGKILL" in suite(replace(GOOD, exit_code=137)).detail
    assert "signal 63" in suite(replace(GOOD, exit_code=-63)).detail


def test_judging_again_does_not_believe_the_labels() -> None:
    forged = replace(suite(replace(GOOD, exit_code=1)), status=Status.PASS, reason=R.PASSED)
    assert judge_again(forged).status is Status.FAIL


def test_only_a_plain_pass_has_the_status() -> None:
    statuses = {reason: judge_suite(name="a", title="", min_tests=1, attempts=()) for reason in R}
    assert all(result.status is not Status.PASS for result in statuses.values())


small = st.integers(0, 6)
attempts = st.builds(
    SuiteAttempt,
    exit_code=st.sampled_from([None, 0, 0, 0, 1, 5, 137, -9]),
    timed_out=st.booleans(),
    junit=st.none()
    | st.builds(JUnitCounts, tests=small, failures=small, errors=small, skipped=small, flaky=small),
    junit_problem=st.sampled_from([None, None, None, R.JUNIT_STALE, R.JUNIT_INVALID]),
    detail=st.just(""),
    cases=st.just(()),
    missing_artifacts=st.sampled_from([(), (), ("x",)]),
    log=st.just("l"),
    log_bytes=small,
    log_sha256=st.just(""),
    duration_ms=small,
    collected=st.none() | small,
    finished=st.none() | small,
)


@given(attempt=attempts, least=st.integers(1, 4))
def test_a_pass_is_never_anything_less(attempt: SuiteAttempt, least: int) -> None:
    if not passed(attempt, least):
        return
    assert (attempt.exit_code, attempt.timed_out, attempt.junit_problem) == (0, False, None)
    assert attempt.missing_artifacts == ()
    junit = attempt.junit
    assert junit is not None
    assert (junit.failures, junit.errors, junit.flaky) == (0, 0, 0)
    assert junit.tests - junit.skipped >= least
    assert attempt.collected is None or junit.tests >= attempt.collected


@given(runs=st.lists(attempts, min_size=2, max_size=4))
def test_with_more_than_one_attempt_it_is_never_a_plain_pass(runs: list[SuiteAttempt]) -> None:
    assert suite(*runs).status is not Status.PASS

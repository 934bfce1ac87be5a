"""What is told of one suite, by exact text: it stands in the verdict that a release is decided by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.attempts import GOOD, counts

from billing_canary.gate.suite import _RULES, judge_again, judge_attempt, judge_suite
from billing_canary.tier import SuiteAttempt, SuiteReason, SuiteResult
from billing_canary.verdict import Status

R = SuiteReason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"exit_code": None}, ""),
        ({"timed_out": True}, ""),
        ({"exit_code": -11}, "ended by SIGSEGV"),
        ({"exit_code": -63}, "ended by signal 63"),
        ({"exit_code": 137, "junit": None}, "exit code 137: a process of it was ended by SIGKILL"),
        ({"exit_code": 3, "junit": None}, "exit code 3"),
        ({"junit": counts(failures=2, errors=1)}, "3 of 5 tests failed, yet the exit code is 0"),
        ({"junit": counts(failures=2, errors=1), "exit_code": 1}, "3 of 5 tests failed"),
        ({"junit": counts(tests=1, errors=1), "exit_code": 1}, "1 of 1 test failed"),
        ({"junit": counts(tests=0, skipped=0)}, "its JUnit holds no test"),
        ({"junit": counts(tests=0, skipped=0), "exit_code": 4}, "exit code 4, and its JUnit holds no test"),
        ({"exit_code": 1}, "exit code 1, although its JUnit shows no failure"),
        ({"junit": counts(skipped=5)}, "5 tests, skipped or expected to fail: none really ran"),
        ({"junit": counts(tests=1)}, "1 test, skipped or expected to fail: none really ran"),
        ({"junit": counts(tests=3)}, "2 tests ran, at least 3 must"),
        ({"junit": counts(tests=2)}, "1 test ran, at least 3 must"),
        ({"collected": 6}, "pytest set out to run 6 tests and finished 5"),
        ({"collected": 5, "finished": 4}, "pytest set out to run 5 tests and finished 4"),
        ({"missing_artifacts": ("trace.zip", "har.json")}, "it did not write trace.zip, har.json"),
        ({"junit": counts(flaky=1)}, "1 test failed and then passed"),
        ({"junit": counts(flaky=2)}, "2 tests failed and then passed"),
    ],
)
def test_each_reason_is_told_in_its_own_words(changes: dict[str, Any], told: str) -> None:
    attempt = replace(GOOD, **changes)
    assert judge_attempt(attempt, 3)[1] == told
    more = f"{told}; no such file" if told else "no such file"
    assert judge_attempt(replace(attempt, detail="no such file"), 3)[1] == more


@pytest.mark.parametrize("rule", _RULES[4:], ids=lambda rule: rule.__name__)
def test_only_the_rule_about_the_report_judges_a_missing_one(rule: Any) -> None:
    assert rule(replace(GOOD, junit=None), 3) is None


def suite(*attempts: SuiteAttempt, expects: SuiteReason = R.PASSED) -> SuiteResult:
    return judge_suite(name="a", title="Top-ups", min_tests=3, attempts=attempts, expects=expects)


def test_a_suite_is_told_whole_with_the_numbers_of_its_last_attempt() -> None:
    first = replace(GOOD, junit=counts(failures=4), exit_code=1)
    last = replace(GOOD, junit=counts(failures=2, errors=1), exit_code=1, duration_ms=7)
    assert suite(first, last, expects=R.TIMEOUT) == SuiteResult(
        name="a",
        title="Top-ups",
        status=Status.FAIL,
        reason=R.TEST_FAILURES,
        detail="3 of 5 tests failed",
        tests=5,
        failures=3,
        skipped=1,
        duration_ms=17,
        min_tests=3,
        attempts=(first, last),
        expects=R.TIMEOUT,
    )


@pytest.mark.parametrize("attempts", [(), (GOOD,), (replace(GOOD, exit_code=1), GOOD)])
def test_judging_again_comes_to_the_same(attempts: tuple[SuiteAttempt, ...]) -> None:
    result = suite(*attempts, expects=R.FLAKY)
    assert judge_again(result) == result


@pytest.mark.parametrize("attempts", [(), (replace(GOOD, junit=None),)])
def test_without_a_report_there_are_no_numbers(attempts: tuple[SuiteAttempt, ...]) -> None:
    result = suite(*attempts)
    assert (result.tests, result.failures, result.skipped) == (0, 0, 0)
    assert result.detail == ("exit code 0" if attempts else "it was not started")


def test_a_late_pass_tells_of_the_first_attempt() -> None:
    told = "passed at attempt 2; the first: exit-code: exit code 1, although its JUnit shows no failure"
    assert suite(replace(GOOD, exit_code=1), GOOD).detail == told

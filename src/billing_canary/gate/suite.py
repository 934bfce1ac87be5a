"""What one suite came to: its exit code and its JUnit must agree, and something must have been shown."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason, SuiteResult
from billing_canary.verdict import Status

_STATUSES = {
    SuiteReason.PASSED: Status.PASS,
    SuiteReason.FLAKY: Status.INCONCLUSIVE,
    SuiteReason.NOT_RUN: Status.INCONCLUSIVE,
}
"""Everything else is a failure."""

_NOTHING_COLLECTED = 5
"""pytest's exit code for a run without a test."""

_SHELL_SIGNALS = range(129, 129 + 64)
"""How a shell says that the command which it ran was ended by a signal: 128 + its number."""

Judged = tuple[SuiteReason, str]


def judge_suite(
    *,
    name: str,
    title: str,
    min_tests: int,
    attempts: Sequence[SuiteAttempt],
    expects: SuiteReason = SuiteReason.PASSED,
) -> SuiteResult:
    """The result of a suite: `pass` when its only attempt passed, `flaky` when a later one did.

    Numbers are those of the last attempt, durations those of all.
    """
    reason, detail = _over_all(attempts, min_tests)
    counts = _counts(attempts)
    return SuiteResult(
        name=name,
        title=title,
        status=_STATUSES.get(reason, Status.FAIL),
        reason=reason,
        detail=detail,
        tests=counts.tests,
        failures=counts.failures + counts.errors,
        skipped=counts.skipped,
        duration_ms=sum(attempt.duration_ms for attempt in attempts),
        min_tests=min_tests,
        attempts=tuple(attempts),
        expects=expects,
    )


def judge_again(result: SuiteResult) -> SuiteResult:
    """What the recorded attempts of `result` come to, whatever its own words say."""
    return judge_suite(
        name=result.name,
        title=result.title,
        min_tests=result.min_tests,
        attempts=result.attempts,
        expects=result.expects,
    )


def passed(attempt: SuiteAttempt, min_tests: int) -> bool:
    """Whether this attempt alone is a plain pass."""
    return judge_attempt(attempt, min_tests)[0] is SuiteReason.PASSED


def judge_attempt(attempt: SuiteAttempt, min_tests: int) -> Judged:
    """Why one attempt is no pass, or `passed`; the first rule that is broken says it."""
    for rule in _RULES:
        found = rule(attempt, min_tests)
        if found is not None:
            reason, sentence = found
            return reason, "; ".join(filter(None, (sentence, attempt.detail)))
    return SuiteReason.PASSED, attempt.detail


def _over_all(attempts: Sequence[SuiteAttempt], min_tests: int) -> Judged:
    if not attempts:
        return SuiteReason.NOT_RUN, "it was not started"
    judged = [judge_attempt(attempt, min_tests) for attempt in attempts]
    reason, detail = judged[-1]
    if reason is SuiteReason.PASSED and len(attempts) > 1:
        first, why = judged[0]
        return SuiteReason.FLAKY, f"passed at attempt {len(attempts)}; the first: {first}: {why}"
    return reason, detail


def _counts(attempts: Sequence[SuiteAttempt]) -> JUnitCounts:
    nothing = JUnitCounts(tests=0, failures=0, errors=0, skipped=0)
    return (attempts[-1].junit or nothing) if attempts else nothing


def _start(attempt: SuiteAttempt, _: int) -> Judged | None:
    return (SuiteReason.CANNOT_START, "") if attempt.exit_code is None else None


def _timeout(attempt: SuiteAttempt, _: int) -> Judged | None:
    return (SuiteReason.TIMEOUT, "") if attempt.timed_out else None


def _crash(attempt: SuiteAttempt, _: int) -> Judged | None:
    code = attempt.exit_code or 0
    if code < 0:
        return SuiteReason.CRASHED, f"ended by {_signal_name(-code)}"
    if code in _SHELL_SIGNALS and not _shows_failures(attempt):
        return (
            SuiteReason.CRASHED,
            f"exit code {code}: a process of it was ended by {_signal_name(code - 128)}",
        )
    return None


def _report(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.junit is None or attempt.junit_problem is not None:
        return attempt.junit_problem or SuiteReason.JUNIT_MISSING, f"exit code {attempt.exit_code}"
    return None


def _failures(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.junit is None or not _shows_failures(attempt):
        return None
    bad = attempt.junit.failures + attempt.junit.errors
    told = f"{bad} of {_tests(attempt.junit.tests)} failed"
    if attempt.exit_code == 0:
        return SuiteReason.JUNIT_FAILURES, f"{told}, yet the exit code is 0"
    return SuiteReason.TEST_FAILURES, told


def _emptiness(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.junit is not None and attempt.junit.tests == 0:
        if attempt.exit_code in {0, _NOTHING_COLLECTED}:
            return SuiteReason.NO_TESTS, "its JUnit holds no test"
        return SuiteReason.EXIT_CODE, f"exit code {attempt.exit_code}, and its JUnit holds no test"
    return None


def _exit(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.exit_code != 0:
        return SuiteReason.EXIT_CODE, f"exit code {attempt.exit_code}, although its JUnit shows no failure"
    return None


def _skips(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.junit is not None and attempt.junit.ran <= 0:
        return (
            SuiteReason.ALL_SKIPPED,
            f"{_tests(attempt.junit.tests)}, skipped or expected to fail: none really ran",
        )
    return None


def _number(attempt: SuiteAttempt, min_tests: int) -> Judged | None:
    if attempt.junit is None:
        return None
    if attempt.junit.ran < min_tests:
        return SuiteReason.TOO_FEW_TESTS, f"{_tests(attempt.junit.ran)} ran, at least {min_tests} must"
    known = (attempt.junit.tests, attempt.finished)
    finished = min(count for count in known if count is not None)
    if attempt.collected is not None and finished < attempt.collected:
        told = f"pytest set out to run {_tests(attempt.collected)} and finished {finished}"
        return SuiteReason.TOO_FEW_TESTS, told
    return None


def _artifacts(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.missing_artifacts:
        return SuiteReason.ARTIFACT_MISSING, f"it did not write {', '.join(attempt.missing_artifacts)}"
    return None


def _retries(attempt: SuiteAttempt, _: int) -> Judged | None:
    if attempt.junit is not None and attempt.junit.flaky:
        return SuiteReason.FLAKY, f"{_tests(attempt.junit.flaky)} failed and then passed"
    return None


_RULES: tuple[Callable[[SuiteAttempt, int], Judged | None], ...] = (
    _start,
    _timeout,
    _crash,
    _report,
    _failures,
    _emptiness,
    _exit,
    _skips,
    _number,
    _artifacts,
    _retries,
)


def _shows_failures(attempt: SuiteAttempt) -> bool:
    return attempt.junit is not None and attempt.junit.failures + attempt.junit.errors > 0


def _tests(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"

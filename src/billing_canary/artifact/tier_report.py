"""The summary of a tier: a run, its verdict and its surroundings, and how they stand in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from billing_canary.artifact.head import ReportHead, closing, opening
from billing_canary.artifact.previous import PreviousRun
from billing_canary.tier import SuiteAttempt, SuiteResult, TestCase, TierRun
from billing_canary.verdict import Verdict

MODE = "confidence"
"""What stands under `mode` in the bundle of a tier."""

MOST_FAILED_TESTS = 200
"""Failed tests that the summary names for each suite; the suite's JUnit file holds all."""

_BAD = frozenset({"failed", "error"})


@dataclass(frozen=True, kw_only=True)
class TierReport:
    """Everything that the summary says; the renderers take this and nothing else.

    Attributes:
        missing_count: required files of the bundle that are not there.
        since: start (RFC 3339 UTC) of the first of the unbroken series of runs with this status; None
            when no earlier run is known.
        previous: the run before this one of the same tier.
    """

    head: ReportHead
    run: TierRun
    verdict: Verdict
    missing_count: int = 0
    since: str | None = None
    previous: PreviousRun | None = None


def tier_document(report: TierReport) -> dict[str, Any]:
    """`report` as the document of `summary.json` (schema "tier-summary")."""
    run = report.run
    return {
        **opening(report.head, run.run_id, report.verdict),
        "tier": run.tier,
        "checks_harness": run.checks_harness,
        "suites": [_suite_document(suite) for suite in run.suites],
        "suites_passed": suites_passed(run),
        "suites_total": len(run.suites),
        "coverage_gate": run.coverage_gate,
        "coverage": list(_coverage(run)),
        "slowest": [_case_document(case) for case in run.slowest],
        "newly_failing": None if run.newly_failing is None else list(run.newly_failing),
        "jobs": run.jobs,
        "shard": None if run.shard is None else {"index": run.shard[0], "of": run.shard[1]},
        "notes": list(run.notes),
        "since": report.since,
        "previous": None
        if report.previous is None
        else {**asdict(report.previous), "changes": list(report.previous.changes)},
        **closing(report.head, run.started_at, run.finished_at, run.duration_ms),
    }


def _coverage(run: TierRun) -> Iterator[dict[str, Any]]:
    if run.coverage:
        from billing_canary.artifact.coverage_document import module_document  # noqa: PLC0415 - seldom needed

        yield from map(module_document, run.coverage)


def suites_passed(run: TierRun) -> int:
    """Suites that came to what is expected of them: to a pass, but where the harness itself is checked."""
    return sum(suite.as_expected for suite in run.suites)


def failed_tests(suite: SuiteResult) -> tuple[TestCase, ...]:
    """The tests that failed or broke in the last attempt, at most `MOST_FAILED_TESTS`."""
    return tuple(islice(_failed(suite), MOST_FAILED_TESTS))


def _failed(suite: SuiteResult) -> Iterator[TestCase]:
    if suite.attempts:
        yield from (case for case in suite.attempts[-1].cases if case.outcome in _BAD)


def _suite_document(suite: SuiteResult) -> dict[str, Any]:
    return {
        "name": suite.name,
        "title": suite.title,
        "status": str(suite.status),
        "reason": str(suite.reason),
        "detail": suite.detail,
        "tests": suite.tests,
        "failures": suite.failures,
        "skipped": suite.skipped,
        "duration_ms": suite.duration_ms,
        "min_tests": suite.min_tests,
        "expects": str(suite.expects),
        "as_expected": suite.as_expected,
        "failed_tests": [_case_document(case) for case in failed_tests(suite)],
        "attempts": [_attempt_document(attempt) for attempt in suite.attempts],
    }


def _attempt_document(attempt: SuiteAttempt) -> dict[str, Any]:
    return {
        "exit_code": attempt.exit_code,
        "timed_out": attempt.timed_out,
        "junit": None if attempt.junit is None else asdict(attempt.junit),
        "junit_problem": None if attempt.junit_problem is None else str(attempt.junit_problem),
        "detail": attempt.detail,
        "collected": attempt.collected,
        "finished": attempt.finished,
        "missing_artifacts": list(attempt.missing_artifacts),
        "log": attempt.log,
        "log_bytes": attempt.log_bytes,
        "log_sha256": attempt.log_sha256,
        "duration_ms": attempt.duration_ms,
    }


def _case_document(case: TestCase) -> dict[str, Any]:
    return {
        "suite": case.suite,
        "name": case.name,
        "outcome": case.outcome,
        "duration_ms": case.duration_ms,
        "message": case.message,
    }

"""Back from a tier's summary to the values that judges and renderers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.head import read_head
from billing_canary.artifact.previous import PreviousRun
from billing_canary.artifact.tier_report import TierReport
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.tier import (
    JUnitCounts,
    SuiteAttempt,
    SuiteReason,
    SuiteResult,
    TestCase,
    TierRun,
)
from billing_canary.verdict import Status, Verdict


def read_tier_report(document: Mapping[str, Any]) -> TierReport:
    """The report in `document`, which may come from outside.

    Of the test cases it holds the slowest and those that failed in each suite's last attempt.

    Raises:
        EvidenceError: it is not what the schema "tier-summary" asks for.
    """
    schema.validate(document, "tier-summary")
    return TierReport(
        head=read_head(document),
        run=_run(document),
        verdict=Verdict(
            overall_status=Status(document["overall_status"]), reasons=tuple(document["reasons"])
        ),
        missing_count=document["missing_count"],
        since=document.get("since"),
        previous=_previous(document.get("previous")),
    )


def _run(document: Mapping[str, Any]) -> TierRun:
    newly, shard = document["newly_failing"], document["shard"]
    return TierRun(
        run_id=document["run_id"],
        tier=document["tier"],
        checks_harness=document["checks_harness"],
        suites=tuple(map(_suite, document["suites"])),
        jobs=document["jobs"],
        coverage_gate=document["coverage_gate"],
        coverage=tuple(map(_coverage, document["coverage"])),
        slowest=tuple(map(_case, document["slowest"])),
        newly_failing=None if newly is None else tuple(newly),
        shard=None if shard is None else (shard["index"], shard["of"]),
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        duration_ms=document["duration_ms"],
        notes=tuple(document["notes"]),
    )


def _previous(document: Mapping[str, Any] | None) -> PreviousRun | None:
    if document is None:
        return None
    return PreviousRun(**{**document, "changes": tuple(document["changes"])})


def _suite(document: Mapping[str, Any]) -> SuiteResult:
    failed = tuple(map(_case, document["failed_tests"]))
    attempts = document["attempts"]
    last = len(attempts) - 1
    return SuiteResult(
        name=document["name"],
        title=document["title"],
        status=Status(document["status"]),
        reason=SuiteReason(document["reason"]),
        detail=document["detail"],
        tests=document["tests"],
        failures=document["failures"],
        skipped=document["skipped"],
        duration_ms=document["duration_ms"],
        min_tests=document["min_tests"],
        expects=SuiteReason(document["expects"]),
        attempts=tuple(
            _attempt(attempt, failed if number == last else ()) for number, attempt in enumerate(attempts)
        ),
    )


def _attempt(document: Mapping[str, Any], cases: tuple[TestCase, ...]) -> SuiteAttempt:
    junit, problem = document["junit"], document["junit_problem"]
    return SuiteAttempt(
        exit_code=document["exit_code"],
        timed_out=document["timed_out"],
        junit=None if junit is None else _counts_of(junit),
        junit_problem=None if problem is None else SuiteReason(problem),
        detail=document["detail"],
        cases=cases,
        missing_artifacts=tuple(document["missing_artifacts"]),
        log=document["log"],
        log_bytes=document["log_bytes"],
        log_sha256=document["log_sha256"],
        duration_ms=document["duration_ms"],
        collected=document["collected"],
        finished=document["finished"],
    )


def _counts_of(document: Mapping[str, Any]) -> JUnitCounts:
    return JUnitCounts(
        tests=document["tests"],
        failures=document["failures"],
        errors=document["errors"],
        skipped=document["skipped"],
        flaky=document["flaky"],
    )


def _case(document: Mapping[str, Any]) -> TestCase:
    return TestCase(
        suite=document["suite"],
        name=document["name"],
        outcome=document["outcome"],
        duration_ms=document["duration_ms"],
        message=document["message"],
    )


def _coverage(document: Mapping[str, Any]) -> ModuleCoverage:
    return ModuleCoverage(
        module=document["module"],
        role=document["role"],
        line=_counts(document["line"]),
        branch=_counts(document["branch"]),
        status=CoverageStatus(document["status"]),
        reason=document["reason"],
        fix=document["fix"],
        excluded=document["excluded"],
        missing_lines=tuple((first, last) for first, last in document["missing_lines"]),
        missing_branches=tuple((line, to) for line, to in document["missing_branches"]),
        partial=tuple((row["line"], row["exits"], row["taken"]) for row in document["partial_branches"]),
        overrides=tuple(document["overrides"]),
        notes=tuple(document["notes"]),
    )


def _counts(document: Mapping[str, Any]) -> Counts:
    return Counts(
        covered=document["covered"],
        total=document["total"],
        minimum=document["minimum"],
        status=CoverageStatus(document["status"]),
    )

"""Recording a finished run of a tier: judge it, write the bundle, show it."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass

import click

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_tier import complete_tier
from billing_canary.artifact.render.tier_console import tier_console
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.tier_history import EarlierTier, kept_junit, since_and_changes
from billing_canary.artifact.tier_report import MODE, TierReport
from billing_canary.cli.confidence_run import ConfidenceOptions, Loaded
from billing_canary.cli.paint import painter
from billing_canary.cli.recording import report_head
from billing_canary.errors import EvidenceError
from billing_canary.gate.exit_code import exit_code
from billing_canary.gate.tier import judge
from billing_canary.module_coverage import ModuleCoverage
from billing_canary.suite.junit_reader import JUnitError, read_junit
from billing_canary.tier import SuiteResult, TestCase, TierRun

_MOST_SLOW = 10
_BAD = frozenset({"failed", "error"})


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the run itself saw."""

    suites: tuple[SuiteResult, ...]
    coverage: tuple[ModuleCoverage, ...]
    started_at: str
    finished_at: str
    duration_ms: int


def record(options: ConfidenceOptions, loaded: Loaded, seen: Seen, writer: BundleWriter) -> int:
    """Complete the bundle and show the verdict; the exit code.

    Raises:
        EvidenceError: the bundle could not be written.
    """
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    run = _run(loaded, seen)
    verdict = judge(run, missing_count=len(writer.missing_evidence()))
    head = report_head(MODE, loaded.project)
    history = since_and_changes(loaded.previous, run, verdict.overall_status, head.commit)
    report = TierReport(head=head, run=run, verdict=verdict, since=history.since, previous=history.previous)
    report_file = complete_tier(writer, report)
    click.echo(tier_console(report, report_file, painter(err=options.as_json)), err=options.as_json, nl=False)
    if options.as_json:
        final = writer.folder / writer.kind.final
        click.echo(final.read_text(encoding="utf-8"), nl=False)
    return int(exit_code(verdict.overall_status))


def _run(loaded: Loaded, seen: Seen) -> TierRun:
    return TierRun(
        run_id=loaded.run_id,
        tier=loaded.tier.name,
        checks_harness=loaded.tier.checks_harness,
        suites=seen.suites,
        jobs=loaded.jobs,
        coverage_gate=loaded.tier.coverage_gate,
        coverage=seen.coverage,
        slowest=_slowest(seen.suites),
        newly_failing=_newly_failing(seen.suites, loaded.previous),
        shard=None,
        started_at=seen.started_at,
        finished_at=seen.finished_at,
        duration_ms=seen.duration_ms,
    )


def _slowest(suites: tuple[SuiteResult, ...]) -> tuple[TestCase, ...]:
    timed = (case for suite in suites for case in _cases(suite) if case.duration_ms)
    return tuple(heapq.nlargest(_MOST_SLOW, timed, key=lambda case: case.duration_ms))


def _newly_failing(suites: tuple[SuiteResult, ...], previous: EarlierTier | None) -> tuple[str, ...] | None:
    """Tests that fail now and passed in the run before; None when there is none to compare with."""
    if previous is None:
        return None
    return tuple(name for suite in suites for name in _new_in(suite, previous))


def _new_in(suite: SuiteResult, previous: EarlierTier) -> Iterator[str]:
    failing = [case.name for case in _cases(suite) if case.outcome in _BAD]
    before = kept_junit(previous, suite.name) if failing else None
    if before is None:
        return
    try:
        earlier = read_junit(before, suite.name)
    except (JUnitError, OSError, EvidenceError):
        return
    passed = {case.name for case in earlier.cases if case.outcome == "passed"}
    yield from (f"{suite.name}: {name}" for name in dict.fromkeys(failing) if name in passed)


def _cases(suite: SuiteResult) -> tuple[TestCase, ...]:
    return suite.attempts[-1].cases if suite.attempts else ()

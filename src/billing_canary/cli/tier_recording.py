"""Completing the bundle of a tier, whether its suites ran just now or its shards are merged."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator

import click

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_tier import complete_tier
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.previous import History
from billing_canary.artifact.render.tier_console import tier_console
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.tier_history import EarlierTier, kept_junit, since_and_changes
from billing_canary.artifact.tier_report import TierReport
from billing_canary.cli.paint import painter
from billing_canary.errors import EvidenceError
from billing_canary.gate.exit_code import exit_code
from billing_canary.gate.tier import judge, judge_part
from billing_canary.suite.junit_reader import JUnitError, read_junit
from billing_canary.tier import SuiteResult, TestCase, TierRun

_MOST_SLOW = 10
_BAD = frozenset({"failed", "error"})


def complete_and_show(
    writer: BundleWriter, run: TierRun, head: ReportHead, previous: EarlierTier | None, *, as_json: bool
) -> int:
    """Judge `run`, complete the bundle and show it; the exit code, of a shard that of its own suites.

    Raises:
        EvidenceError: the bundle could not be written.
    """
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    missing = len(writer.missing_evidence())
    verdict = judge(run, missing_count=missing)
    history = History(since=run.started_at, previous=None)
    if run.shard is None:  # what a part came to is not comparable with what the whole came to
        history = since_and_changes(previous, run, verdict.overall_status, head.commit)
    report = TierReport(head=head, run=run, verdict=verdict, since=history.since, previous=history.previous)
    report_file = complete_tier(writer, report)
    click.echo(tier_console(report, report_file, painter(err=as_json)), err=as_json, nl=False)
    if as_json:
        final = writer.folder / writer.kind.final
        click.echo(final.read_text(encoding="utf-8"), nl=False)
    return int(exit_code(judge_part(run, missing_count=missing).overall_status))


def slowest(suites: tuple[SuiteResult, ...]) -> tuple[TestCase, ...]:
    """The slowest tests."""
    timed = (case for suite in suites for case in _cases(suite) if case.duration_ms)
    return tuple(heapq.nlargest(_MOST_SLOW, timed, key=lambda case: case.duration_ms))


def newly_failing(suites: tuple[SuiteResult, ...], previous: EarlierTier | None) -> tuple[str, ...] | None:
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

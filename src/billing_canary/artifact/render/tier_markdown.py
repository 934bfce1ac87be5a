"""A tier's summary for people, as Markdown: what is wrong comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.render.changes import changes_section
from billing_canary.artifact.render.commit import commit_told
from billing_canary.artifact.render.escape import cell, code, escaped, fenced, item, table
from billing_canary.artifact.render.text import counted, duration, minute
from billing_canary.artifact.render.tier_words import figures, headline, next_step, result, since, why
from billing_canary.artifact.tier_report import TierReport, failed_tests
from billing_canary.tier import SuiteResult, TestCase, TierRun

if TYPE_CHECKING:
    from billing_canary.module_coverage import ModuleCoverage

_MOST_TESTS = 50
_MOST_PLACES = 20


def tier_markdown(report: TierReport) -> str:
    """The whole report. Its first line says verdict, why, since when, and what to do next."""
    sections = (
        _first_line(report),
        _facts(report),
        _suites(report),
        _not_passed(report),
        _newly_failing(report),
        _coverage(report),
        _changes(report),
        _slowest(report),
        _evidence(report),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _first_line(report: TierReport) -> Iterator[str]:
    verdict, _, meaning = headline(report).partition(": ")
    told = f"**{verdict}**: {escaped(meaning)}: {escaped(why(report))}."
    yield f"{told} Since {since(report)}. Next: {next_step(report)}"


def _facts(report: TierReport) -> Iterator[str]:
    run = report.run
    yield f"# Billing confidence: {escaped(run.tier)}"
    yield ""
    yield from item(f"Run: {code(run.run_id)}")
    yield from item(
        f"Started: {minute(run.started_at)}, took {duration(run.duration_ms)}, {run.jobs} at once"
    )
    yield from item(f"Commit: {commit_told(report.head)}")
    if run.shard is not None:
        yield from item(
            f"Shard {run.shard[0]} of {run.shard[1]}: one part of the tier, no verdict on the whole"
        )
    for note in run.notes:
        yield from item(escaped(note))


def _suites(report: TierReport) -> Iterator[str]:
    yield "## Suites"
    yield ""
    headings = ("Suite", "Result", "Tests", "Failed", "Skipped", "Time")
    yield from table(headings, map(_row, report.run.suites))


def _row(suite: SuiteResult) -> tuple[str, ...]:
    figures_ = (suite.tests - suite.skipped, suite.failures, suite.skipped)
    return (cell(suite.name), cell(result(suite)), *map(str, figures_), duration(suite.duration_ms))


def _not_passed(report: TierReport) -> Iterator[str]:
    yield "## What did not pass"
    yield ""
    bad = [suite for suite in report.run.suites if not suite.as_expected]
    if not bad:
        yield "Nothing."
    for suite in bad:
        yield from item(
            f"{code(suite.name)} {escaped(result(suite))}: {escaped(suite.detail or 'no detail')}"
        )
        yield from _tests(suite)
        for attempt in suite.attempts[-1:]:
            yield from item(f"Log: {code(attempt.log)}", depth=1)


def _tests(suite: SuiteResult) -> Iterator[str]:
    failed = failed_tests(suite)
    for case in failed[:_MOST_TESTS]:
        message = f": {escaped(case.message, 200)}" if case.message else ""
        yield from item(f"{code(case.name)} {case.outcome}{message}", depth=1)
    hidden = suite.failures - min(len(failed), _MOST_TESTS)
    if failed and hidden > 0:
        yield from item(f"and {counted(hidden, 'more test')} in its JUnit file", depth=1)


def _newly_failing(report: TierReport) -> Iterator[str]:
    yield "## Newly failing tests"
    yield ""
    names = report.run.newly_failing
    if names is None:
        yield "No earlier run of this tier is known here."
    elif not names:
        yield "None."
    for name in (names or ())[:_MOST_TESTS]:
        yield from item(code(name))
    if names and len(names) > _MOST_TESTS:
        yield from item(f"and {len(names) - _MOST_TESTS} more")


def _coverage(report: TierReport) -> Iterator[str]:
    yield "## Coverage of gated modules"
    yield ""
    run = report.run
    if not run.coverage:
        yield _without_coverage(run)
        return
    yield from table(("Module", "Status", "Lines", "Branches"), map(_module, run.coverage))
    for module in run.coverage:
        told = (module.reason, module.fix and f"fix: {module.fix}", *module.overrides, *module.notes)
        lines = [escaped(text) for text in told if text] + _uncovered(module)
        if lines:
            yield ""
            yield f"{code(module.module)}:"
            yield ""
        for line in lines:
            yield from item(line)


def _without_coverage(run: TierRun) -> str:
    if not run.coverage_gate:
        return "This tier has no coverage gate."
    return "It was not measured." if run.shard is None else "It is judged when the shards are merged."


def _module(module: ModuleCoverage) -> tuple[str, ...]:
    return (cell(module.module), str(module.status), *map(cell, figures(module)))


def _uncovered(module: ModuleCoverage) -> list[str]:
    stretches = sorted(module.missing_lines, key=lambda lines: lines[0] - lines[1])[:_MOST_PLACES]
    if not stretches:
        return []
    told = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in stretches)
    return [f"Uncovered lines, longest stretch first: {told}"]


def _changes(report: TierReport) -> Iterator[str]:
    unknown = "No earlier run of this tier is known here."
    return changes_section(
        report.previous, unknown=unknown, same="nothing: same commit, same result of every suite"
    )


def _slowest(report: TierReport) -> Iterator[str]:
    yield "## Slowest tests"
    yield ""
    if not report.run.slowest:
        yield "No test reported a time."
        return
    yield from table(("Suite", "Test", "Time"), map(_slow, report.run.slowest))


def _slow(case: TestCase) -> tuple[str, str, str]:
    return (cell(case.suite), cell(case.name), duration(case.duration_ms))


def _evidence(report: TierReport) -> Iterator[str]:
    kind = kind_named("billing-confidence")
    yield "## Evidence"
    yield ""
    yield from item(f"Every attempt with exit code, counts and hashes: {code(kind.final)}")
    yield from item(f"Logs and reports of each suite: {code('logs/')}, {code('junit/')}")
    project = report.head.project
    files = counted(len(project.sha256), "file")
    yield from item(f"Project: {escaped(project.root)} ({escaped(project.origin)}), {files} loaded")
    yield ""
    yield "To check that nothing was altered:"
    yield ""
    yield from fenced(f"billing-canary runs verify {report.run.run_id}")

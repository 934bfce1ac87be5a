"""All suites of a tier in one JUnit file, for CI systems that show test results.

It is written directly: a tier may hold tens of thousands of tests, and building a document of them
takes longer than running some suites.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.render.text import plain
from billing_canary.artifact.render.tier_words import result
from billing_canary.artifact.tier_report import TierReport
from billing_canary.tier import SuiteResult, TestCase

_ELEMENTS = {"failed": "failure", "error": "error", "skipped": "skipped"}
_LONGEST_MESSAGE = 1_000
_ITSELF = "the suite itself"
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\ufffe": "\ufffd", "\uffff": "\ufffd"}
)
"""The last two are no characters of XML."""


def tier_junit(report: TierReport) -> str:
    """The last attempt of each suite. What is wrong with a suite beside its tests is a test of its own."""
    return "\n".join(_document(report)) + "\n"


def _document(report: TierReport) -> Iterator[str]:
    run = report.run
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f"<testsuites name={_quoted(run.tier)} time={_quoted(_seconds(run.duration_ms))}>"
    for suite in run.suites:
        yield from _suite(report, suite)
    yield "</testsuites>"


def _suite(report: TierReport, suite: SuiteResult) -> Iterator[str]:
    cases = _cases(report, suite)
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in _ELEMENTS}
    yield (
        f'  <testsuite name={_quoted(suite.name)} tests="{len(cases)}" failures="{counts["failed"]}" '
        f'errors="{counts["error"]}" skipped="{counts["skipped"]}" '
        f"time={_quoted(_seconds(suite.duration_ms))} timestamp={_quoted(report.run.started_at)}>"
    )
    unlisted = suite.tests - len(cases)
    if unlisted > 0 and not report.run.checks_harness:
        yield f'    <properties><property name="tests_not_listed" value="{unlisted}"/></properties>'
    yield from map(_case, cases)
    yield "  </testsuite>"


def _cases(report: TierReport, suite: SuiteResult) -> tuple[TestCase, ...]:
    """The tests, and one for the suite itself where no test is red although it is not what it must be.

    In a tier that checks the harness a red test is what a suite is for, so that only the suite counts.
    """
    if report.run.checks_harness:
        return (_itself(suite),)
    cases = suite.attempts[-1].cases if suite.attempts else ()
    red = any(case.outcome in {"failed", "error"} for case in cases)
    return cases if suite.as_expected or red else (*cases, _itself(suite))


def _itself(suite: SuiteResult) -> TestCase:
    outcome = "passed" if suite.as_expected else "error"
    message = "" if suite.as_expected else f"{result(suite)}: {suite.detail}"
    return TestCase(
        suite=suite.name, name=_ITSELF, outcome=outcome, duration_ms=suite.duration_ms, message=message
    )


def _case(case: TestCase) -> str:
    of, _, name = case.name.rpartition("::")
    opening = (
        f"    <testcase classname={_quoted(f'{case.suite}.{of}' if of else case.suite)} "
        f"name={_quoted(name)} time={_quoted(_seconds(case.duration_ms))}"
    )
    element = _ELEMENTS.get(case.outcome)
    if element is None:
        return f"{opening}/>"
    return f"{opening}><{element} message={_quoted(case.message, _LONGEST_MESSAGE)}/></testcase>"


def _quoted(text: str, longest: int = 400) -> str:
    return f'"{plain(text, longest).translate(_ESCAPES)}"'


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"

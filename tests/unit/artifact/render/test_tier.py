"""What people and other programs see of a tier: console, Markdown, JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from tests.fakes.tiers import GOOD, green_report

from billing_canary.artifact.render.tier_console import tier_console
from billing_canary.artifact.render.tier_junit import tier_junit
from billing_canary.artifact.render.tier_markdown import tier_markdown
from billing_canary.artifact.tier_report import TierReport
from billing_canary.gate.suite import judge_suite
from billing_canary.gate.tier import judge
from billing_canary.tier import SuiteReason

TAGS = ["testsuites", "testsuite", "testcase", "failure"]


def harness(report: TierReport) -> TierReport:
    suites = (
        judge_suite(
            name="hung",
            title="Hung",
            min_tests=1,
            attempts=(replace(GOOD, timed_out=True),),
            expects=SuiteReason.TIMEOUT,
        ),
    )
    run = replace(report.run, suites=suites, checks_harness=True)
    return replace(report, run=run, verdict=judge(run))


def test_the_console_fits_80_columns_and_says_the_verdict_first(tier_report: TierReport) -> None:
    lines = tier_console(tier_report, "artifacts/x/summary.md").splitlines()
    assert lines[0] == "FAIL: pr-fast, shard 1/2, 1 of 5 suites passed"
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "Report: artifacts/x/summary.md"
    text = " ".join(" ".join(lines).split())
    assert "fail: junit-missing lost" in text
    assert "inconclusive: flaky moody" in text
    assert "lines 90.67 % of 10000 (at least 85); branches 30.00 % of 10 (at least 65)" in text
    assert "BILLING_COVERAGE_MIN_ROUTERS_LINE: 80 instead of 85" in text
    assert "Newly failing: - bad: shop::pays_twice" in text


def test_a_pass_of_a_clean_commit_supports_shipping() -> None:
    green = green_report()
    assert "this run supports shipping this commit" in tier_console(green, "x")
    for head in (replace(green.head, dirty=True), replace(green.head, commit=None)):
        assert "this run speaks for no commit" in " ".join(
            tier_console(replace(green, head=head), "x").split()
        )


def test_a_good_shard_is_called_a_part_and_a_shard_that_lacks_something_is_not() -> None:
    green = green_report()
    part = replace(green, run=replace(green.run, shard=(2, 3)))
    part = replace(part, verdict=judge(part.run))
    said = tier_console(part, "x")
    assert said.startswith("PART: pr-fast, shard 2/3, 1 of 1 suite passed\n")
    assert "Next: merge it with the other shards: billing-canary runs merge BUNDLE..." in said
    for lacking in (replace(part, missing_count=1), replace(part, run=replace(part.run, notes=("cut off",)))):
        assert tier_console(lacking, "x").startswith("INCONCLUSIVE: pr-fast, shard 2/3, ")


def test_the_markdown_opens_with_one_line_and_names_what_did_not_pass(tier_report: TierReport) -> None:
    text = tier_markdown(tier_report)
    first = text.splitlines()[0]
    assert first.startswith("**FAIL**: pr-fast, shard 1/2, 1 of 5 suites passed: suite bad failed")
    assert "Next: stop the release" in first
    for part in (
        "- `bad` fail: test-failures: 1 of 2 tests failed",
        "  - `shop::pays_twice` failed: 0.58 is not 0.29",
        "  - Log: `logs/topup.log`",
        "Uncovered lines, longest stretch first: 3-9, 20",
        "Shard 1 of 2",
        "suite bad: passed before, test-failures now",
    ):
        assert part in text
    assert MarkdownIt("commonmark").enable("table").render(text).count("<table>") == 3


def test_a_test_s_name_and_message_cannot_break_the_reports(tier_report: TierReport) -> None:
    evil = "</testcase> | <script>`x`\n# heading \x1b[31m ]]> & \ufffe"
    case = replace(tier_report.run.suites[1].attempts[0].cases[1], name=evil, message=evil)
    attempt = replace(tier_report.run.suites[1].attempts[0], cases=(case,))
    suite = replace(tier_report.run.suites[1], attempts=(attempt,))
    run = replace(tier_report.run, suites=(suite,), slowest=(case,), newly_failing=(evil,))
    report = replace(tier_report, run=run)
    root = ET.fromstring(tier_junit(report))  # noqa: S314 - we wrote it
    assert [each.tag for each in root.iter() if each.tag.startswith(("test", "fail"))] == TAGS
    rendered = MarkdownIt("commonmark").enable("table").render(tier_markdown(report))
    assert "<script>" not in rendered
    assert "<h1>heading" not in rendered
    assert "\x1b" not in tier_console(report, "x") + tier_markdown(report)


def test_the_merged_junit_is_red_wherever_a_suite_is(tier_report: TierReport) -> None:
    root = ET.fromstring(tier_junit(tier_report))  # noqa: S314 - we wrote it
    counts = {suite.get("name"): (suite.get("failures"), suite.get("errors")) for suite in root}
    assert counts == {
        "topup": ("0", "0"),
        "bad": ("1", "0"),
        "moody": ("0", "1"),
        "lost": ("0", "1"),
        "later": ("0", "1"),
    }
    assert [suite.get("tests") for suite in root] == ["2", "2", "3", "1", "1"]


def test_a_check_of_the_harness_is_green_where_it_is_as_expected(tier_report: TierReport) -> None:
    report = harness(green_report())
    assert tier_console(report, "x").startswith("PASS: pr-fast, 1 of 1 suite came to what is expected\n")
    assert "as expected: timeout" in tier_console(report, "x")
    (suite,) = ET.fromstring(tier_junit(report))  # noqa: S314 - we wrote it
    assert (suite.get("tests"), suite.get("errors")) == ("1", "0")
    surprised = harness(tier_report)
    surprise = judge_suite(name="hung", title="", min_tests=1, attempts=(GOOD,), expects=SuiteReason.TIMEOUT)
    surprised = replace(surprised, run=replace(surprised.run, suites=(surprise,)))
    assert "passed, not timeout" in tier_console(surprised, "x")
    (suite,) = ET.fromstring(tier_junit(surprised))  # noqa: S314 - we wrote it
    assert suite.get("errors") == "1"


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_suites_renders(tier_report: TierReport, count: int) -> None:
    run = replace(tier_report.run, suites=tier_report.run.suites[:1] * count)
    report = replace(tier_report, run=run, verdict=judge(run))
    assert tier_console(report, "x")
    assert tier_markdown(report)
    ET.fromstring(tier_junit(report))  # noqa: S314 - we wrote it

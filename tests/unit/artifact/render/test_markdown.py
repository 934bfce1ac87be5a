"""The report as a commander opens it: the first line, the order, and what it is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.previous import PreviousRun
from billing_canary.artifact.render.faults_markdown import faults_markdown
from billing_canary.artifact.render.markdown import markdown
from billing_canary.model import ProbeResult, Severity, Status, Verdict

GITHUB = MarkdownIt("gfm-like", {"linkify": False})
SECTIONS = [
    "# Billing canary",
    "## Impact",
    "## What changed",
    "## Reasons",
    "## Safety checks",
    "## Spend",
    "## Probes",
    "## Not shown by this run",
    "## Evidence",
]


def judged(report: CanaryReport, status: Status) -> CanaryReport:
    return replace(report, verdict=Verdict(overall_status=status, reasons=("because of x",)))


def html(report: CanaryReport) -> str:
    return str(GITHUB.render(markdown(report)))


def section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_first_line_says_verdict_why_since_when_and_what_to_do(report: CanaryReport) -> None:
    first = markdown(report).splitlines()[0]

    assert first == (
        "**FAIL**: billing is not safe (target shop): webhooks.replay failed: copied (and 1 more reason). "
        "Since 2026-11-21 08:00 UTC. Next: stop the release, roll back if it is live, and hand the report's "
        "Impact to `@billing`."
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (Status.PASS, "Next: nothing; this run supports shipping."),
        (Status.REFUSED, "Next: mend what the guard names"),
        (Status.INCONCLUSIVE, "Next: treat billing as unproven"),
    ],
)
def test_every_verdict_has_its_advice(green: CanaryReport, status: Status, advice: str) -> None:
    assert advice in markdown(judged(green, status)).splitlines()[0]


def test_a_minor_failure_does_not_call_for_a_rollback(report: CanaryReport) -> None:
    minor = tuple(replace(probe, severity=Severity.MINOR) for probe in report.run.probes)

    first = markdown(replace(report, run=replace(report.run, probes=minor))).splitlines()[0]

    assert "ship only if the owner accepts the risk in writing" in first
    assert "roll back" not in first


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL, Status.REFUSED, Status.INCONCLUSIVE])
def test_mock_mode_promises_nothing_about_a_release(report: CanaryReport, status: Status) -> None:
    mock = replace(judged(report, status), run=replace(report.run, mode="mock"))

    first = markdown(mock).splitlines()[0]

    assert "supports shipping" not in first
    assert "stop the release" not in first


def test_the_sections_stand_in_the_order_of_a_commanders_questions(report: CanaryReport) -> None:
    lines = markdown(report).splitlines()

    assert [line for line in lines if line.startswith(("# ", "## "))] == SECTIONS


def test_impact_names_owner_claim_observation_and_fault(report: CanaryReport) -> None:
    impact = section(markdown(report), "Impact")

    assert "### An event sent again is credited once" in impact
    assert "- Owner: `@billing`" in impact
    assert "- **Not so: A copy changes nothing**" in impact
    assert "  - Expected: 0.29 RUB\n  - Observed: 0.58 RUB (from read_wallet)" in impact
    assert "  - May be fault F01: Same event credited twice\n  - May be fault F99\n" in impact
    assert "The top-up is credited once" not in impact, "what held is no impact"


def test_without_a_failure_there_is_no_impact(green: CanaryReport) -> None:
    assert section(markdown(green), "Impact").strip() == "No claim about billing failed."


def test_what_was_not_shown_is_told_with_its_reason(report: CanaryReport) -> None:
    open_ends = section(markdown(report), "Not shown by this run")

    assert "- `quota.blocked` skip: the target has no operation use_quota" in open_ends
    assert "- 2 probes were left out by --only" in open_ends


def test_an_excuse_stands_below_its_skip_with_the_owner(report: CanaryReport, excused: ProbeResult) -> None:
    shown = section(
        markdown(replace(report, run=replace(report.run, probes=(excused,)))), "Not shown by this run"
    )

    assert (
        "- `quota.exhausted` skip: the target has no operation use_quota\n"
        "  - Not applicable here: this product sells no quota\n"
        "  - Owner: `@billing`\n"
    ) in shown


def test_spend_stands_against_its_caps_for_each_currency(report: CanaryReport) -> None:
    rows = [line.split() for line in section(markdown(report), "Spend").splitlines()]

    assert "| JPY | - | 80 | - | 500 |".split() in rows
    assert "| RUB | 0.58 | 0.58 | 1.00 | 10.00 |".split() in rows


def test_what_changed_names_the_run_before(report: CanaryReport) -> None:
    before = PreviousRun(
        run_id="r0",
        overall_status="pass",
        commit=None,
        started_at="2026-11-21T10:07:16.123Z",
        changes=("webhooks.replay: pass before, fail now",),
    )

    changed = section(markdown(replace(report, previous=before)), "What changed")

    assert "Since the run before, `r0` (pass, 2026-11-21 10:07 UTC):" in changed
    assert "- webhooks.replay: pass before, fail now" in changed
    assert "nothing: same commit" in section(
        markdown(replace(report, previous=replace(before, changes=()))), "What changed"
    )


def test_raw_lines_are_readable_on_a_terminal(report: CanaryReport) -> None:
    _, *lines = markdown(report).splitlines()

    assert [line for line in lines if len(line) > 80 and not line.startswith("|")] == []
    assert [line for line in lines if len(line) > 100] == []


def test_it_renders_with_its_tables_and_the_right_nesting(report: CanaryReport) -> None:
    page = html(report)

    assert page.count("<table>") == 2
    assert page.count("<h2>") == 8
    assert "<strong>FAIL</strong>" in page
    assert "<code>webhooks.replay</code>" in page


def test_observed_text_adds_no_markup_to_the_page(report: CanaryReport, nasty: CanaryReport) -> None:
    expected, page = html(report), html(nasty)

    assert "<script>" not in page
    assert [page.count(tag) for tag in ("<h1", "<h2", "<h3", "<table", "<tr")] == [
        expected.count(tag) for tag in ("<h1", "<h2", "<h3", "<table", "<tr")
    ]
    assert "\x1b" not in markdown(nasty)
    assert markdown(nasty).splitlines()[0].startswith("**FAIL**: ")


def test_a_run_that_did_nothing_is_told_without_empty_tables(green: CanaryReport) -> None:
    empty = replace(green, run=replace(green.run, probes=(), safety_checks=(), spend=type(green.run.spend)()))

    text = markdown(judged(empty, Status.INCONCLUSIVE))

    assert "No probe ran." in text
    assert "The guard recorded none." in text
    assert "No money was planned, moved or capped." in text


def test_the_matrix_shows_misses_before_catches(faults_report: FaultsReport) -> None:
    text = faults_markdown(faults_report)

    assert text.splitlines()[0] == (
        "**FAIL**: 1 of 2 faults caught, 1 false alarm in 2 healthy runs. Since 2026-11-21 10:37 UTC. "
        "Next: mend the probes named below before trusting a green canary."
    )
    assert "- `F02` Parallel copies" in section(text, "Not caught")
    assert "not green, but for another claim: `webhooks.replay`" in section(text, "Not caught")
    assert "- wallet.top_up: 0.58 RUB" in section(text, "False alarms on the healthy service")
    assert "| F01   | Same event credited twice | webhooks.replay and 1 more |" in section(text, "Caught")
    assert "- `F01` `webhooks.replay`, `webhooks.parallel`\n  - A copy changes nothing" in text

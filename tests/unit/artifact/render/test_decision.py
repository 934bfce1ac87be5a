"""Reports of a decision: one line says it all, nothing from outside is obeyed, 80 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from tests.fakes.releases import COMMIT, EVIDENCE, HEAVY, NOW, POLICY, RISK, evidence, item, policy

from billing_canary.artifact.decision_report import DecisionReport
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.render.decision_console import decision_console
from billing_canary.artifact.render.decision_markdown import decision_markdown
from billing_canary.gate.release import judge
from billing_canary.model import ProjectFiles
from billing_canary.release import ReleaseEvidence, ReleasePolicy
from billing_canary.verdict import Status

FAILED = evidence(bundles=(replace(HEAVY, overall_status="fail"),))
NOBODY = evidence(bundles=())
HEAD = ReportHead(
    mode="decision",
    commit=COMMIT,
    dirty=None,
    argv=(),
    project=ProjectFiles(root="/srv", origin="--project"),
)


def report(held: ReleaseEvidence = EVIDENCE, by: ReleasePolicy = POLICY) -> DecisionReport:
    return DecisionReport(
        head=HEAD,
        run_id="rc1",
        title="Checklist",
        environment="production",
        decision=judge(by, held, RISK),
        log_head="0" * 64,
        since=NOW,
        started_at=NOW,
        finished_at=NOW,
        duration_ms=5,
    )


def test_the_first_line_of_go() -> None:
    assert decision_markdown(report()).splitlines()[0] == (
        "**GO**: 10 of 10 required items are green, commit aaaaaaaaaaaa: nothing is missing. "
        "Since 2026-11-21 12:00 UTC. Next: release exactly this commit, then watch the canary and "
        "'billing-canary triggers'."
    )


def test_the_first_line_of_no_go() -> None:
    first = decision_markdown(report(FAILED)).splitlines()[0]

    assert first.startswith(
        "**NO-GO**: 7 of 10 required items are green, commit aaaaaaaaaaaa: tier: "
        "billing-confidence/heavy-1 came to fail (and 2 more blockers). Since 2026-11-21 12:00 UTC. "
        "Next: mend tier: mend what its report names, then: git switch"
    )


def test_the_first_line_names_a_command_that_can_be_copied() -> None:
    first = decision_markdown(report(NOBODY)).splitlines()[0]

    assert first.endswith(
        "Next: mend tier: `git switch --detach aaaaaaaaaaaa && billing-canary confidence heavy`."
    )


def test_the_markdown_has_blockers_with_their_fix_the_checklist_and_the_risk() -> None:
    text = decision_markdown(report(FAILED))

    blockers = text.partition("## What blocks the release")[2].partition("## Checklist")[0]
    assert blockers.count("```sh") == 2
    assert "  Fix: mend what its report names, then: git switch" in blockers
    assert "git switch --detach aaaaaaaaaaaa && billing-canary probe --mode staging --require-sandbox" in text
    assert "| tier " in text
    assert "## Risk" in text
    assert "Cites `billing-confidence/heavy-1`" in text
    assert text.rstrip().endswith("billing-canary runs verify rc1\n```")


def test_nothing_blocks() -> None:
    blockers = decision_markdown(report()).partition("## What blocks the release")[2]

    assert blockers.split()[0] == "Nothing."


def test_a_policy_that_requires_nothing_says_so() -> None:
    empty = report(by=replace(POLICY, items=()))

    assert "the policy requires nothing" in decision_markdown(empty).partition("## What blocks")[2]
    assert "Next: mend the policy, and decide again" in decision_console(empty, "x")


@pytest.mark.parametrize("text", ["<img src=x>", "[a](http://x)", "`x`", "\x1b[31m", "a\nb", "| x", "# x"])
def test_text_from_outside_stays_text(text: str) -> None:
    held = evidence(bundles=(replace(HEAVY, state="damaged", detail=text),))

    markdown, shown = decision_markdown(report(held)), decision_console(report(held), "x", explain=True)

    html = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "<img" not in html
    assert "<a " not in html
    assert html.count("<h1>") == 1
    assert "\x1b" not in markdown + shown


def test_the_console_fits_and_says_what_to_do() -> None:
    shown = decision_console(report(FAILED), "decision.md", explain=True)

    lines = shown.splitlines()
    assert lines[0] == "NO-GO: 7 of 10 required items are green, commit aaaaaaaaaaaa"
    assert max(map(len, lines)) <= 80
    assert "Next: mend tier" in shown
    assert "RED       The tier" in shown
    assert "missing   The probe" in shown
    assert "green     The risks" in shown
    assert "fix: git switch --detach aaaaaaaaaaaa" in shown
    assert lines[-1] == "Report: decision.md"


def test_a_command_over_several_lines_can_be_copied_and_advice_is_no_command() -> None:
    lines = decision_console(report(NOBODY), "x").splitlines()

    at = next(number for number, line in enumerate(lines) if "fix: git switch" in line and "probe" in line)
    command = " ".join(line.removesuffix(" \\").strip() for line in lines[at : at + 2])
    assert command == (
        "fix: git switch --detach aaaaaaaaaaaa && billing-canary probe --mode staging --require-sandbox"
    )
    assert lines[at].endswith(" \\")
    assert not lines[at + 1].endswith("\\")
    advice = decision_console(report(FAILED), "x").splitlines()
    (first,) = (number for number, line in enumerate(advice[:8]) if "fix: mend what" in line)
    assert not advice[first].endswith("\\")


def test_without_explain_green_items_are_one_line() -> None:
    assert "evidence: " not in decision_console(report(), "x")
    assert decision_console(report(), "x", explain=True).count("evidence: ") == 10


def test_optional_items_are_told_apart() -> None:
    extra = item("tier", "extra", required=False, tier="other", max_age_h=1)
    failed = item("tier", "worse", required=False, tier="heavy", max_age_h=1)
    held = evidence(bundles=(replace(HEAVY, overall_status="fail"),))

    shown = decision_console(report(held, policy(*POLICY.items[6:9], extra, failed)), "x")

    assert "(missing) The extra" in shown
    assert "(RED)     The worse" in shown
    assert shown.startswith("GO: 3 of 3 required items are green")


def test_colours_follow_what_blocks() -> None:
    painted: list[tuple[str, Status]] = []

    def paint(text: str, status: Status) -> str:
        painted.append((text.strip(), status))
        return text

    extra = item("tier", "extra", required=False, tier="heavy", max_age_h=1)
    decision_console(report(FAILED, policy(*POLICY.items[:2], POLICY.items[6], extra)), "x", paint)

    assert painted[0][1] is Status.FAIL
    assert ("RED", Status.FAIL) in painted
    assert ("missing", Status.INCONCLUSIVE) in painted
    assert ("green", Status.PASS) in painted
    assert ("(RED)", Status.INCONCLUSIVE) in painted

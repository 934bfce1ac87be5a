"""The risk score as people see it: within 80 columns, and inert in Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from tests.fakes.risks import SEED_FACTS, SHIPPED

from billing_canary.artifact.render.risk import risk_console, risk_markdown
from billing_canary.artifact.render.text import columns
from billing_canary.gate.risk import judge_risk
from billing_canary.release import RiskFactor, RiskScore
from billing_canary.risk import unknown
from billing_canary.verdict import Status

SEED = judge_risk(SHIPPED, SEED_FACTS)
NASTY = RiskFactor(
    id="x",
    title="[click](http://x) | \x1b[31mred " + "long " * 40,
    points=0,
    source="derived: <img src=x> \u202e| @team #1 `code` " + "words " * 60,
)


def test_the_console_shows_score_advice_and_every_factor() -> None:
    lines = risk_console(SEED)

    assert lines[0] == "Risk: 100/100, critical (raw sum 126)"
    assert lines[1].startswith("  Halt: resolve blockers")
    assert "   +18  Production deployment" in lines
    assert "        stated: test" in lines
    assert sum(line.startswith(("   +", "    +")) for line in lines) == 10


def test_the_console_keeps_within_80_columns_and_obeys_nothing() -> None:
    score = replace(SEED, factors=(*SEED.factors, NASTY), advice="advice " * 40)

    lines = risk_console(score)

    assert all(columns(line) <= 80 and line == line.rstrip() for line in lines)
    assert all(line.isprintable() for line in lines)
    assert any(line.startswith("     0  [click]") for line in lines)


@pytest.mark.parametrize(
    ("level", "status"),
    [
        ("low", Status.PASS),
        ("medium", Status.INCONCLUSIVE),
        ("high", Status.FAIL),
        ("critical", Status.FAIL),
        ("other", Status.FAIL),
    ],
)
def test_the_headline_has_the_colour_of_its_level(level: str, status: Status) -> None:
    painted = risk_console(replace(SEED, level=level), lambda text, colour: f"<{colour}>{text}")

    assert painted[0].startswith(f"<{status}>Risk: 100/100, {level}")
    assert not any("<" in line for line in painted[1:])


def test_an_unknown_says_so() -> None:
    score = judge_risk(SHIPPED, replace(SEED_FACTS, migration=unknown("the clone is shallow")))

    assert "        unknown: the clone is shallow; counted in full" in risk_console(score)
    assert any("unknown: the clone is shallow; counted in full" in line for line in risk_markdown(score))


def test_the_markdown_is_a_section_with_one_table() -> None:
    lines = risk_markdown(SEED)
    html = MarkdownIt("commonmark").enable("table").render("\n".join(lines))

    assert lines[0] == "## Risk"
    assert html.count("<table>") == 1
    assert html.count("<tr>") == 11
    assert "<strong>Risk: 100/100, critical (raw sum 126)</strong>" in html
    assert "<td>Multiple modules affected (3)</td>\n<td>+9</td>\n<td>derived: test</td>" in html
    assert "It overrides no blocker." in html


def test_markdown_of_others_stays_text() -> None:
    score = RiskScore(factors=(NASTY,), raw=0, score=0, level="low", advice="# <b>a</b>\n- | b")
    html = MarkdownIt("commonmark").enable("table").render("\n".join(risk_markdown(score)))

    assert html.count("<td>") == 3
    assert not any(tag in html for tag in ("<img", "<a ", "<b>", "<code>", "<li>", "\x1b", "\u202e"))

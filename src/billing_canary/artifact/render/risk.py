"""The risk score for people: the score first, then all ten factors with where each is from."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.render.escape import cell, escaped, paragraph, table
from billing_canary.artifact.render.text import fit, plain, wrapped
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.release import RiskFactor, RiskScore
from billing_canary.verdict import Status

_WIDTH = 80
_POINTS = 6
_MARGIN = " " * (_POINTS + 2)
_COLOURS = {"low": Status.PASS, "medium": Status.INCONCLUSIVE}
"""Of the levels; the others are shown as failures are."""

_NO_OVERRIDE = "The score says how much review the release deserves. It overrides no blocker."


def risk_console(score: RiskScore, paint: Paint = unpainted) -> list[str]:
    """The lines of the score on a terminal, each at most 80 columns wide.

    Args:
        score: what is shown.
        paint: colours the headline; it must not change a text's visible width.
    """
    headline = paint(_headline(score), _COLOURS.get(score.level, Status.FAIL))
    advice = wrapped(f"  {plain(score.advice)}", _WIDTH, "  ")
    factors = [line for factor in score.factors for line in _lines(factor)]
    return [headline, *advice, *(line.rstrip() for line in factors)]


def risk_markdown(score: RiskScore) -> list[str]:
    """The lines of the score as a section of a Markdown report."""
    rows = ((cell(each.title), _signed(each.points), escaped(each.source) or "-") for each in score.factors)
    return [
        "## Risk",
        "",
        *paragraph(f"**{_headline(score)}**. {escaped(score.advice)}"),
        "",
        *table(("Factor", "Points", "Source"), rows),
        "",
        *paragraph(_NO_OVERRIDE),
    ]


def _headline(score: RiskScore) -> str:
    return f"Risk: {score.score}/100, {plain(score.level)} (raw sum {score.raw})"


def _lines(factor: RiskFactor) -> Iterator[str]:
    yield f"{_signed(factor.points):>{_POINTS}}  {fit(plain(factor.title), _WIDTH - len(_MARGIN))}"
    yield from wrapped(f"{_MARGIN}{plain(factor.source)}", _WIDTH, _MARGIN)


def _signed(points: int) -> str:
    return f"+{points}" if points else "0"

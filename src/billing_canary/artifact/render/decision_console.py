"""A decision on a terminal: at most 80 columns, the verdict first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from billing_canary.artifact.decision_report import DecisionReport
from billing_canary.artifact.render.decision_words import headline, is_command, next_step, outcome
from billing_canary.artifact.render.risk import risk_console
from billing_canary.artifact.render.text import fit, minute, plain, wrapped
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.release import ItemResult, RiskScore
from billing_canary.verdict import Status

_WIDTH = 80
_MARGIN = " " * 10
_LONGEST_FIX = 1_000
_GOES_ON = " \\"


def decision_console(
    report: DecisionReport, report_file: Path | str, paint: Paint = unpainted, *, explain: bool = False
) -> str:
    """The summary of a decision.

    Args:
        report: what is shown.
        report_file: the file that a person should open next.
        paint: colours the verdict and each item.
        explain: whether green items tell their evidence, and risk factors their source, as well.
    """
    sections = (
        _verdict(report, paint),
        _items(report, paint, explain=explain),
        _risk(report.decision.risk, paint, explain=explain),
        [f"Report: {plain(str(report_file), 1_000)}"],
    )
    told = [list(section) for section in sections]
    return "\n".join(line.rstrip() for section in told for line in (*section, "")).rstrip("\n") + "\n"


def _verdict(report: DecisionReport, paint: Paint) -> Iterator[str]:
    yield paint(headline(report), report.verdict.overall_status)
    yield f"Since {minute(report.since)}"
    yield from wrapped(f"Next: {next_step(report)}", _WIDTH, _MARGIN)


def _items(report: DecisionReport, paint: Paint, *, explain: bool) -> Iterator[str]:
    for each in report.decision.items:
        yield f"{paint(fit(outcome(each), 9), _colour(each))} {fit(plain(each.title), 70).rstrip()}"
        if explain or each.status is not Status.PASS:
            yield from wrapped(f"{_MARGIN}{plain(each.id)}: {plain(each.reason)}", _WIDTH, _MARGIN)
        if explain and each.evidence:
            yield f"{_MARGIN}evidence: {plain(each.evidence)}"
        yield from _fix(plain(each.fix, _LONGEST_FIX))


def _fix(fix: str) -> Iterator[str]:
    """Within the width; a command stays one that can be copied."""
    lines = wrapped(f"{_MARGIN}fix: {fix}", _WIDTH - len(_GOES_ON), _MARGIN + " " * 5) if fix else []
    for at, line in enumerate(lines, start=1):
        yield f"{line}{_GOES_ON}" if is_command(fix) and at < len(lines) else line


def _colour(each: ItemResult) -> Status:
    return each.status if each.required or each.status is Status.PASS else Status.INCONCLUSIVE


def _risk(risk: RiskScore, paint: Paint, *, explain: bool) -> Iterator[str]:
    lines = risk_console(risk, paint)
    yield from lines if explain else lines[:1]

"""A decision for people, as Markdown: the verdict and what blocks it come first."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.decision_evidence import EVIDENCE_FILE
from billing_canary.artifact.decision_report import DecisionReport
from billing_canary.artifact.render.decision_words import (
    first_blocked,
    headline,
    is_command,
    next_step,
    outcome,
    why,
)
from billing_canary.artifact.render.escape import cell, code, escaped, fenced, item, paragraph, table
from billing_canary.artifact.render.risk import risk_markdown
from billing_canary.artifact.render.text import minute, plain
from billing_canary.release import ItemResult
from billing_canary.verdict import Status

_LONGEST_FIX = 1_000


def decision_markdown(report: DecisionReport) -> str:
    """The whole report. Its first line says verdict, why, since when, and what to do next."""
    sections = (
        _first_line(report),
        _facts(report),
        _blockers(report),
        _items(report),
        risk_markdown(report.decision.risk),
        _evidence(report),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _first_line(report: DecisionReport) -> Iterator[str]:
    verdict, _, meaning = headline(report).partition(": ")
    blocked = first_blocked(report.decision)
    command = f": {_inline(blocked.fix)}" if blocked is not None else ""
    told = f"**{verdict}**: {escaped(meaning)}: {escaped(why(report))}."
    yield f"{told} Since {minute(report.since)}. Next: {escaped(next_step(report))}{command}."


def _facts(report: DecisionReport) -> Iterator[str]:
    yield f"# {escaped(report.title)}"
    yield ""
    yield from item(f"Decision: {code(report.run_id)}")
    yield from item(f"Commit: {code(report.decision.commit)}")
    yield from item(f"Environment: {escaped(report.environment)}")
    yield from item(f"Decided: {minute(report.decision.decided_at)}")


def _blockers(report: DecisionReport) -> Iterator[str]:
    yield "## What blocks the release"
    yield ""
    red = [each for each in report.decision.items if each.required and each.status is not Status.PASS]
    if not red:
        yield from paragraph(escaped("; ".join(report.decision.blockers)) or "Nothing.")
    for each in red:
        yield from item(f"{code(each.id)} {escaped(each.title)}: {escaped(each.reason)}")
        yield ""
        yield from _fix(each)
        yield ""


def _inline(fix: str) -> str:
    return code(fix) if is_command(fix) else escaped(fix)


def _fix(each: ItemResult) -> Iterator[str]:
    """Inside the bullet; a command is ready to be copied."""
    if is_command(each.fix):
        block = fenced(plain(each.fix, _LONGEST_FIX).replace("`", "'"))
    else:
        block = paragraph(f"Fix: {escaped(each.fix, _LONGEST_FIX)}")
    yield from (f"  {line}" for line in block)


def _items(report: DecisionReport) -> Iterator[str]:
    yield "## Checklist"
    yield ""
    yield from table(("Item", "Result", "Required", "Evidence", "Reason"), map(_row, report.decision.items))


def _row(each: ItemResult) -> tuple[str, ...]:
    required = "yes" if each.required else "no"
    return (cell(each.id), cell(outcome(each)), required, cell(each.evidence), cell(each.reason))


def _evidence(report: DecisionReport) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    yield from item(f"Policy, runs and audit log as they were judged: {code(EVIDENCE_FILE)}")
    for cited in report.decision.cites:
        yield from item(f"Cites {code(cited)}")
    yield ""
    yield "To judge the same evidence again:"
    yield ""
    yield from fenced(f"billing-canary runs verify {report.run_id}")

"""An evaluation of the rollback triggers on a terminal: at most 80 columns, the verdict first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from billing_canary.artifact.render.text import duration, fit, minute, plain, wrapped
from billing_canary.artifact.render.triggers_words import STATUS, headline, ordered
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.artifact.triggers_report import TriggersReport
from billing_canary.rollback import TriggerResult, TriggerState

_WIDTH = 80
_MARGIN = "    "
_LONG = 1_000


def triggers_console(report: TriggersReport, report_file: Path | str, paint: Paint = unpainted) -> str:
    """The summary of an evaluation.

    Args:
        report: what is shown.
        report_file: the file that a person should open next.
        paint: colours the verdict and each state.
    """
    sections = (
        _verdict(report, paint),
        _triggers(report, paint),
        _steps(report),
        _foot(report, str(report_file)),
    )
    told = [list(section) for section in sections]
    lines = [line.rstrip() for section in told if section for line in (*section, "")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _verdict(report: TriggersReport, paint: Paint) -> Iterator[str]:
    yield paint(headline(report), report.verdict.overall_status)
    yield f"Since {minute(report.since)}"
    for note in report.notes:
        yield from wrapped(f"  - {plain(note, _LONG)}", _WIDTH, _MARGIN)


def _triggers(report: TriggersReport, paint: Paint) -> Iterator[str]:
    for result in ordered(report):
        yield from _trigger(result, paint)
    for off in report.disabled:
        yield f"{fit('switched off', 18)} {plain(off.id)}"
        yield from _below(f"{off.reason} ({off.owner})")


def _trigger(result: TriggerResult, paint: Paint) -> Iterator[str]:
    yield f"{paint(fit(str(result.state), 18), STATUS[result.state])} {plain(result.id)}"
    yield from _below(result.reason)
    if result.measured:
        yield from _below(f"measured {result.measured}; limit: {result.limit}")
    if result.fix and result.state is not TriggerState.CLEAR:
        yield from _below(f"do: {result.fix}")


def _below(text: str) -> list[str]:
    return wrapped(f"{_MARGIN}{plain(text, _LONG)}", _WIDTH, _MARGIN)


def _steps(report: TriggersReport) -> Iterator[str]:
    yield "Next:"
    for number, step in enumerate(report.next_steps, 1):
        yield from wrapped(f"  {number}. {step}", _WIDTH, "     ")


def _foot(report: TriggersReport, report_file: str) -> Iterator[str]:
    yield f"Judged at {minute(report.recommendation.judged_at)} in {duration(report.duration_ms)}"
    yield f"Report: {plain(report_file, _LONG)}"

"""An evaluation of the rollback triggers for people: what to do comes first."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.render.changes import changes_section
from billing_canary.artifact.render.escape import cell, code, escaped, item, table
from billing_canary.artifact.render.text import duration, minute
from billing_canary.artifact.render.triggers_words import headline, next_words, ordered
from billing_canary.artifact.triggers_report import TriggersReport
from billing_canary.rollback import TriggerResult, TriggerState

_LONG = 1_000


def triggers_markdown(report: TriggersReport) -> str:
    """The whole report. Its first line says verdict, why, since when, and what to do next."""
    sections = (
        _first_line(report),
        _facts(report),
        _steps(report),
        _triggers(report),
        _details(report),
        _disabled(report),
        _changes(report),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _first_line(report: TriggersReport) -> Iterator[str]:
    verdict, _, meaning = headline(report).partition(": ")
    why = escaped(report.recommendation.reasons[0], _LONG).rstrip(".")
    yield f"**{verdict}**: {meaning}: {why}. Since {minute(report.since)}. Next: {next_words(report)}"


def _facts(report: TriggersReport) -> Iterator[str]:
    yield "# Rollback triggers"
    yield ""
    yield from item(f"Run: {code(report.run_id)}, took {duration(report.duration_ms)}")
    yield from item(f"Judged at: {minute(report.recommendation.judged_at)}")
    yield from item(f"Running: {code(report.running) if report.running else 'unknown commit'}")
    for note in report.notes:
        yield from item(escaped(note, _LONG))


def _steps(report: TriggersReport) -> Iterator[str]:
    yield "## What to do"
    yield ""
    for number, step in enumerate(report.next_steps, 1):
        yield f"{number}. {step}"


def _triggers(report: TriggersReport) -> Iterator[str]:
    yield "## Triggers"
    yield ""
    if not report.recommendation.triggers:
        yield "None is configured."
        return
    rows = ((cell(r.id), str(r.state), cell(r.measured), cell(r.limit)) for r in ordered(report))
    yield from table(("Trigger", "State", "Measured", "Limit"), rows)


def _details(report: TriggersReport) -> Iterator[str]:
    yield "## Why"
    yield ""
    for result in ordered(report):
        yield from item(f"{code(result.id)} {result.state}: {escaped(result.reason, _LONG)}")
        yield from _detail(result)


def _detail(result: TriggerResult) -> Iterator[str]:
    if result.state is TriggerState.CLEAR:
        return
    yield from item(f"{escaped(result.title)}, rule {code(result.rule)}", depth=1)
    if result.firing is not None:
        yield from item(f"Fired since {minute(result.firing.since)}", depth=1)
    if result.fix:
        yield from item(f"Do: {escaped(result.fix, _LONG)}", depth=1)
    yield from item(f"Evidence: {escaped(result.evidence)}", depth=1)


def _disabled(report: TriggersReport) -> Iterator[str]:
    yield "## Switched off"
    yield ""
    if not report.disabled:
        yield "None."
    for off in report.disabled:
        yield from item(f"{code(off.id)} {escaped(off.title)}: {escaped(off.reason)} ({escaped(off.owner)})")


def _changes(report: TriggersReport) -> Iterator[str]:
    unknown = "No earlier evaluation is known."
    return changes_section(report.previous, unknown=unknown, same="nothing")

"""The canary report for people, in Markdown that reads well raw and rendered."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.render.advice import headline, next_step, since, status_word, why
from billing_canary.artifact.render.changes import changes_section
from billing_canary.artifact.render.commit import commit_told
from billing_canary.artifact.render.escape import cell, code, escaped, fenced, item, table
from billing_canary.artifact.render.impact import impact
from billing_canary.artifact.render.spend import spend
from billing_canary.artifact.render.text import amounts, counted, duration, minute
from billing_canary.model import ProbeResult, Status


def markdown(report: CanaryReport) -> str:
    """The whole report. Its first line alone says verdict, why, since when, and what to do next."""
    sections = (
        _first_line(report),
        _facts(report),
        impact(report),
        _changes(report),
        _reasons(report),
        _safety(report),
        spend(report.run.spend),
        _probes(report),
        _not_shown(report),
        _evidence(report),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _first_line(report: CanaryReport) -> Iterator[str]:
    verdict, _, meaning = headline(report).partition(": ")
    yield (
        f"**{verdict}**: {meaning} (target {escaped(report.run.target)}): {escaped(why(report))}. "
        f"Since {since(report)}. Next: {next_step(report, name=code)}"
    )


def _facts(report: CanaryReport) -> Iterator[str]:
    run = report.run
    yield "# Billing canary"
    yield ""
    yield from item(f"Run: {code(run.run_id)}")
    yield from item(f"Started: {minute(run.started_at)}, took {duration(run.duration_ms)}")
    yield from item(f"Target: {escaped(run.target)} (mode {escaped(run.mode)})")
    yield from item(f"Commit: {commit_told(report.head)}")
    yield from item(f"Health check: {run.health_check.status}: {escaped(run.health_check.detail)}")
    yield from item(f"Probes: {_tally(run.probes)}")
    yield from item(f"Spent: {amounts(run.spend.moved, 'nothing')}")


def _tally(probes: tuple[ProbeResult, ...]) -> str:
    counts = {status: sum(probe.status is status for probe in probes) for status in reversed(Status)}
    told = [f"{count} {status}" for status, count in counts.items() if count]
    flaky = sum(probe.flaky for probe in probes)
    return ", ".join(told + ([f"{flaky} of them flaky"] if flaky else [])) or "none"


def _changes(report: CanaryReport) -> Iterator[str]:
    unknown = "No earlier run of this mode and target is known here."
    return changes_section(
        report.previous, unknown=unknown, same="nothing: same commit, same result of every probe"
    )


def _reasons(report: CanaryReport) -> Iterator[str]:
    yield "## Reasons"
    yield ""
    for reason in report.verdict.reasons:
        yield from item(escaped(reason))


def _safety(report: CanaryReport) -> Iterator[str]:
    yield "## Safety checks"
    yield ""
    if not report.run.safety_checks:
        yield "The guard recorded none."
    for check in sorted(report.run.safety_checks, key=lambda check: -list(Status).index(check.status)):
        yield from item(f"**{check.status}** {code(check.id)}: {escaped(check.claim)}")
        if check.detail:
            yield from item(escaped(check.detail), depth=1)


def _probes(report: CanaryReport) -> Iterator[str]:
    yield "## Probes"
    yield ""
    if not report.run.probes:
        yield "No probe ran."
        return
    ordered = sorted(report.run.probes, key=lambda probe: (probe.surface, probe.id))
    headings = ("Surface", "Probe", "Severity", "Status", "Held", "Time")
    yield from table(headings, map(_probe_row, ordered))


def _probe_row(probe: ProbeResult) -> tuple[str, ...]:
    held = sum(row.held for row in probe.evidence)
    return (
        cell(probe.surface),
        cell(probe.id),
        str(probe.severity),
        status_word(probe),
        f"{held}/{len(probe.evidence)}",
        duration(probe.duration_ms),
    )


def _not_shown(report: CanaryReport) -> Iterator[str]:
    """Whatever did not pass and did not fail: what this run leaves open, and why."""
    yield "## Not shown by this run"
    yield ""
    closed = {Status.PASS, Status.FAIL}
    left_open = [probe for probe in report.run.probes if probe.status not in closed]
    if not left_open and not report.run.notes:
        yield "Nothing: every selected probe ran to its end."
    for probe in left_open:
        yield from item(f"{code(probe.id)} {probe.status}: {escaped(probe.reason or 'no reason was given')}")
        if probe.not_applicable is not None:
            yield from item(f"Not applicable here: {escaped(probe.not_applicable.reason)}", depth=1)
            yield from item(f"Owner: {code(probe.not_applicable.owner)}", depth=1)
    for note in report.run.notes:
        yield from item(escaped(note))


def _evidence(report: CanaryReport) -> Iterator[str]:
    kind = kind_named("billing-canary")
    yield "## Evidence"
    yield ""
    yield from item(f"Every claim with what was expected and observed: {code(kind.final)}")
    for file in kind.files:
        if not file.rendered:
            yield from item(f"{file.kind}: {code(file.path)}")
    project = report.head.project
    files = counted(len(project.sha256), "file")
    yield from item(f"Project: {escaped(project.root)} ({escaped(project.origin)}), {files} loaded")
    yield ""
    yield "To check that nothing was altered:"
    yield ""
    yield from fenced(f"billing-canary runs verify {report.run.run_id}")

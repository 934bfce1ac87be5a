"""What a person sees on a terminal at the end of a run: at most 80 columns, the verdict first.

The column "claims" counts those that held, out of those that were tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.render.advice import headline, next_step, since, status_word
from billing_canary.artifact.render.reasons import reasons_told
from billing_canary.artifact.render.text import amounts, counted, duration, fit, plain, wrapped
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.model import ProbeResult, Severity, Status

_WIDTH = 80
_MARGIN = "      "
_ID_WIDTH = 42


def console(report: CanaryReport, report_file: Path | str, paint: Paint = unpainted) -> str:
    """The summary of a run.

    Args:
        report: what is shown.
        report_file: the file that a person should open next.
        paint: colours the verdict and each status.
    """
    sections = (
        _verdict(report, paint),
        _table(report, paint),
        _foot(report, str(report_file)),
    )
    return "\n".join(line.rstrip() for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def _verdict(report: CanaryReport, paint: Paint) -> Iterator[str]:
    yield paint(headline(report), report.verdict.overall_status)
    yield from wrapped(f"Since {since(report)}, target {plain(report.run.target)}", _WIDTH, _MARGIN)
    yield from reasons_told(report.verdict.reasons)
    yield from wrapped(f"Next: {plain(next_step(report))}", _WIDTH, _MARGIN)


def _table(report: CanaryReport, paint: Paint) -> Iterator[str]:
    if report.run.probes:
        yield " ".join((fit("status", 12), fit("probe", _ID_WIDTH), fit("severity", 8), "claims", "    time"))
    for probe in sorted(report.run.probes, key=_worst_first):
        yield _row(probe, paint)


def _worst_first(probe: ProbeResult) -> tuple[int, int, str, str]:
    shown = Status.INCONCLUSIVE if status_word(probe) == "flaky" else probe.status
    return (-list(Status).index(shown), list(Severity).index(probe.severity), probe.surface, probe.id)


def _row(probe: ProbeResult, paint: Paint) -> str:
    held = sum(row.held for row in probe.evidence)
    claims = f"{held}/{len(probe.evidence)}"
    return " ".join(
        (
            paint(fit(status_word(probe), 12), probe.status),
            fit(plain(probe.id), _ID_WIDTH),
            fit(str(probe.severity), 8),
            f"{claims:>6}",
            f"{duration(probe.duration_ms):>8}",
        )
    )


def _foot(report: CanaryReport, report_file: str) -> Iterator[str]:
    spent = report.run.spend
    counts = f"{counted(len(report.run.probes), 'probe')} in {duration(report.run.duration_ms)}"
    caps = f" of at most {amounts(spent.caps_per_run)}" if spent.caps_per_run else ""
    yield from wrapped(f"{counts}; spent {amounts(spent.moved, 'nothing')}{caps}", _WIDTH, _MARGIN)
    excuses = Counter(probe.not_applicable for probe in report.run.probes)
    for why, count in excuses.items():
        if why is not None:
            told = f"Not applicable here: {counted(count, 'probe')}: {why.reason} (says {why.owner})"
            yield from wrapped(plain(told), _WIDTH, _MARGIN)
    for note in report.run.notes:
        yield from wrapped(f"Note: {plain(note)}", _WIDTH, _MARGIN)
    yield f"Report: {plain(report_file, 1_000)}"

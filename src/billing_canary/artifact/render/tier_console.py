"""A tier's summary on a terminal: at most 80 columns, the verdict first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.artifact.render.reasons import reasons_told
from billing_canary.artifact.render.text import counted, duration, fit, plain, wrapped
from billing_canary.artifact.render.tier_words import figures, headline, next_step, result, since
from billing_canary.artifact.render.unpainted import Paint, unpainted
from billing_canary.artifact.tier_report import TierReport
from billing_canary.tier import SuiteResult
from billing_canary.verdict import Status

if TYPE_CHECKING:
    from billing_canary.module_coverage import ModuleCoverage

_WIDTH = 80
_MARGIN = "      "
_MOST_NEW = 10


def tier_console(report: TierReport, report_file: Path | str, paint: Paint = unpainted) -> str:
    """The summary of a run of a tier.

    Args:
        report: what is shown.
        report_file: the file that a person should open next.
        paint: colours the verdict and each result.
    """
    sections = (
        _verdict(report, paint),
        _suites(report, paint),
        _coverage(report, paint),
        _foot(report, str(report_file)),
    )
    told = [list(section) for section in sections]
    return (
        "\n".join(line.rstrip() for section in told if section for line in (*section, "")).rstrip("\n") + "\n"
    )


def _verdict(report: TierReport, paint: Paint) -> Iterator[str]:
    yield paint(headline(report), report.verdict.overall_status)
    yield f"Since {since(report)}"
    yield from reasons_told(report.verdict.reasons)
    yield from wrapped(f"Next: {next_step(report)}", _WIDTH, _MARGIN)


def _suites(report: TierReport, paint: Paint) -> Iterator[str]:
    yield " ".join((fit("result", 30), fit("suite", 23), " tests", " failed", "    time"))
    for suite in report.run.suites:
        yield _row(suite, paint)


def _row(suite: SuiteResult, paint: Paint) -> str:
    return " ".join(
        (
            paint(fit(result(suite), 30), Status.PASS if suite.as_expected else suite.status),
            fit(plain(suite.name), 23),
            f"{suite.tests - suite.skipped:>6}",
            f"{suite.failures:>7}",
            f"{duration(suite.duration_ms):>8}",
        )
    )


def _coverage(report: TierReport, paint: Paint) -> Iterator[str]:
    for module in report.run.coverage:
        yield from _module(module, paint)


def _module(module: ModuleCoverage, paint: Paint) -> Iterator[str]:
    from billing_canary.module_coverage import CoverageStatus  # noqa: PLC0415 - only where coverage is gated

    status = Status.PASS if module.status is CoverageStatus.PASS else Status.FAIL
    line, branch = figures(module)
    yield f"{paint(fit(str(module.status), 16), status)} coverage of {plain(module.module)}"
    yield f"    lines {line}; branches {branch}"
    for override in module.overrides:
        yield from wrapped(f"    {plain(override)}", _WIDTH, _MARGIN)


def _foot(report: TierReport, report_file: str) -> Iterator[str]:
    run = report.run
    if run.newly_failing:
        yield "Newly failing:"
        for name in run.newly_failing[:_MOST_NEW]:
            yield from wrapped(f"  - {plain(name)}", _WIDTH, "    ")
        if len(run.newly_failing) > _MOST_NEW:
            yield f"  - and {len(run.newly_failing) - _MOST_NEW} more in the report"
    yield f"{counted(len(run.suites), 'suite')} in {duration(run.duration_ms)}, {run.jobs} at once"
    yield f"Report: {plain(report_file, 1_000)}"

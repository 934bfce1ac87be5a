"""The coverage gate on a terminal: the verdict, each module with its counts, then what to cover."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from billing_canary.artifact.render.coverage_gaps import Gap, gaps
from billing_canary.artifact.render.text import counted, fit, plain, wrapped
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.verdict import Status, Verdict

Paint = Callable[[str, Status], str]
"""Colours a text for a status; it must not change the text's visible width."""

_WIDTH = 80
_MARGIN = "      "
_MOST_GAPS = 10


def coverage_console(modules: Sequence[ModuleCoverage], verdict: Verdict, origin: str, paint: Paint) -> str:
    """The gate's result.

    Args:
        modules: what was gated.
        verdict: what it came to.
        origin: which data were read.
        paint: colours the verdict and each status.
    """
    sections = (_verdict(verdict, origin, paint), *(_module(each, paint) for each in modules), _next(modules))
    lines = [line.rstrip() for section in sections for line in section]
    return "\n".join(lines) + "\n"


def _verdict(verdict: Verdict, origin: str, paint: Paint) -> Iterator[str]:
    words = {Status.PASS: "PASS: coverage gate", Status.FAIL: "FAIL: coverage gate"}
    told = words.get(verdict.overall_status, "INCONCLUSIVE: coverage gate")
    yield paint(told, verdict.overall_status)
    yield from wrapped(f"Data: {plain(origin, 1_000)}", _WIDTH, _MARGIN)
    yield ""


def _module(module: ModuleCoverage, paint: Paint) -> Iterator[str]:
    passed = module.status is CoverageStatus.PASS
    status = paint(fit(module.status, 14), Status.PASS if passed else Status.FAIL)
    yield f"{status} {plain(module.role)}: {plain(module.module)}"
    yield _counts("lines", module.line)
    yield _counts("branches", module.branch)
    if module.excluded:
        yield f"{_MARGIN}excluded  {counted(module.excluded, 'line')} not measured"
    for override in module.overrides:
        yield from wrapped(f"{_MARGIN}override: {plain(override)}", _WIDTH, f"{_MARGIN}  ")
    if not passed:
        yield from wrapped(f"{_MARGIN}why: {plain(module.reason, 1_000)}", _WIDTH, f"{_MARGIN}  ")
        yield from wrapped(f"{_MARGIN}fix: {plain(module.fix)}", _WIDTH, f"{_MARGIN}  ")
    for note in module.notes:
        yield from wrapped(f"{_MARGIN}note: {plain(note)}", _WIDTH, f"{_MARGIN}  ")


def _counts(noun: str, counts: Counts) -> str:
    measured = f"{counts.covered}/{counts.total}"
    ratio = f"{counts.percent} %" if counts.total else "n/a"
    mark = "" if counts.status is CoverageStatus.PASS else f"  {counts.status}"
    return f"{_MARGIN}{fit(noun, 9)} {measured:>13} {ratio:>9}  floor {counts.minimum} %{mark}"


def _next(modules: Sequence[ModuleCoverage]) -> Iterator[str]:
    found = gaps(modules)
    if not found:
        return
    yield ""
    yield "Cover next, largest first:"
    for gap in found[:_MOST_GAPS]:
        yield from wrapped(f"  {plain(gap.module)}:{_place(gap)}  {gap.told}", _WIDTH, _MARGIN)
    if len(found) > _MOST_GAPS:
        yield f"  and {len(found) - _MOST_GAPS} more; --json lists all"


def _place(gap: Gap) -> str:
    return str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"

"""From coverage data to one measure for each gated module; what is wrong is told, not judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from billing_canary.module_coverage import CoverageStatus, GatedModule, ModuleMeasure
from billing_canary.suite.coverage_match import alike, elsewhere, matching
from billing_canary.suite.coverage_policy import CoveragePolicy
from billing_canary.suite.coverage_source import CoverageSource
from billing_canary.suite.source_hashes import SourceHashes, source_hash

_NOT_CHECKED = "not checked whether the source changed after the run: no hashes were recorded before it"


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How it is told that a source changed after the run.

    Attributes:
        hashes: of the sources before the run; None when nobody recorded them.
        written_ns: when the data were written, for the weaker check without hashes.
    """

    hashes: SourceHashes | None
    written_ns: int


def measure_modules(
    policy: CoveragePolicy, source: CoverageSource, fresh: Freshness, *, ends: Callable[[GatedModule], bool]
) -> Iterator[ModuleMeasure]:
    """The measure of each module of `policy`, in its order.

    Args:
        policy: what is gated.
        source: the data.
        fresh: how a stale source is recognised.
        ends: for which modules the ends of missing branches are wanted.

    Raises:
        EvidenceError: a source cannot be read.
    """
    for module in policy.modules:
        yield _measure(policy.root, module, source, fresh, ends=ends(module))


def _measure(
    root: Path, module: GatedModule, source: CoverageSource, fresh: Freshness, *, ends: bool
) -> ModuleMeasure:
    names = matching(module, root, source.names(), source.bases)
    if not names:
        return _missing(module, source)
    if len(names) > 1:
        detail = f"{len(names)} measured files are this module: {', '.join(sorted(names))}"
        return ModuleMeasure(problem=CoverageStatus.AMBIGUOUS, detail=detail)
    found = source.measure(names[0], Path(module.file), ends=ends)
    if found.problem is not None:
        return found
    copy = elsewhere(module, root, names[0], source.bases)
    stale = _stale(module, fresh) or _differs(module, copy) or _beyond(module, source.last_line(names[0]))
    if stale:
        return replace(found, problem=CoverageStatus.STALE, detail=stale)
    if not source.has_branches:
        return replace(
            found, problem=CoverageStatus.NO_BRANCH_DATA, detail=f"the {source.kind} has no branches"
        )
    return replace(found, notes=tuple(_notes(found, source, fresh, copy)))


def _missing(module: GatedModule, source: CoverageSource) -> ModuleMeasure:
    names = source.names()
    near = alike(module, names)
    hint = f"; {', '.join(near)} is another file" if near else ""
    detail = f"it is not among the {len(names)} measured files{hint}"
    return ModuleMeasure(problem=CoverageStatus.MISSING, detail=detail)


def _stale(module: GatedModule, fresh: Freshness) -> str:
    if fresh.hashes is None:
        changed = Path(module.file).stat().st_mtime_ns > fresh.written_ns
        return "its source was written after the coverage data" if changed else ""
    before = fresh.hashes.get(module.module)
    if before is None:
        return "its source was not hashed before the run"
    return "" if before == source_hash(Path(module.file)) else "its source changed since the run began"


def _differs(module: GatedModule, copy: str) -> str:
    if copy and source_hash(Path(copy)) != source_hash(Path(module.file)):
        return f"it was measured as {copy}, whose text is another"
    return ""


def _beyond(module: GatedModule, last: int) -> str:
    if not last:
        return ""
    lines = Path(module.file).read_bytes().splitlines()
    return f"line {last} ran, but its source has {len(lines)} lines" if last > len(lines) else ""


def _notes(found: ModuleMeasure, source: CoverageSource, fresh: Freshness, copy: str) -> Iterator[str]:
    if fresh.hashes is None:
        yield _NOT_CHECKED
    if copy:
        yield f"measured as {copy}, whose text is the same"
    if found.excluded is None:
        yield f"{source.kind} does not tell which lines are excluded from measuring"
    if found.branches_total and not found.branches_covered:
        yield "no branch of it was taken: it may only have been imported"

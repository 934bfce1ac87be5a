"""The coverage gate: whether each gated module is covered as its policy asks, in exact integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from billing_canary.gate.findings import Finding, conclude
from billing_canary.module_coverage import Counts, CoverageStatus, GatedModule, ModuleCoverage, ModuleMeasure
from billing_canary.verdict import Status, Verdict

_OF_LINES_TOO = frozenset(CoverageStatus) - {CoverageStatus.NO_BRANCH_DATA, CoverageStatus.EXCLUDED}
"""Problems that take the line counts with them; the others leave them standing."""

_AGAIN = "run the tests again from the project's root, and measure what they run"
_FIXES = {
    CoverageStatus.PASS: "",
    CoverageStatus.BELOW: "add tests for what is listed under 'cover next'",
    CoverageStatus.MISSING: f"no test imported it, or omit, include or source left it out: {_AGAIN}",
    CoverageStatus.NO_BRANCH_DATA: "measure branches: coverage run --branch",
    CoverageStatus.NO_BRANCHES: "if it truly has none, say branchless = true in gates/coverage.toml",
    CoverageStatus.STALE: "run the tests again: the counts belong to another text",
    CoverageStatus.AMBIGUOUS: "measure one copy of it only, or map both to one ([paths] of coverage.py)",
    CoverageStatus.UNREADABLE: "make the data again with the tools of this environment",
    CoverageStatus.NO_LINES: "gate a module that has code, or remove its exclusions",
    CoverageStatus.EXCLUDED: "test what 'pragma: no cover' hides, or raise max_excluded",
}


def reaches(covered: int, total: int, minimum: str) -> bool:
    """Whether `covered` of `total` is at least `minimum` per cent, exactly: 84.996 % is not 85 %.

    Args:
        covered: 0 to `total`.
        total: a total of 0 reaches nothing.
        minimum: decimal text.
    """
    over, under = Decimal(minimum).as_integer_ratio()
    return 0 <= covered <= total and total > 0 and 100 * covered * under >= over * total


def judge_module(module: GatedModule, found: ModuleMeasure) -> ModuleCoverage:
    """The verdict on one module; each that is no pass has its own reason and fix."""
    line = _counts(found.lines_covered, found.lines_total, module.line, _line_status(module, found))
    branch = _counts(
        found.branches_covered, found.branches_total, module.branch, _branch_status(module, found)
    )
    status = _overall(module, found, line.status, branch.status)
    return ModuleCoverage(
        module=module.module,
        role=module.role,
        line=line,
        branch=branch,
        status=status,
        reason="; ".join(_reasons(found, line, branch, status)),
        fix=_FIXES[status],
        excluded=found.excluded or 0,
        missing_lines=found.missing_lines,
        missing_branches=found.missing_branches,
        partial=found.partial,
        overrides=module.overrides,
        notes=(*found.notes, *_notes(module, branch)),
    )


def shown_status(module: ModuleCoverage) -> CoverageStatus:
    """What the counts of `module` support where it is labelled a pass: for judging a record again.

    A pass may have no branch, since its gate may call it branchless; it has lines, and they reach the floor.
    """
    if module.status is not CoverageStatus.PASS:
        return module.status
    line, branch = module.line, module.branch
    if not reaches(line.covered, line.total, line.minimum):
        return CoverageStatus.BELOW if line.total else CoverageStatus.NO_LINES
    if (branch.total or branch.covered) and not reaches(branch.covered, branch.total, branch.minimum):
        return CoverageStatus.BELOW
    return CoverageStatus.PASS


def findings(modules: Sequence[ModuleCoverage]) -> Iterator[Finding]:
    """What the coverage of `modules` says against a pass; none gated shows nothing."""
    if not modules:
        yield Finding(status=Status.INCONCLUSIVE, sentence="no module is gated, so nothing was shown")
    for module in modules:
        status = shown_status(module)
        if status is CoverageStatus.PASS:
            continue
        told = module.reason if status is module.status else "its counts do not reach its floors"
        cannot_tell = status is CoverageStatus.UNREADABLE
        yield Finding(
            status=Status.INCONCLUSIVE if cannot_tell else Status.FAIL,
            sentence=f"coverage of {module.module} is {status}: {told}",
        )


def judge(modules: Sequence[ModuleCoverage]) -> Verdict:
    """The verdict on all gated modules: `pass` only when there is one, and each is a pass."""
    noun = "the gated module is" if len(modules) == 1 else f"all {len(modules)} gated modules are"
    return conclude(findings(modules), praise=f"{noun} covered as gates/coverage.toml asks")


def _notes(module: GatedModule, branch: Counts) -> Iterator[str]:
    if module.branchless and branch.status is CoverageStatus.PASS and not branch.total:
        yield "it has no branch, and gates/coverage.toml calls it branchless"


def _counts(covered: int, total: int, minimum: str, status: CoverageStatus) -> Counts:
    return Counts(covered=covered, total=total, minimum=minimum, status=status)


def _line_status(module: GatedModule, found: ModuleMeasure) -> CoverageStatus:
    if found.problem in _OF_LINES_TOO:
        return CoverageStatus(found.problem or CoverageStatus.UNREADABLE)
    if not found.lines_total:
        return CoverageStatus.NO_LINES
    reached = reaches(found.lines_covered, found.lines_total, module.line)
    return CoverageStatus.PASS if reached else CoverageStatus.BELOW


def _branch_status(module: GatedModule, found: ModuleMeasure) -> CoverageStatus:
    if found.problem is not None:
        return found.problem
    if not found.branches_total:
        return CoverageStatus.PASS if module.branchless else CoverageStatus.NO_BRANCHES
    reached = reaches(found.branches_covered, found.branches_total, module.branch)
    return CoverageStatus.PASS if reached else CoverageStatus.BELOW


def _overall(
    module: GatedModule, found: ModuleMeasure, line: CoverageStatus, branch: CoverageStatus
) -> CoverageStatus:
    for status in (line, branch):
        if status is not CoverageStatus.PASS:
            return status
    return CoverageStatus.EXCLUDED if _excludes_too_much(module, found) else CoverageStatus.PASS


def _excludes_too_much(module: GatedModule, found: ModuleMeasure) -> bool:
    """A format that does not tell what is excluded cannot show that it is little enough."""
    limit = module.max_excluded
    return limit is not None and (found.excluded is None or found.excluded > limit)


def _reasons(found: ModuleMeasure, line: Counts, branch: Counts, status: CoverageStatus) -> Iterator[str]:
    if found.detail:
        yield found.detail
    for counts, noun in ((line, "lines"), (branch, "branches")):
        if counts.status is CoverageStatus.BELOW:
            reached = f"{counts.covered} of {counts.total} {noun} are covered, {counts.percent} %"
            yield f"{reached}; the floor is {counts.minimum} %"
    if line.status is CoverageStatus.NO_LINES:
        yield f"no line of it counts: 0 of 0 shows nothing ({found.excluded or 0} excluded)"
    if branch.status is CoverageStatus.NO_BRANCHES:
        yield "it has no branch: 0 of 0 shows nothing"
    if status is CoverageStatus.EXCLUDED:
        told = "an unknown number of" if found.excluded is None else str(found.excluded)
        yield f"{told} lines are excluded from measuring"

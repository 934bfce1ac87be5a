"""What to cover next: each uncovered stretch and branch, those of failing modules first, then the largest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing_canary.module_coverage import CoverageStatus, ModuleCoverage


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One thing that no test reaches.

    Attributes:
        module: the gated module.
        failing: whether its gate does not hold.
        kind: "lines" or "branches".
        first: its first line.
        last: its last line; the same for branches.
        size: lines, or exits of one line that were never taken.
        told: what is uncovered there, for people.
    """

    module: str
    failing: bool
    kind: str
    first: int
    last: int
    size: int
    told: str


def gaps(modules: Sequence[ModuleCoverage]) -> list[Gap]:
    """Every gap of `modules`; a branch inside an uncovered stretch is no gap of its own."""
    found = [gap for module in modules for gap in (*_lines(module), *_branches(module))]
    return sorted(found, key=lambda gap: (not gap.failing, -gap.size, gap.module, gap.first))


def _lines(module: ModuleCoverage) -> Iterator[Gap]:
    for first, last in module.missing_lines:
        size = last - first + 1
        yield Gap(
            module=module.module,
            failing=_fails(module),
            kind="lines",
            first=first,
            last=last,
            size=size,
            told="1 line" if size == 1 else f"{size} lines",
        )


def _branches(module: ModuleCoverage) -> Iterator[Gap]:
    for line, exits, taken in module.partial:
        if any(first <= line <= last for first, last in module.missing_lines):
            continue
        ends = [end for start, end in module.missing_branches if start == line]
        yield Gap(
            module=module.module,
            failing=_fails(module),
            kind="branches",
            first=line,
            last=line,
            size=exits - taken,
            told=f"{exits - taken} of {exits} branches never taken{_where(ends)}",
        )


def _where(ends: Sequence[int]) -> str:
    if not ends:
        return ""
    return f": {', '.join('leaving it' if end < 0 else f'to line {end}' for end in ends)}"


def _fails(module: ModuleCoverage) -> bool:
    return module.status is not CoverageStatus.PASS

"""Raising coverage floors to what is reached; nothing here ever lowers one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing_canary.module_coverage import Counts, CoverageStatus, GatedModule, ModuleCoverage

_HUNDREDTHS = 10_000


@dataclass(frozen=True, kw_only=True)
class RaisedFloor:
    """One floor that can be raised. `before` and `after`: per cent as decimal text."""

    role: str
    kind: str
    before: str
    after: str


def raised_floors(gated: Iterable[GatedModule], covered: Iterable[ModuleCoverage]) -> tuple[RaisedFloor, ...]:
    """The floors of the file that modules which pass have outgrown.

    Reached ratios are cut to two digits, so that the raised floor holds exactly. A module that does not
    pass raises nothing, since its counts may belong to another text.
    """
    return tuple(
        change
        for module, result in zip(gated, covered, strict=True)
        if result.status is CoverageStatus.PASS
        for change in _raised(module, result)
    )


def _raised(module: GatedModule, result: ModuleCoverage) -> Iterator[RaisedFloor]:
    floors = (("line", module.file_line, result.line), ("branch", module.file_branch, result.branch))
    for kind, before, counts in floors:
        after = _reached(counts)
        if after > Decimal(before):
            yield RaisedFloor(role=module.role, kind=kind, before=before, after=_text(after))


def _reached(counts: Counts) -> Decimal:
    hundredths = _HUNDREDTHS * counts.covered // counts.total if counts.total else 0
    return Decimal(hundredths) / 100


def _text(number: Decimal) -> str:
    text = f"{number:.2f}"
    return text.rstrip("0").rstrip(".")

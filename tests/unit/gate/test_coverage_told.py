"""What the coverage gate tells of a module, by value: counts, reasons, fixes and notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.covered_project import gated

from billing_canary.gate.coverage import findings, judge, judge_module, shown_status
from billing_canary.gate.findings import Finding
from billing_canary.gate.ratchet import raised_floors
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage, ModuleMeasure
from billing_canary.verdict import Status, Verdict

MODULE = gated(Path("/project"), line="85", branch="65", overrides=("line: 80",))
GOOD = ModuleMeasure(
    lines_covered=90,
    lines_total=100,
    branches_covered=14,
    branches_total=20,
    missing_lines=((3, 4),),
    missing_branches=((1, 3),),
    partial=((5, 2, 1),),
    notes=("read from XML",),
    excluded=0,
)
S = CoverageStatus


def _judged(found: ModuleMeasure = GOOD, **changes: object) -> ModuleCoverage:
    return judge_module(replace(MODULE, **changes), found)  # type: ignore[arg-type]  # any field


def test_a_module_is_told_whole() -> None:
    assert _judged() == ModuleCoverage(
        module="app/billing.py",
        role="billing",
        line=Counts(covered=90, total=100, minimum="85", status=S.PASS),
        branch=Counts(covered=14, total=20, minimum="65", status=S.PASS),
        status=S.PASS,
        reason="",
        fix="",
        excluded=0,
        missing_lines=((3, 4),),
        missing_branches=((1, 3),),
        partial=((5, 2, 1),),
        overrides=("line: 80",),
        notes=("read from XML",),
    )


LINES = "84 of 100 lines are covered, 84.00 %; the floor is 85 %"
BRANCHES = "1 of 20 branches are covered, 5.00 %; the floor is 65 %"
STRAIGHT = replace(GOOD, branches_covered=0, branches_total=0)


@pytest.mark.parametrize(
    ("found", "changes", "status", "reason"),
    [
        (
            replace(GOOD, lines_covered=84),
            {},
            S.BELOW,
            LINES,
        ),
        (
            replace(GOOD, branches_covered=1),
            {},
            S.BELOW,
            BRANCHES,
        ),
        (
            replace(GOOD, lines_covered=84, branches_covered=1),
            {},
            S.BELOW,
            f"{LINES}; {BRANCHES}",
        ),
        (STRAIGHT, {}, S.NO_BRANCHES, "it has no branch: 0 of 0 shows nothing"),
        (
            replace(STRAIGHT, lines_covered=0, lines_total=0, excluded=7),
            {"branchless": True},
            S.NO_LINES,
            "no line of it counts: 0 of 0 shows nothing (7 excluded)",
        ),
        (
            replace(STRAIGHT, lines_covered=0, lines_total=0, excluded=None),
            {"branchless": True},
            S.NO_LINES,
            "no line of it counts: 0 of 0 shows nothing (0 excluded)",
        ),
        (replace(GOOD, excluded=4), {"max_excluded": 3}, S.EXCLUDED, "4 lines are excluded from measuring"),
        (
            replace(GOOD, excluded=None),
            {"max_excluded": 3},
            S.EXCLUDED,
            "an unknown number of lines are excluded from measuring",
        ),
        (replace(GOOD, problem=S.STALE, detail="edited since"), {}, S.STALE, "edited since"),
    ],
)
def test_each_reason_is_told(
    found: ModuleMeasure, changes: dict[str, object], status: CoverageStatus, reason: str
) -> None:
    result = _judged(found, **changes)
    assert (result.status, result.reason) == (status, reason)


def test_only_a_branchless_module_without_a_branch_is_noted_as_one() -> None:
    note = "it has no branch, and gates/coverage.toml calls it branchless"
    assert _judged(STRAIGHT, branchless=True).notes == ("read from XML", note)
    for found, branchless in ((STRAIGHT, False), (GOOD, True), (replace(STRAIGHT, problem=S.STALE), True)):
        assert _judged(found, branchless=branchless).notes == ("read from XML",)


def test_findings_name_the_module_its_status_and_why() -> None:
    stale = _judged(replace(GOOD, problem=S.UNREADABLE, detail="no data"))
    low = _judged(replace(GOOD, lines_covered=84))
    lie = replace(_judged(), line=replace(low.line, status=S.PASS))
    assert list(findings([stale, _judged(), low, lie])) == [
        Finding(status=Status.INCONCLUSIVE, sentence="coverage of app/billing.py is unreadable: no data"),
        Finding(status=Status.FAIL, sentence=f"coverage of app/billing.py is below: {low.reason}"),
        Finding(
            status=Status.FAIL,
            sentence="coverage of app/billing.py is below: its counts do not reach its floors",
        ),
    ]
    assert list(findings([])) == [
        Finding(status=Status.INCONCLUSIVE, sentence="no module is gated, so nothing was shown")
    ]


def test_a_branch_total_of_nothing_with_something_covered_is_no_pass() -> None:
    forged = replace(_judged(), branch=Counts(covered=3, total=0, minimum="65", status=S.PASS))
    assert shown_status(forged) is S.BELOW
    uncovered = replace(_judged(), branch=Counts(covered=0, total=3, minimum="65", status=S.PASS))
    assert shown_status(uncovered) is S.BELOW


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "the gated module is"), (2, "all 2 gated modules are"), (3, "all 3 gated modules are")],
)
def test_a_pass_counts_its_modules(count: int, told: str) -> None:
    assert judge([_judged()] * count) == Verdict(
        overall_status=Status.PASS, reasons=(f"{told} covered as gates/coverage.toml asks",)
    )


@pytest.mark.parametrize(
    ("covered", "total", "after"),
    [
        (2, 3, "66.66"),
        (1, 2, "50"),
        (3, 10, "30"),
        (3, 5, "60"),
        (1, 1, "100"),
        (41, 80, "51.25"),
        (61, 120, "50.83"),
    ],
)
def test_a_raised_floor_is_cut_and_written_without_idle_zeros(covered: int, total: int, after: str) -> None:
    module = gated(Path("/project"), line="0", branch="0")
    found = ModuleMeasure(
        lines_covered=covered, lines_total=total, branches_covered=covered, branches_total=total
    )
    raised = raised_floors([module], [judge_module(module, found)])
    assert [(each.role, each.kind, each.before, each.after) for each in raised] == [
        ("billing", "line", "0", after),
        ("billing", "branch", "0", after),
    ]


def test_a_module_without_a_branch_raises_no_floor_of_branches() -> None:
    module = gated(Path("/project"), line="0", branch="0", branchless=True)
    raised = raised_floors([module], [judge_module(module, STRAIGHT)])
    assert [each.kind for each in raised] == ["line"]


def test_modules_and_results_that_do_not_belong_together_are_no_input() -> None:
    with pytest.raises(ValueError, match="zip"):
        raised_floors([MODULE], [])

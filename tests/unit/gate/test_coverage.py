"""The coverage gate judges exact integers, and nothing missing is ever a pass."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.fakes.covered_project import gated

from billing_canary.gate.coverage import findings, judge, judge_module, reaches, shown_status
from billing_canary.gate.ratchet import raised_floors
from billing_canary.module_coverage import CoverageStatus, ModuleCoverage, ModuleMeasure
from billing_canary.verdict import Status

MODULE = gated(Path("/project"), line="85", branch="65")
GOOD = ModuleMeasure(lines_covered=90, lines_total=100, branches_covered=14, branches_total=20)


def _judged(found: ModuleMeasure = GOOD, **changes: object) -> ModuleCoverage:
    return judge_module(replace(MODULE, **changes), found)  # type: ignore[arg-type]  # any field


def test_ten_thousand_random_triples_agree_with_exact_fractions() -> None:
    chance = random.Random(20261121)  # noqa: S311 - repeatable cases, no secret
    passed = 0
    for _ in range(10_000):
        total = chance.choice([chance.randint(1, 30), chance.randint(1, 100_000)])
        minimum = f"{chance.randint(0, 100)}"
        if minimum != "100" and chance.random() < 0.6:
            minimum += f".{chance.randint(0, 10 ** (digits := chance.randint(1, 9)) - 1):0{digits}}"
        near = int(Fraction(Decimal(minimum)) * total / 100)
        covered = min(total, max(0, near + chance.choice([-1, 0, 1, chance.randint(-total, total)])))
        expected = Fraction(covered, total) >= Fraction(Decimal(minimum)) / 100
        assert reaches(covered, total, minimum) is expected, (covered, total, minimum)
        passed += expected
    assert 2_000 < passed < 8_000


@pytest.mark.parametrize(
    ("covered", "total", "minimum", "expected"),
    [
        (846, 1000, "85", False),
        (850, 1000, "85", True),
        (21_249, 25_000, "85", False),
        (21_250, 25_000, "85", True),
        (1, 3, "33.33", True),
        (1, 3, "33.34", False),
        (0, 0, "0", False),
        (0, 1, "0", True),
        (2, 1, "85", False),
        (-1, 1, "0", False),
        (10**15 - 1, 10**15, "100", False),
    ],
)
def test_nothing_is_rounded(covered: int, total: int, minimum: str, expected: bool) -> None:  # noqa: FBT001 - the expectation
    assert reaches(covered, total, minimum) is expected


def test_a_ratio_is_never_shown_as_the_floor_that_it_misses() -> None:
    result = _judged(replace(GOOD, lines_covered=84_996, lines_total=100_000))
    assert (result.line.percent, result.line.status) == ("84.99", CoverageStatus.BELOW)
    assert "84996 of 100000 lines" in result.reason


def test_lines_and_branches_are_judged_apart() -> None:
    result = _judged(
        ModuleMeasure(lines_covered=221, lines_total=221, branches_covered=10, branches_total=20)
    )
    assert (result.line.status, result.branch.status, result.status) == ("pass", "below", "below")
    assert _judged(replace(GOOD, lines_covered=1)).status == "below"
    assert _judged().status == "pass"


@pytest.mark.parametrize("problem", [each for each in CoverageStatus if each is not CoverageStatus.PASS])
def test_every_problem_has_its_own_fix_and_is_no_pass(problem: CoverageStatus) -> None:
    result = _judged(replace(GOOD, problem=problem, detail="what is wrong"))
    assert result.status is problem
    assert "what is wrong" in result.reason
    others = {_judged(replace(GOOD, problem=each)).fix for each in CoverageStatus if each is not problem}
    assert result.fix not in others
    assert judge([_judged(), result]).overall_status is not Status.PASS


def test_only_unreadable_data_leave_the_verdict_open() -> None:
    verdicts = {
        problem: judge([_judged(replace(GOOD, problem=problem))]).overall_status
        for problem in CoverageStatus
        if problem is not CoverageStatus.PASS
    }
    assert [p for p, status in verdicts.items() if status is Status.INCONCLUSIVE] == ["unreadable"]
    assert set(verdicts.values()) == {Status.INCONCLUSIVE, Status.FAIL}


def test_missing_branch_data_leave_the_lines_standing() -> None:
    result = _judged(replace(GOOD, problem=CoverageStatus.NO_BRANCH_DATA))
    assert (result.line.status, result.branch.status) == ("pass", "no-branch-data")


def test_nothing_of_nothing_shows_nothing() -> None:
    empty = ModuleMeasure()
    assert _judged(empty).status == "no-lines"
    assert _judged(empty, branchless=True).status == "no-lines"
    straight = replace(GOOD, branches_covered=0, branches_total=0)
    assert _judged(straight).status == "no-branches"
    excused = _judged(straight, branchless=True)
    assert excused.status == "pass"
    assert any("calls it branchless" in note for note in excused.notes)


def test_branchless_excuses_no_branch_that_is_there() -> None:
    result = _judged(replace(GOOD, branches_covered=1), branchless=True)
    assert result.status == "below"


@pytest.mark.parametrize(
    ("excluded", "limit", "status"),
    [(3, None, "pass"), (None, None, "pass"), (3, 3, "pass"), (4, 3, "excluded"), (None, 3, "excluded")],
)
def test_excluded_lines_are_shown_and_can_be_limited(
    excluded: int | None, limit: int | None, status: str
) -> None:
    result = _judged(replace(GOOD, excluded=excluded), max_excluded=limit)
    assert (result.status, result.excluded) == (status, excluded or 0)


def test_no_gated_module_is_no_pass() -> None:
    assert judge([]).overall_status is Status.INCONCLUSIVE


def test_a_record_that_claims_a_pass_is_judged_again() -> None:
    good = _judged()
    assert shown_status(good) == "pass"
    lie = replace(good, line=replace(good.line, covered=84))
    assert shown_status(lie) == "below"
    assert [each.status for each in findings([lie])] == [Status.FAIL]
    assert shown_status(replace(good, line=replace(good.line, covered=0, total=0))) == "no-lines"
    assert shown_status(replace(good, branch=replace(good.branch, covered=1))) == "below"


def test_the_ratchet_raises_to_what_is_reached_and_never_lowers() -> None:
    found = ModuleMeasure(lines_covered=2, lines_total=3, branches_covered=2, branches_total=4)
    module = gated(Path("/project"), line="60", branch="50")
    (change,) = raised_floors([module], [judge_module(module, found)])
    assert (change.kind, change.before, change.after) == ("line", "60", "66.66")
    raised = replace(module, line="66.66", file_line="66.66")
    assert judge_module(raised, found).status == "pass"
    assert raised_floors([raised], [judge_module(raised, found)]) == ()


def test_the_ratchet_looks_at_the_file_not_at_an_override() -> None:
    module = gated(Path("/project"), line="10", file_line="90", branch="0", file_branch="100")
    result = judge_module(module, GOOD)
    assert result.status == "pass"
    assert raised_floors([module], [result]) == ()


def test_a_module_that_does_not_pass_raises_nothing() -> None:
    found = replace(GOOD, lines_covered=100, branches_covered=1)
    assert raised_floors([MODULE], [judge_module(MODULE, found)]) == ()

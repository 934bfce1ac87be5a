"""The coverage gate for people and for GitHub: what is told, in which order, and nothing that is obeyed."""

from __future__ import annotations

from pathlib import Path

from billing_canary.artifact.render.coverage_annotations import coverage_annotations
from billing_canary.artifact.render.coverage_console import coverage_console
from billing_canary.artifact.render.coverage_gaps import gaps
from billing_canary.module_coverage import Counts, CoverageStatus, ModuleCoverage
from billing_canary.verdict import Status, Verdict

FAIL = Verdict(overall_status=Status.FAIL, reasons=("why",))
ACTIONS = {"GITHUB_ACTIONS": "true"}


def _module(
    name: str = "app/billing.py", status: CoverageStatus = CoverageStatus.BELOW, **more: object
) -> ModuleCoverage:
    counts = Counts(covered=8, total=10, minimum="85", status=status)
    settings: dict[str, object] = {
        "module": name,
        "role": "billing",
        "line": counts,
        "branch": counts,
        "status": status,
        "reason": "too little",
        "fix": "test more",
        "missing_lines": ((10, 12), (30, 39)),
        "partial": ((5, 2, 1), (35, 2, 0)),
    }
    return ModuleCoverage(**(settings | more))  # type: ignore[arg-type]  # any field


def _shown(*modules: ModuleCoverage) -> str:
    return coverage_console(modules, FAIL, ".coverage", lambda text, _: text)


def test_gaps_of_failing_modules_come_first_then_the_largest() -> None:
    passing = _module("app/fine.py", CoverageStatus.PASS, missing_lines=((1, 99),), partial=())
    found = [(gap.module, gap.kind, gap.first, gap.size) for gap in gaps([passing, _module()])]
    assert found == [
        ("app/billing.py", "lines", 30, 10),
        ("app/billing.py", "lines", 10, 3),
        ("app/billing.py", "branches", 5, 1),
        ("app/fine.py", "lines", 1, 99),
    ]


def test_the_end_of_a_branch_is_told_where_it_is_known() -> None:
    told = [gap.told for gap in gaps([_module(missing_branches=((5, 8), (5, -1)))]) if gap.kind == "branches"]
    assert told == ["1 of 2 branches never taken: to line 8, leaving it"]


def test_everything_about_a_module_fits_a_terminal() -> None:
    text = _shown(_module(excluded=3, overrides=("NAME LOWERS it " * 9,), notes=("a note " * 30,)))
    assert max(map(len, text.splitlines())) <= 80
    for part in ("excluded  3 lines", "override: NAME", "why: too little", "fix: test more", "note: a note"):
        assert part in text


def test_at_most_ten_gaps_are_shown_and_the_rest_counted() -> None:
    text = _shown(_module(missing_lines=tuple((n, n) for n in range(1, 40, 2)), partial=()))
    assert text.count("  1 line\n") == 10
    assert "and 10 more" in text


def test_a_name_can_neither_colour_the_terminal_nor_break_the_line() -> None:
    text = _shown(_module("app/\x1b[31mbad\nPASS: coverage gate"))
    assert "\x1b" not in text
    assert "\nPASS" not in text


def test_an_annotation_cannot_be_broken_out_of() -> None:
    (first, *_) = coverage_annotations(
        [_module("a,line=9:b%\n::error::x", reason="one\r\n::stop-commands::x")], Path("/project"), ACTIONS
    )
    assert first.splitlines() == [first]
    assert first.startswith("::error file=a%2Cline=9%3Ab%25%0A%3A%3Aerror%3A%3Ax,line=1,")
    assert "one%0D%0A" in first


def test_paths_of_annotations_start_at_the_checkout() -> None:
    environ = {**ACTIONS, "GITHUB_WORKSPACE": "/checkout"}
    (inside, *_) = coverage_annotations([_module()], Path("/checkout/services/api"), environ)
    assert "file=services/api/app/billing.py," in inside
    (outside, *_) = coverage_annotations([_module()], Path("/elsewhere"), environ)
    assert "file=app/billing.py," in outside


def test_at_most_ten_of_each_kind() -> None:
    many = [_module(f"app/{n}.py", missing_lines=((1, 1), (3, 3)), partial=()) for n in range(20)]
    fine = [_module(f"ok/{n}.py", CoverageStatus.PASS, partial=()) for n in range(20)]
    kinds = [line.split(" ")[0] for line in coverage_annotations([*many, *fine], Path("/project"), ACTIONS)]
    assert {kind: kinds.count(kind) for kind in kinds} == {"::error": 10, "::warning": 10, "::notice": 10}
    assert coverage_annotations(many, Path("/project"), {"GITHUB_ACTIONS": ""}) == []

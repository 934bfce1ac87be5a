"""Which runs stay, by value."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from billing_canary.artifact.retention import RUNNING, KindPlan, Limits, plan_kind

WORDS = {
    "p": "pass",
    "f": "fail",
    "i": "inconclusive",
    "x": "interrupted",
    "r": RUNNING,
    "v": "invalidated",
    "-": "",
}


def plan(
    statuses: str,
    *,
    passed: int = 1,
    failed: int = 1,
    other: int = 1,
    pinned: Mapping[str, str] | None = None,
) -> tuple[KindPlan, list[str]]:
    """The plan for runs with these outcomes, newest first, called 0, 1, 2...; and which were asked for."""
    asked: list[str] = []

    def status_of(run_id: str) -> str:
        asked.append(run_id)
        return WORDS[statuses[int(run_id)]]

    limits = Limits(passed=passed, failed=failed, other=other)
    names = [str(number) for number in range(len(statuses))]
    return plan_kind("k", names, limits, status_of, pinned or {}), asked


@pytest.mark.parametrize(
    ("statuses", "kept"),
    [
        ("", ""),
        ("p", "0"),
        ("pp", "0"),
        ("pfpfpf", "01"),
        ("ppppf", "04"),
        ("fpifpi", "012"),
        ("xxp", "02"),
        ("pvv", "01"),
        ("ppr", "02"),
        ("-pp", "1"),
        ("p-xx", "02"),
        ("pprr", "023"),
        ("prx", "012"),
    ],
)
def test_the_newest_of_each_outcome_stay(statuses: str, kept: str) -> None:
    found, _ = plan(statuses)

    assert "".join(run.run_id for run in found.kept) == kept
    there = {str(number) for number, status in enumerate(statuses) if status != "-"}
    assert set(found.gone) | set(kept) == there
    assert list(found.gone) == sorted(found.gone)


@pytest.mark.parametrize("statuses", ["pfi", "ipf", "x"])
def test_the_newest_of_all_stays_even_when_none_is_kept(statuses: str) -> None:
    found, _ = plan(statuses, passed=0, failed=0, other=0)

    assert [(run.run_id, run.reason) for run in found.kept] == [("0", "the newest of its kind")]


def test_no_more_is_asked_than_it_takes() -> None:
    _, asked = plan("pfippppppp")

    assert asked == ["0", "1", "2"]


def test_counts_are_apart_and_said() -> None:
    found, _ = plan("ppfp", passed=2, failed=2)

    assert [run.reason for run in found.kept] == ["passed, 1 of 2", "passed, 2 of 2", "failed, 1 of 2"]
    assert found.gone == ("3",)


def test_what_is_needed_stays_whether_its_outcome_was_read_or_not() -> None:
    found, asked = plan("ppfipp", pinned={"1": "cited", "5": "named"})

    assert [(run.run_id, run.status, run.reason) for run in found.kept if run.run_id in "15"] == [
        ("1", "pass", "cited"),
        ("5", "", "named"),
    ]
    assert found.gone == ("4",)
    assert "5" not in asked


def test_examples_stay() -> None:
    limits = Limits(passed=1, failed=0, other=0)

    found = plan_kind("k", ["9", "example-a", "8"], limits, lambda _: "pass", {})

    assert [run.run_id for run in found.kept] == ["9", "example-a"]
    assert found.gone == ("8",)

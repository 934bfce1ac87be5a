"""Whether shards make a whole tier."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.tiers import BAD, GOOD, green_report

from billing_canary.gate.shards import Interrupted, arrange
from billing_canary.gate.suite import judge_suite
from billing_canary.gate.tier import judge, judge_part
from billing_canary.tier import SuiteAttempt, SuiteReason, TierRun
from billing_canary.verdict import Status


def shard(index: int, of: int = 2, run_id: str = "", **suites: SuiteAttempt) -> TierRun:
    results = tuple(
        judge_suite(name=name, title="", min_tests=1, attempts=(attempt,)) for name, attempt in suites.items()
    )
    name = run_id or f"run-{index}"
    return replace(green_report().run, run_id=name, suites=results, shard=(index, of))


ONE, TWO = shard(1, a=GOOD), shard(2, b=GOOD, c=GOOD)
SUITES = ("a", "b", "c")


def test_shards_that_fit_are_complete_and_say_nothing_more() -> None:
    found = arrange([ONE, TWO], [], SUITES, 2)
    assert (found.source, found.notes, found.complete) == ({"a": 0, "b": 1, "c": 1}, (), True)


@pytest.mark.parametrize(
    ("interrupted", "note"),
    [
        ((), "shard 2 of 2 is missing"),
        ((Interrupted(run_id="x", shard=(2, 2)),), "shard 2 of 2 was interrupted: x"),
    ],
)
def test_a_shard_that_is_not_there_is_named(interrupted: tuple[Interrupted, ...], note: str) -> None:
    found = arrange([ONE], interrupted, SUITES, 2)
    assert (found.source, found.notes, found.complete) == ({"a": 0}, (note,), False)


@pytest.mark.parametrize("which", [(1, 2), (1, 3), (2, 3), None])
def test_an_interrupted_one_is_never_passed_over(which: tuple[int, int] | None) -> None:
    for runs in ([ONE, TWO], [ONE]):
        notes = arrange(runs, [Interrupted(run_id="x", shard=which)], SUITES, 2).notes
        assert [note for note in notes if note.endswith("was interrupted: x")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_shard_that_is_there_twice_the_worse_counts(order: tuple[int, int]) -> None:
    twice = (ONE, shard(1, run_id="again", a=BAD))
    runs = [*(twice[at] for at in order), TWO]
    found = arrange(runs, [], SUITES, 2)
    assert runs[found.source["a"]].run_id == "again"
    ids = ", ".join(run.run_id for run in runs[:2])
    assert found.notes == (f"shard 1 of 2 is there 2 times: {ids}",)


def test_another_split_is_seen() -> None:
    notes = arrange([ONE, shard(2, a=GOOD, b=GOOD, z=GOOD)], [], SUITES, 2).notes
    assert notes == (
        "suite a is in shards 1 and 2: they were split differently",
        "suite c is in no shard: they were split differently",
        "suite z ran in a shard and is none of the tier's",
    )


def test_what_a_shard_notes_of_itself_is_not_lost() -> None:
    found = arrange([replace(ONE, notes=("cut off",)), TWO], [], SUITES, 2)
    assert found.notes == ("run-1: cut off",)


def test_a_green_shard_is_no_pass_of_the_tier_though_its_own_suites_passed() -> None:
    gated = replace(TWO, coverage_gate=True)
    verdict = judge(gated)
    assert verdict.overall_status is Status.INCONCLUSIVE
    assert verdict.reasons == ("shard 2 of 2 alone says nothing about the whole tier",)
    assert judge_part(gated).overall_status is Status.PASS
    assert judge_part(gated, missing_count=1).overall_status is Status.INCONCLUSIVE


def test_a_shard_with_a_failed_suite_is_a_failure_all_the_same() -> None:
    failed = shard(1, a=BAD)
    assert judge(failed).overall_status is judge_part(failed).overall_status is Status.FAIL


def test_of_a_tier_that_checks_the_harness_a_suite_in_a_missing_shard_is_no_failure() -> None:
    harness = replace(green_report().run, checks_harness=True)
    left_out = judge_suite(name="z", title="", min_tests=1, attempts=(), expects=SuiteReason.TIMEOUT)
    assert judge(harness).overall_status is Status.PASS
    verdict = judge(replace(harness, suites=(*harness.suites, left_out)))
    assert verdict.overall_status is Status.INCONCLUSIVE

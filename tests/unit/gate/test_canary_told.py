"""What the verdicts of canary runs, fault matrices and shards tell, by exact text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.tiers import GOOD, green_report

from billing_canary.gate.canary import judge
from billing_canary.gate.faults import judge as judge_faults
from billing_canary.gate.shards import Interrupted, arrange
from billing_canary.gate.suite import judge_suite
from billing_canary.model import (
    Evidence,
    FaultMatrix,
    FaultResult,
    HealthCheck,
    NotApplicable,
    ProbeResult,
    Severity,
    Status,
    Verdict,
)
from billing_canary.tier import TierRun

HELD = Evidence(claim="credited once", expected="0.29 RUB", observed="0.29 RUB", held=True, source="wallet")
BROKEN = replace(HELD, observed="0.58 RUB", held=False)
HEALTHY = HealthCheck(status=Status.PASS, detail="200 in 3 ms")
GREEN = ProbeResult(
    id="wallet.top_up",
    title="A top-up is credited once",
    surface="wallet",
    severity=Severity.CRITICAL,
    owner="billing",
    status=Status.PASS,
    reason="",
    evidence=(HELD,),
    planned=(),
    spend=(),
    attempts=1,
    flaky=False,
    duration_ms=12,
    started_at="2026-11-21T10:37:17.000Z",
)


def verdict(*probes: ProbeResult, health: HealthCheck = HEALTHY, **more: Any) -> Verdict:
    return judge(probes=probes, safety_checks=(), health_check=health, **more)


SAID = 'wallet.top_up {}: "credited once" did not hold, observed 0.58 RUB{}'


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": Status.FAIL, "evidence": (BROKEN,)}, SAID.format("failed", "")),
        ({"status": Status.FAIL, "evidence": (BROKEN, HELD, BROKEN)}, SAID.format("failed", " (and 1 more)")),
        ({"status": Status.FAIL, "evidence": (BROKEN,) * 3}, SAID.format("failed", " (and 2 more)")),
        ({"evidence": (BROKEN,), "flaky": True}, SAID.format("flaky", "")),
        ({"evidence": (BROKEN,)}, SAID.format("failed", "")),
        ({"flaky": True}, "wallet.top_up flaky: a claim failed, then held"),
        ({"flaky": True, "reason": "late"}, "wallet.top_up flaky: late"),
        ({"evidence": ()}, "wallet.top_up broke: it tested no claim"),
        ({"status": Status.ERROR, "evidence": ()}, "wallet.top_up broke: no reason was given"),
        ({"status": Status.ERROR, "reason": "KeyError"}, "wallet.top_up broke: KeyError"),
        ({"status": Status.SKIP, "reason": "no operation"}, "wallet.top_up was skipped: no operation"),
        ({"status": Status.REFUSED, "reason": "cap"}, "wallet.top_up was refused: cap"),
        ({"status": Status.INCONCLUSIVE, "reason": "?"}, "wallet.top_up could not tell: ?"),
    ],
)
def test_each_probe_that_is_no_pass_is_told(changes: dict[str, Any], sentence: str) -> None:
    other = replace(GREEN, id="other")
    found = verdict(replace(GREEN, **changes), other)
    assert found.reasons == (sentence,)
    assert found.overall_status is not Status.PASS


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [(1, "1 required file is missing"), (2, "2 required files are missing")],
)
def test_missing_files_are_counted(missing: int, sentence: str) -> None:
    assert verdict(GREEN, missing_count=missing).reasons == (sentence,)


def test_a_run_that_ended_early_tells_why_and_nothing_else() -> None:
    assert verdict(GREEN, not_run="the time limit was reached").reasons == (
        "the run did not complete: the time limit was reached",
    )
    assert verdict(GREEN).overall_status is Status.PASS


@pytest.mark.parametrize(
    ("status", "verb", "overall"),
    [
        (Status.SKIP, "was skipped", Status.INCONCLUSIVE),
        (Status.ERROR, "broke", Status.INCONCLUSIVE),
        (Status.FAIL, "failed", Status.FAIL),
    ],
)
def test_a_health_check_that_is_no_pass_is_told_before_a_probe_of_its_rank(
    status: Status, verb: str, overall: Status
) -> None:
    unsure = replace(GREEN, id="b", status=Status.INCONCLUSIVE, reason="?")
    found = verdict(GREEN, unsure, health=HealthCheck(status=status, detail="no route"))
    assert found.overall_status is overall
    assert set(found.reasons) == {f"the health check {verb}: no route", "b could not tell: ?"}


def test_a_skip_ranks_with_what_could_not_be_told() -> None:
    skipped = replace(GREEN, id="a", status=Status.SKIP, reason="off")
    unsure = replace(GREEN, id="b", status=Status.INCONCLUSIVE, reason="?")
    told = ("a was skipped: off", "b could not tell: ?")
    assert verdict(GREEN, skipped, unsure).reasons == told
    assert verdict(GREEN, unsure, skipped).reasons == told[::-1]
    no_word = HealthCheck(status=Status.SKIP, detail="no route")
    health = "the health check was skipped: no route"
    assert verdict(GREEN, unsure, health=no_word).reasons == (health, told[1])


def test_an_excuse_is_told_after_the_praise_and_what_blocks_before_it() -> None:
    why = NotApplicable(reason="no quota is sold", owner="billing")
    excused = replace(GREEN, id="q", status=Status.SKIP, evidence=(), not_applicable=why, reason="unmapped")
    told = "q does not apply to this target: no quota is sold (says billing); unmapped"
    assert verdict(GREEN, excused).reasons[1:] == (told,)
    assert verdict(excused, GREEN, missing_count=1).reasons == ("1 required file is missing", told)


CAUGHT = FaultResult(
    id="F01",
    title="Credited twice",
    caught=True,
    by=("p",),
    claims=("c",),
    statuses={"p": "fail"},
    duration_ms=9,
)
MATRIX = FaultMatrix(
    run_id="r",
    faults=(CAUGHT, replace(CAUGHT, id="F02")),
    healthy_runs=1,
    healthy_alarms=(),
    started_at="2026-11-21T10:37:16.123Z",
    finished_at="2026-11-21T10:37:19.123Z",
    duration_ms=3000,
)


@pytest.mark.parametrize(
    ("matrix", "missing", "status", "sentence"),
    [
        (MATRIX, 0, Status.PASS, "2 of 2 faults caught; no alarm in 1 healthy runs"),
        (replace(MATRIX, faults=()), 0, Status.INCONCLUSIVE, "no fault was tried"),
        (replace(MATRIX, healthy_runs=0), 0, Status.INCONCLUSIVE, "the healthy service was not tried"),
        (MATRIX, 2, Status.INCONCLUSIVE, "required files missing from the bundle: 2"),
        (
            replace(MATRIX, healthy_alarms=("p: 0.58 RUB",)),
            0,
            Status.FAIL,
            "false alarm on the healthy service: p: 0.58 RUB",
        ),
    ],
)
def test_a_fault_matrix_is_told(matrix: FaultMatrix, missing: int, status: Status, sentence: str) -> None:
    assert judge_faults(matrix, missing_count=missing) == Verdict(overall_status=status, reasons=(sentence,))


def _shard(index: int, *suites: str, of: int = 2, name: str = "") -> TierRun:
    results = tuple(judge_suite(name=each, title="", min_tests=1, attempts=(GOOD,)) for each in suites)
    return replace(green_report().run, run_id=name or f"run-{index}", suites=results, shard=(index, of))


ONE, TWO = _shard(1, "a"), _shard(2, "b")


def test_the_first_shard_is_missed_like_any_other() -> None:
    found = arrange([TWO], [], ("a", "b"), 2)
    assert (found.notes, found.complete) == (("shard 1 of 2 is missing",), False)
    found = arrange([TWO], [], ("b",), 2)
    assert (found.notes, found.complete) == (("shard 1 of 2 is missing",), False)


def test_a_suite_that_no_shard_has_leaves_the_whole_incomplete() -> None:
    found = arrange([ONE, TWO], [], ("a", "b", "c"), 2)
    assert found.notes == ("suite c is in no shard: they were split differently",)
    assert not found.complete


def test_interrupted_shards_are_named_with_their_runs() -> None:
    both = (Interrupted(run_id="x", shard=(2, 2)), Interrupted(run_id="y", shard=(2, 2)))
    assert arrange([ONE], both, ("a",), 2).notes == ("shard 2 of 2 was interrupted: x, y",)
    others = (Interrupted(run_id="x", shard=(1, 2)), Interrupted(run_id="y", shard=None))
    assert arrange([ONE, TWO], others, ("a", "b"), 2).notes == (
        "shard 1 of 2 was interrupted: x",
        "a shard was interrupted: y",
    )


def test_only_shards_of_the_split_are_counted_as_doubles() -> None:
    twice = [_shard(3, "b", name="p"), _shard(3, "b", name="q")]
    notes = arrange([ONE, TWO, *twice], [], ("a", "b"), 2).notes
    assert [note for note in notes if "times" in note] == []

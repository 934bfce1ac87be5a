"""The rules that need no windows: canary runs, levels, repeated blocks, incidents."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.triggers import at, evidence, incident, reading, run, sample, trigger

from billing_canary.gate.canary_runs import canary_failed, canary_stale
from billing_canary.gate.incidents import incident as incident_rule
from billing_canary.gate.levels import backlog, repeated
from billing_canary.gate.trigger_finding import Finding
from billing_canary.reading import IncidentSeen, RunSeen, Sample
from billing_canary.rollback import TriggerRule, TriggerState

FIRED, CLEAR, ERROR = TriggerState.FIRED, TriggerState.CLEAR, TriggerState.ERROR
FEW, STALE = TriggerState.INSUFFICIENT_DATA, TriggerState.STALE


def _failed(*runs: RunSeen) -> Finding:
    return canary_failed(trigger(TriggerRule.CANARY_FAILED), reading(runs=runs), evidence())


def _stale(*runs: RunSeen, **settings: Any) -> Finding:
    return canary_stale(trigger(TriggerRule.CANARY_STALE, **settings), reading(runs=runs), evidence())


def _backlog(*samples: Sample, **settings: Any) -> Finding:
    return backlog(trigger(TriggerRule.BACKLOG, **settings), reading(samples=samples), evidence())


def _repeated(*samples: Sample, **settings: Any) -> Finding:
    return repeated(trigger(TriggerRule.REPEATED, **settings), reading(samples=samples), evidence())


def _incident(*incidents: IncidentSeen, **settings: Any) -> Finding:
    return incident_rule(trigger(TriggerRule.INCIDENT, **settings), reading(incidents=incidents), evidence())


# --- canary-failed


@pytest.mark.parametrize(
    ("status", "state"),
    [("pass", CLEAR), ("fail", FIRED), ("inconclusive", FEW), ("refused", FEW), ("odd", FEW)],
)
def test_the_newest_canary_run_decides(status: str, state: TriggerState) -> None:
    other = "pass" if status != "pass" else "fail"
    runs = (run("new", status, ended=5, why="because"), run("old", other, ended=30))
    found = _failed(*runs)
    assert found.state is state
    assert found.measured == f"new: {status}"
    assert found.reason == f"the newest run came to {status}: because"
    assert found.limit == "the newest canary run must not fail"
    assert bool(found.fix) == (status != "pass")
    assert _failed(*reversed(runs)) == found


@pytest.mark.parametrize("state", ["damaged", "interrupted"])
def test_a_newest_run_that_cannot_be_trusted_is_an_error(state: str) -> None:
    found = _failed(run("old"), run("new", "interrupted", state, ended=1, why="cut short"))
    assert found.state is ERROR
    assert found.reason == f"the newest run is {state}: cut short"
    assert found.measured == "new"
    assert "billing-canary runs verify new" in found.fix
    assert not found.recovered


def test_a_run_that_was_declared_void_counts_neither_for_nor_against() -> None:
    assert _failed(run("void", "fail", "invalidated", ended=1), run("old")).state is CLEAR
    assert _failed(run("void", "pass", "invalidated", ended=1), run("old", "fail")).state is FIRED
    assert _failed(run("void", "fail", "invalidated")).state is FEW


def test_no_canary_run_at_all_tells_nothing() -> None:
    for found in (_failed(), _stale()):
        assert found.state is FEW
        assert found.reason == "there is no canary run that tells anything"
        assert found.fix == "run one with 'billing-canary probe'"
        assert found.limit
        assert not found.recovered


@pytest.mark.parametrize(
    ("older", "newer", "recovered"),
    [("pass", "pass", True), ("fail", "pass", False), ("pass", "inconclusive", False)],
)
def test_a_canary_recovers_with_two_passes(older: str, newer: str, recovered: bool) -> None:  # noqa: FBT001 - a column
    assert _failed(run("a", older, ended=9), run("b", newer, ended=3)).recovered == recovered
    before = run("z", "fail", ended=60)
    assert _failed(before, run("a", older, ended=9), run("b", newer, ended=3)).recovered == recovered


def test_one_pass_is_no_recovery_and_a_broken_run_between_is_not_counted() -> None:
    assert not _failed(run("a")).recovered
    between = run("x", "damaged", "damaged", ended=5)
    assert _failed(run("a", ended=9), between, run("b", ended=3)).recovered


# --- canary-stale


@pytest.mark.parametrize(("minutes", "state"), [(0, CLEAR), (60, CLEAR), (60.1, STALE), (600, STALE)])
def test_a_canary_is_stale_after_two_intervals(minutes: float, state: TriggerState) -> None:
    found = _stale(run("old", ended=minutes + 700), run("new", "fail", ended=minutes))
    assert found.state is state
    assert found.measured == f"{minutes * 60:.0f} s"
    assert found.reason == f"the last verified run ended {minutes * 60:.0f} s ago"
    assert found.limit == "at most 3600 s since the last verified run"
    assert found.recovered == (state is CLEAR)
    assert bool(found.fix) == (state is STALE)


def test_only_a_verified_run_counts_as_reporting() -> None:
    assert _stale(run("x", state="damaged", ended=1), run("old", ended=100)).state is STALE
    assert _stale(run("x", state="interrupted", ended=1)).state is FEW


@pytest.mark.parametrize(("minutes", "state"), [(-5, CLEAR), (-5.005, ERROR), (-5.1, ERROR)])
def test_a_run_of_the_future_is_an_error_of_a_clock(minutes: float, state: TriggerState) -> None:
    found = _stale(run("new", ended=minutes))
    assert found.state is state
    if state is ERROR:
        assert found.reason == f"the newest run ended {-minutes * 60:.0f} s after this judgement"
        assert found.fix == "set the clocks right"


def test_the_interval_is_the_policy_s() -> None:
    assert _stale(run("new", ended=3), interval_s=60).state is STALE
    assert _stale(run("new", ended=2), interval_s=60).state is CLEAR


# --- backlog


@pytest.mark.parametrize(
    ("value", "state"), [("0", CLEAR), ("100", CLEAR), ("100.0001", FIRED), ("1e3", FIRED)]
)
def test_a_level_over_its_limit_fires(value: str, state: TriggerState) -> None:
    found = _backlog(sample(value))
    assert found.state is state
    assert found.measured == value
    assert found.limit == "at most 100 events"
    assert found.recovered == (state is CLEAR)


def test_any_series_over_the_limit_fires_and_the_worst_is_named() -> None:
    found = _backlog(sample("7", "queue=a"), sample("900", "queue=b"), sample("101", "queue=c"))
    assert found.state is FIRED
    assert found.reason == "2 of 3 over the limit, the worst is queue=b = 900"
    assert found.measured == "queue=b = 900"
    clear = _backlog(sample("7", "queue=a"), sample("9", "queue=b"))
    assert clear.reason == "the highest of 2 is queue=b = 9"


@pytest.mark.parametrize("value", ["Infinity", "-Inf", "+Inf", "-1", "-0.5", "many", ""])
def test_what_no_level_can_be_is_an_error(value: str) -> None:
    found = _backlog(sample("5", "queue=a"), sample(value, "queue=b"))
    assert found.state is ERROR
    assert found.reason == f"queue=b = {value} is no level"
    assert found.fix == "see what the query of this trigger answers, and mend it or its source"
    assert not found.recovered


@pytest.mark.parametrize("value", ["NaN", "nan", "sNaN"])
def test_nan_is_no_number_and_never_a_zero(value: str) -> None:
    alone = _backlog(sample(value))
    assert (alone.state, alone.reason) == (FEW, "1 of 1 series have no number")
    beside = _backlog(sample("7", "queue=a"), sample(value, "queue=b"))
    assert (beside.state, beside.reason) == (FEW, "1 of 2 series have no number")
    assert beside.fix


def test_nothing_beside_it_hides_a_series_over_its_limit() -> None:
    for other in (sample("NaN"), sample("-1"), sample("+Inf"), sample("999", age=99)):
        found = _backlog(other, sample("101", "queue=a"))
        assert (found.state, found.measured) == (FIRED, "queue=a = 101")
        assert found.reason == "1 of 2 over the limit, the worst is queue=a = 101"


def test_what_is_wrong_is_said_before_what_is_old_or_absent() -> None:
    assert _backlog(sample("NaN"), sample("1", age=99), sample("-1")).state is ERROR
    assert _backlog(sample("NaN"), sample("1", age=99)).state is STALE


def test_no_sample_is_no_number() -> None:
    assert (_backlog().state, _backlog().reason) == (FEW, "0 of 0 series have no number")
    assert not _backlog().recovered


def test_an_old_sample_is_stale_even_over_the_limit() -> None:
    assert _backlog(sample("7", age=15)).state is CLEAR
    for value in ("7", "700"):
        found = _backlog(sample("1", "queue=a"), sample(value, "queue=b", age=15.1))
        assert found.state is STALE
        assert found.reason == f"queue=b = {value} is of {at(15.1)}"
        assert found.fix == "see why the source has nothing newer"


def test_the_limit_and_its_unit_are_the_policy_s() -> None:
    assert _backlog(sample("0.6"), limit="0.5", unit="").limit == "at most 0.5"
    assert _backlog(sample("0.6"), limit="0.5").state is FIRED
    assert _backlog(sample("1"), limit="0").state is FIRED
    assert _backlog(sample("-0"), limit="0").state is CLEAR


# --- repeated


@pytest.mark.parametrize(("value", "state"), [("0", CLEAR), ("2", CLEAR), ("3", FIRED), ("4", FIRED)])
def test_the_same_wallet_so_many_times_fires(value: str, state: TriggerState) -> None:
    found = _repeated(sample("1", "wallet=w1"), sample(value, "wallet=w2"))
    assert found.state is state
    assert found.limit == "under 3 times"
    if state is FIRED:
        assert found.measured == f"wallet=w2 = {value}"


def test_many_wallets_once_are_not_one_wallet_often() -> None:
    assert _repeated(*(sample("1", f"wallet=w{number}") for number in range(50))).state is CLEAR
    assert _repeated(sample("1", "wallet=w1"), times=1).state is FIRED


# --- incident


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (incident(1), FIRED),
        (incident(2), FIRED),
        (incident(3), CLEAR),
        (incident(1, billing=False), CLEAR),
        (incident(1, is_open=False), CLEAR),
    ],
)
def test_an_open_severe_incident_with_billing_impact_fires(seen: IncidentSeen, state: TriggerState) -> None:
    found = _incident(seen, incident(4, name="INC-9"))
    assert found.state is state
    assert found.limit == "no open Sev-2 or worse with billing impact"
    assert found.recovered == (state is CLEAR)


def test_incidents_are_named_and_counted() -> None:
    found = _incident(incident(1), incident(2, name="INC-2"), incident(5, name="INC-3"))
    assert found.reason == (
        f"Sev-1 INC-1 (Wallets are wrong), open since {at(30)}; "
        f"Sev-2 INC-2 (Wallets are wrong), open since {at(30)}"
    )
    assert found.measured == "2 of 3 open"
    clear = _incident(incident(3), incident(1, is_open=False))
    assert (clear.reason, clear.measured) == ("none of 1 open incidents is both", "0 of 1 open")
    assert _incident().state is CLEAR
    assert _incident(incident(2), max_severity=1).state is CLEAR

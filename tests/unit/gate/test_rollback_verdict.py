"""From findings to the recommendation, and what a trigger remembers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.triggers import (
    COMMIT,
    NOW,
    at,
    evidence,
    firing,
    incident,
    reading,
    run,
    sample,
    trigger,
    windows,
)

from billing_canary.gate.rollback import RULES, STATUSES, judge
from billing_canary.reading import Outcome, Reading
from billing_canary.rollback import (
    EarlierFiring,
    Recommendation,
    RollbackPolicy,
    Trigger,
    TriggerResult,
    TriggerRule,
    TriggerState,
)
from billing_canary.verdict import Status

FIRED, CLEAR, ERROR = TriggerState.FIRED, TriggerState.CLEAR, TriggerState.ERROR
FEW, STALE = TriggerState.INSUFFICIENT_DATA, TriggerState.STALE
LEVELS = {
    FIRED: reading(samples=[sample("101")]),
    CLEAR: reading(samples=[sample("1")]),
    ERROR: reading(samples=[sample("-1")]),
    FEW: reading(samples=[sample("NaN")]),
    STALE: reading(samples=[sample("1", age=99)]),
}
"""A reading for each state of a backlog."""

ALL_CLEAR = {
    "canary-failed": reading(runs=[run("a", ended=9), run("b", ended=3)]),
    "canary-stale": reading(runs=[run("b", ended=3)]),
    "success-rate": reading(windows=windows((98, 100), (97, 100))),
    "failure-ratio": reading(windows=windows((98, 100), (97, 100))),
    "backlog": LEVELS[CLEAR],
    "repeated": LEVELS[CLEAR],
    "incident": reading(incidents=[incident(3)]),
}
POLICY = RollbackPolicy(title="t", triggers=tuple(trigger(rule) for rule in TriggerRule))
BACKLOG = trigger(TriggerRule.BACKLOG)


def _judged(
    told: Reading | None, rule: Trigger = BACKLOG, earlier: tuple[EarlierFiring, ...] = ()
) -> TriggerResult:
    readings = {} if told is None else {rule.id: told}
    policy = RollbackPolicy(title="t", triggers=(rule,))
    (result,) = judge(policy, evidence(readings, earlier=earlier)).triggers
    return result


def _of(*states: TriggerState) -> Recommendation:
    triggers = tuple(replace(BACKLOG, id=f"t{number}") for number in range(len(states)))
    readings = {f"t{number}": LEVELS[state] for number, state in enumerate(states)}
    return judge(RollbackPolicy(title="t", triggers=triggers), evidence(readings))


def test_every_rule_is_registered_and_every_verdict_has_its_status() -> None:
    assert set(RULES) == set(TriggerRule)
    assert STATUSES == {"hold": Status.PASS, "rollback": Status.FAIL, "unknown": Status.INCONCLUSIVE}


def test_all_clear_is_hold() -> None:
    told = judge(POLICY, evidence(ALL_CLEAR))
    assert [(result.id, result.state) for result in told.triggers] == [
        (str(rule), CLEAR) for rule in TriggerRule
    ]
    assert (told.verdict, told.judged_at) == ("hold", NOW)
    assert told.reasons == ("all 7 triggers are clear",)
    assert all(result.firing is None for result in told.triggers)


@pytest.mark.parametrize("states", [*product(TriggerState, repeat=2), *((state,) for state in TriggerState)])
def test_the_verdict_follows_from_the_states(states: tuple[TriggerState, ...]) -> None:
    told = _of(*states)
    assert [result.state for result in told.triggers] == list(states)
    wanted = "rollback" if FIRED in states else "hold" if set(states) == {CLEAR} else "unknown"
    assert told.verdict == wanted


def test_nothing_configured_is_unknown() -> None:
    told = judge(RollbackPolicy(title="t", triggers=()), evidence())
    assert (told.verdict, told.triggers) == ("unknown", ())
    assert told.reasons == ("no trigger is configured: nothing was looked at",)


def test_reasons_begin_with_the_worst_and_leave_out_what_is_clear() -> None:
    told = _of(FEW, STALE, CLEAR, ERROR, FIRED, FIRED)
    assert [reason.split(":")[0] for reason in told.reasons] == [
        "t4 fired",
        "t5 fired",
        "t3 error",
        "t1 stale",
        "t0 insufficient_data",
    ]
    assert told.reasons[0] == "t4 fired: 1 of 1 over the limit, the worst is 101"


def test_a_result_says_where_it_comes_from() -> None:
    result = _judged(LEVELS[CLEAR])
    assert result == TriggerResult(
        id="backlog",
        title="Title of backlog",
        state=CLEAR,
        rule="backlog",
        measured="1",
        limit="at most 100 events",
        evidence="readings.json, backlog from somewhere",
        reason="the highest of 1 is 1",
        fix="",
        firing=None,
    )


def test_the_reason_of_the_policy_stands_beside_a_firing_only() -> None:
    rule = trigger(TriggerRule.BACKLOG, why="Wallets wait.")
    assert _judged(LEVELS[FIRED], rule).reason.endswith("the worst is 101. Wallets wait.")
    assert "Wallets wait" not in _judged(LEVELS[CLEAR], rule).reason
    assert not _judged(LEVELS[FIRED]).reason.endswith(".")


@pytest.mark.parametrize("rule", TriggerRule)
def test_a_source_that_failed_is_an_error(rule: TriggerRule) -> None:
    result = _judged(reading(Outcome.FAILED, "connection refused"), trigger(rule))
    assert result.state is ERROR
    assert result.reason == "somewhere could not be asked: connection refused"
    place = "gates/rollback.toml: trigger x"
    assert result.fix == f"mend the source, or switch the trigger off with a reason ({place})"


@pytest.mark.parametrize("rule", TriggerRule)
def test_an_empty_answer_is_no_zero(rule: TriggerRule) -> None:
    result = _judged(reading(Outcome.EMPTY), trigger(rule))
    assert result.state is FEW
    told = (
        "there is no canary run"
        if str(rule).startswith("canary")
        else "somewhere has nothing; that is no zero"
    )
    assert result.reason.startswith(told)
    assert result.fix


def test_an_empty_answer_says_why() -> None:
    fix = "see what the query of this trigger answers; health must be a row of its answer"
    assert _judged(reading(Outcome.EMPTY)).fix == fix
    assert (
        _judged(reading(Outcome.EMPTY, "no series")).reason
        == "somewhere has nothing: no series; that is no zero"
    )


def test_a_trigger_whose_source_was_not_asked_is_an_error() -> None:
    result = _judged(None)
    assert (result.state, result.reason) == (ERROR, "its source was not asked")
    assert result.fix == "run it again"


def test_an_answer_that_makes_no_sense_is_an_error() -> None:
    result = _judged(reading(samples=[replace(sample("1"), at="yesterday")]))
    assert result.state is ERROR
    assert result.reason.startswith("the answer of somewhere cannot be used: ")
    assert result.fix == "see readings.json of this run"
    rule = trigger(TriggerRule.FAILURE_RATIO, threshold="a twentieth")
    told = reading(windows=windows((98, 100), (97, 100)))
    assert _judged(told, rule).state is ERROR, "arithmetic that fails is no clear either"


# --- What fired before


def test_a_firing_begins_now_and_is_remembered() -> None:
    assert _judged(LEVELS[FIRED]).firing == EarlierFiring(
        trigger="backlog", run_id="run-now", fired_at=NOW, cleared_by="", commit=COMMIT, since=NOW
    )


def test_a_firing_that_lasts_keeps_its_beginning() -> None:
    before = firing(TriggerRule.BACKLOG, cleared_by="Kim")
    found = _judged(LEVELS[FIRED], earlier=(before,)).firing
    assert found == EarlierFiring(
        trigger="backlog", run_id="run-now", fired_at=NOW, cleared_by="", commit=COMMIT, since=at(600)
    )


def test_after_firing_it_stays_fired_until_somebody_clears_it() -> None:
    before = firing(TriggerRule.BACKLOG)
    result = _judged(LEVELS[CLEAR], earlier=(before,))
    assert result.state is FIRED
    assert result.firing is before
    assert result.reason == f"fired at {at(300)} (run run-before) and stays fired: nobody has cleared it"
    assert result.fix == "billing-canary triggers --clear backlog --by NAME --reason TEXT"


def test_recovered_and_cleared_it_is_re_armed() -> None:
    result = _judged(LEVELS[CLEAR], earlier=(firing(TriggerRule.BACKLOG, cleared_by="Kim"),))
    assert (result.state, result.firing) == (CLEAR, None)
    assert result.reason == "the highest of 1 is 1; re-armed, cleared by Kim"


@pytest.mark.parametrize("state", [FEW, STALE, ERROR])
@pytest.mark.parametrize("cleared_by", ["", "Kim"])
def test_without_recovery_it_stays_fired_whoever_clears_it(state: TriggerState, cleared_by: str) -> None:
    alone = _judged(LEVELS[state])
    result = _judged(LEVELS[state], earlier=(firing(TriggerRule.BACKLOG, cleared_by),))
    assert result.state is FIRED
    assert result.reason.endswith(f"stays fired: not shown to have recovered: {alone.reason}")
    assert result.fix == alone.fix


def test_clear_but_not_recovered_stays_fired() -> None:
    told = reading(windows=windows((98, 100), (90, 100)))
    rule = trigger(TriggerRule.SUCCESS_RATE)
    assert _judged(told, rule).state is CLEAR
    assert _judged(told, rule, (firing(TriggerRule.SUCCESS_RATE, "Kim"),)).state is FIRED


def test_a_firing_of_another_trigger_is_not_its_own() -> None:
    assert _judged(LEVELS[CLEAR], earlier=(firing(TriggerRule.INCIDENT),)).state is CLEAR
    both = (firing(TriggerRule.INCIDENT, "Kim"), firing(TriggerRule.BACKLOG))
    assert _judged(LEVELS[CLEAR], earlier=both).state is FIRED


@settings(deadline=None)
@given(st.sampled_from(list(TriggerState)), st.booleans(), st.sampled_from(["", "Kim"]))
def test_a_remembered_firing_never_makes_it_better(state: TriggerState, fired: bool, by: str) -> None:  # noqa: FBT001 - drawn
    earlier = (firing(TriggerRule.BACKLOG, by),) if fired else ()
    result = _judged(LEVELS[state], earlier=earlier)
    assert (result.state is FIRED) == (result.firing is not None)
    assert result.state in {state, FIRED}
    if fired and not (state is CLEAR and by):
        assert result.state is FIRED

"""The rules over two windows: `success-rate` and `failure-ratio`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.triggers import baseline, evidence, reading, trigger, windows

from billing_canary.gate.baseline_rate import declared_rate
from billing_canary.gate.failure_ratio import failure_ratio
from billing_canary.gate.success_rate import RECOVERED, points, seen, success_rate
from billing_canary.gate.trigger_finding import Finding
from billing_canary.rollback import Baseline, TriggerRule, TriggerState


def _rate(
    one: tuple[int, int], two: tuple[int, int], baselines: tuple[Baseline, ...] = (), **settings: Any
) -> Finding:
    rule = trigger(TriggerRule.SUCCESS_RATE, **settings)
    return success_rate(rule, reading(windows=windows(one, two)), evidence(baselines=baselines))


def _ratio(one: tuple[int, int], two: tuple[int, int], **settings: Any) -> Finding:
    rule = trigger(TriggerRule.FAILURE_RATIO, **settings)
    return failure_ratio(rule, reading(windows=windows(one, two)), evidence())


def test_a_drop_that_chance_does_not_explain_fires() -> None:
    found = _rate((178, 200), (181, 200))
    assert found == Finding(
        state=TriggerState.FIRED,
        reason="both windows are below the baseline, and so few successes have a probability of "
        "1.5e-11 at the baseline",
        measured="178/200 then 181/200, 89.75 % of 400",
        limit="both below declared 97.00 %, and by chance under 0.0001",
        recovered=False,
    )


def test_what_chance_explains_is_clear_and_says_what_it_could_have_seen() -> None:
    found = _rate((96, 100), (97, 100))
    assert found.state is TriggerState.CLEAR
    assert found.recovered
    assert found.reason == (
        "so few successes have a probability of 3.9e-1 at the baseline; "
        "the smallest drop that could have been seen is 7.7 points"
    )


def test_one_window_at_the_baseline_is_enough_to_be_clear() -> None:
    for counts in (((97, 100), (80, 100)), ((80, 100), (97, 100))):
        found = _rate(*counts)
        assert found.state is TriggerState.CLEAR
        assert not found.recovered


def test_recovery_is_a_tail_above_a_twentieth() -> None:
    rate = declared_rate("0.97")
    most = max(good for good in range(201) if rate.tail(good, 200) <= RECOVERED)
    assert not _rate((most - 97, 100), (97, 100)).recovered
    assert _rate((most - 96, 100), (97, 100)).recovered


def test_few_samples_neither_fire_nor_clear() -> None:
    found = _rate((0, 19), (0, 500))
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert not found.recovered
    assert found.reason == (
        "19 and 500 samples, and each window needs 20; "
        "the smallest drop that could have been seen is 5.6 points"
    )
    assert found.measured == "0/19 then 0/500, 0.00 % of 519"
    assert found.limit == "both below declared 97.00 %, and by chance under 0.0001"
    assert found.fix
    assert _rate((0, 500), (0, 19)).reason.startswith("500 and 19 samples, and each")


def test_windows_that_show_no_drop_say_so() -> None:
    found = _rate((1, 1), (1, 1), min_samples=1)
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert found.reason == (
        "1 and 1 samples are too few to show a drop of 20.0 points; "
        "windows of this size could have shown no drop at all"
    )


def test_the_policy_says_which_drop_must_be_visible() -> None:
    assert _rate((100, 100), (100, 100), visible_drop="0.076").state is TriggerState.INSUFFICIENT_DATA
    assert _rate((100, 100), (100, 100), visible_drop="0.077").state is TriggerState.CLEAR
    assert _rate((19, 20), (20, 20)).state is TriggerState.INSUFFICIENT_DATA
    assert _rate((19, 20), (20, 20), visible_drop="0.25").state is TriggerState.CLEAR


def test_alpha_is_the_policy_s() -> None:
    assert _rate((94, 100), (91, 100)).state is TriggerState.CLEAR
    assert _rate((94, 100), (91, 100), alpha="0.001").state is TriggerState.CLEAR
    assert _rate((94, 100), (91, 100), alpha="0.01").state is TriggerState.FIRED


def test_a_recorded_baseline_is_used_by_its_metric() -> None:
    use = {"baseline": "", "metric": "topups"}
    agreed = (baseline(0, 0, declared="0.9"), baseline(0, 0, declared="0.99", metric="other"))
    assert _rate((88, 100), (88, 100), agreed, **use).state is TriggerState.CLEAR
    found = _rate((88, 100), (88, 100), (), **use)
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert found.reason == "no baseline of 'topups' was agreed"
    assert "billing-canary baseline set topups" in found.fix


def test_a_measured_baseline_must_be_ten_times_a_window() -> None:
    use = {"baseline": "", "metric": "topups"}
    assert _rate((80, 100), (80, 100), (baseline(970, 1000),), **use).state is TriggerState.FIRED
    for small, one, two in ((999, 100, 100), (1000, 101, 100), (1000, 100, 101)):
        found = _rate((80, one), (80, two), (baseline(small * 97 // 100, small),), **use)
        assert found.state is TriggerState.INSUFFICIENT_DATA
        assert found.reason.startswith(f"the baseline was measured on {small} attempts, and ")
        assert "smallest drop" in found.reason


def test_a_measured_baseline_is_less_sure() -> None:
    use = {"baseline": "", "metric": "topups"}
    assert _rate((90, 100), (92, 100)).state is TriggerState.FIRED
    assert _rate((90, 100), (92, 100), (baseline(970, 1000),), **use).state is TriggerState.CLEAR
    assert _rate((90, 100), (92, 100), (baseline(97_000, 100_000),), **use).state is TriggerState.FIRED


def test_a_broken_chain_is_the_finding() -> None:
    for rule, judge in ((TriggerRule.SUCCESS_RATE, success_rate), (TriggerRule.FAILURE_RATIO, failure_ratio)):
        found = judge(trigger(rule), reading(windows=windows((1, 100), (0, 0))), evidence())
        assert found.state is TriggerState.INSUFFICIENT_DATA
        assert "0 samples" in found.reason


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.data())
def test_worse_windows_never_turn_fired_into_clear(one: int, two: int, data: st.DataObject) -> None:
    good, later = data.draw(st.integers(0, one)), data.draw(st.integers(0, two))
    worse, worse_later = data.draw(st.integers(0, good)), data.draw(st.integers(0, later))
    before, after = _rate((good, one), (later, two)), _rate((worse, one), (worse_later, two))
    assert before.state is not TriggerState.FIRED or after.state is TriggerState.FIRED
    assert not after.recovered or before.recovered
    assert (before.state is TriggerState.INSUFFICIENT_DATA) == (after.state is TriggerState.INSUFFICIENT_DATA)


def test_what_could_have_been_seen_in_words() -> None:
    assert seen(None) == "windows of this size could have shown no drop at all"
    assert points(declared_rate("0.077").tail(0, 1)) == "92.3 points"


def test_failures_over_the_threshold_in_both_windows_fire() -> None:
    assert _ratio((94, 100), (90, 100)) == Finding(
        state=TriggerState.FIRED,
        reason="2 of 2 windows are over the threshold",
        measured="6/100 (6.00 %) then 10/100 (10.00 %) failed",
        limit="over 5.00 % in both",
    )


@pytest.mark.parametrize(
    ("one", "two", "over"),
    [((95, 100), (95, 100), 0), ((95, 100), (0, 100), 1), ((0, 100), (95, 100), 1)],
)
def test_the_threshold_itself_is_allowed(one: tuple[int, int], two: tuple[int, int], over: int) -> None:
    found = _ratio(one, two)
    assert found.state is TriggerState.CLEAR
    assert found.reason == f"{over} of 2 windows are over the threshold"
    assert found.recovered == (over == 0)


@pytest.mark.parametrize(("one", "two"), [(19, 100), (100, 19)])
def test_a_ratio_of_few_requests_is_none(one: int, two: int) -> None:
    found = _ratio((0, one), (0, two))
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert found.reason == f"{one} and {two} samples, and each window needs 20"
    assert found.measured == f"{one}/{one} (100.00 %) then {two}/{two} (100.00 %) failed"
    assert found.limit
    assert found.fix
    assert _ratio((0, 20), (0, 20)).state is TriggerState.FIRED

"""Rollback triggers: their edges, and the exact reasons, limits and fixes that the person on call reads."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, product
from math import comb, isclose

import pytest
from tests.fakes.triggers import NOW, at, changed, evidence, reading, run, sample, trigger, windows

from billing_canary.gate.baseline_rate import declared_rate
from billing_canary.gate.canary_runs import canary_failed, canary_stale
from billing_canary.gate.failure_ratio import failure_ratio
from billing_canary.gate.levels import backlog
from billing_canary.gate.power import TwoWindows, smallest_drop
from billing_canary.gate.simulate import Plan, chance_of_firing, declared, drawn, measured, table
from billing_canary.gate.success_rate import success_rate
from billing_canary.gate.trigger_finding import Finding
from billing_canary.gate.windows import newest_pair
from billing_canary.reading import RunSeen, Window
from billing_canary.rollback import TriggerRule, TriggerState

ALPHA = Decimal("0.0001")
GOOD = windows((90, 100), (80, 90))
SECOND = 1 / 60
"""In minutes, as the fakes take them."""


def _pair(told: tuple[Window, ...]) -> Finding:
    found = newest_pair(trigger(TriggerRule.SUCCESS_RATE), reading(windows=told), NOW)
    assert isinstance(found, Finding)
    return found


def test_a_stale_source_is_told_what_to_do() -> None:
    assert _pair(windows((1, 2), (1, 2), newest_ended=122)) == Finding(
        state=TriggerState.STALE,
        reason=f"the newest window ended at {at(122)}, more than two windows ago",
        fix="see why the source has nothing newer",
    )


def test_a_broken_chain_is_told_what_to_do() -> None:
    assert _pair(()).fix == "see why the source has no counts there; the chain starts anew after it"


def test_a_gap_of_a_second_is_one() -> None:
    told = changed(GOOD, 0, start=at(121 + SECOND), end=at(61 + SECOND))
    assert _pair(told).reason == f"no two adjacent closed windows: gap before the window from {at(61)}"


def test_a_window_that_starts_a_second_later_overlaps() -> None:
    start = 121 - SECOND
    told = changed(GOOD, 1, start=at(start), end=at(start - 60))
    assert _pair(told).reason == (
        f"no two adjacent closed windows: the window from {at(start)} overlaps the one before"
    )


def _failed(*runs: RunSeen) -> Finding:
    return canary_failed(trigger(TriggerRule.CANARY_FAILED), reading(runs=runs), evidence())


@pytest.mark.parametrize(("why", "clause"), [("", ""), ("cut short", ": cut short")])
def test_a_canary_run_is_told_with_its_reason_if_it_has_one(why: str, clause: str) -> None:
    limit = "the newest canary run must not fail"
    assert _failed(run("new", "fail", why=why)) == Finding(
        state=TriggerState.FIRED,
        reason=f"the newest run came to fail{clause}",
        measured="new: fail",
        limit=limit,
        fix="see its report; run one with 'billing-canary probe' when it is mended",
    )
    assert _failed(run("new", "pass", "damaged", why=why)) == Finding(
        state=TriggerState.ERROR,
        reason=f"the newest run is damaged{clause}",
        measured="new",
        limit=limit,
        fix="see 'billing-canary runs verify new', then run one with 'billing-canary probe'",
    )


def test_a_run_from_the_future_is_a_wrong_clock() -> None:
    found = canary_stale(trigger(TriggerRule.CANARY_STALE), reading(runs=(run("new", ended=-6),)), evidence())
    assert found == Finding(
        state=TriggerState.ERROR,
        reason="the newest run ended 360 s after this judgement",
        limit="at most 3600 s since the last verified run",
        fix="set the clocks right",
    )


def test_a_level_that_is_none_is_told_without_a_measure() -> None:
    found = backlog(trigger(TriggerRule.BACKLOG), reading(samples=(sample("-1", "q"),)), evidence())
    assert found == Finding(
        state=TriggerState.ERROR,
        reason="q = -1 is no level",
        limit="at most 100 events",
        fix="see what the query of this trigger answers, and mend it or its source",
    )


def test_windows_that_cannot_show_the_drop_say_both_sizes_and_what_to_do() -> None:
    found = success_rate(
        trigger(TriggerRule.SUCCESS_RATE, min_samples=1), reading(windows=windows((3, 3), (2, 2))), evidence()
    )
    assert found == Finding(
        state=TriggerState.INSUFFICIENT_DATA,
        reason="3 and 2 samples are too few to show a drop of 20.0 points; "
        "the smallest drop that could have been seen is 80.2 points",
        measured="3/3 then 2/2, 100.00 % of 5",
        limit="both below declared 97.00 %, and by chance under 0.0001",
        fix="wait for more samples, take longer windows (window_s), or probe more often",
    )


def test_too_few_requests_for_a_ratio_are_told_what_to_do() -> None:
    found = failure_ratio(
        trigger(TriggerRule.FAILURE_RATIO), reading(windows=windows((1, 1), (1, 1))), evidence()
    )
    assert found.fix == "wait for more traffic, or take longer windows (window_s)"


def test_the_smallest_drop_may_be_a_tenth_of_a_point() -> None:
    assert smallest_drop(declared_rate("0.999"), ALPHA, (30_000, 30_000)) == Decimal("0.001")


def test_a_rare_success_may_not_be_measured_at_all() -> None:
    assert measured("0.01", 100).chances[0][0].rate == 0


def test_each_point_of_a_measurement_stands_in_the_middle_of_its_neighbourhood() -> None:
    held = measured("0.97", 40_000)
    mean = sum(float(baseline.rate) * weight for baseline, weight in held.chances)
    assert abs(mean - 0.97) < 5e-6


def test_a_row_tells_the_smallest_drop_against_the_likeliest_baseline() -> None:
    (cell,) = table(Plan(alpha=ALPHA), [declared("0.97")], (100,), chance_of_firing)
    assert cell.visible == Decimal("0.077")


UNEVEN = TwoWindows(totals=(4, 4), below=(1, 2), critical=3)
"""No baseline has such a rule: it tells both windows apart, and both from the two pooled."""
LOOSE = TwoWindows(totals=(4, 4), below=(2, 1), critical=4)


def _by_enumeration(rule: TwoWindows, rate: float, count: int) -> float:
    fired = 0.0
    for history in product(range(5), repeat=count):
        pairs = pairwise(history)
        if any(a <= rule.below[0] and b <= rule.below[1] and a + b <= rule.critical for a, b in pairs):
            chances = [comb(4, good) * rate**good * (1 - rate) ** (4 - good) for good in history]
            fired += chances[0] * chances[1] * (chances[2] if count > 2 else 1)
    return fired


@pytest.mark.parametrize("rule", [UNEVEN, LOOSE])
@pytest.mark.parametrize("count", [2, 3])
def test_the_two_windows_of_a_rule_keep_their_order(rule: TwoWindows, count: int) -> None:
    wanted = _by_enumeration(rule, 0.5, count)
    assert isclose(chance_of_firing(rule, 0.5, count), wanted, abs_tol=1e-9)
    assert abs(drawn(20_000, seed=3)(rule, 0.5, count) - wanted) < 0.012


@pytest.mark.parametrize("pair", [((178, 200), (91, 100)), ((91, 100), (178, 200))])
def test_windows_of_two_sizes_are_pooled_with_both(pair: tuple[tuple[int, int], tuple[int, int]]) -> None:
    found = success_rate(trigger(TriggerRule.SUCCESS_RATE), reading(windows=windows(*pair)), evidence())
    assert found.state is TriggerState.FIRED
    assert found.reason.endswith("so few successes have a probability of 3.5e-9 at the baseline")
    assert found.measured.endswith(", 89.66 % of 300")

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_canary.gate.baseline_rate import declared_rate, measured_rate
from billing_canary.gate.pooled_rule import NONE, critical_count, fires, most_below

ALPHA = Decimal("0.0001")


def test_both_windows_must_be_below_and_the_pooled_tail_small() -> None:
    rate = declared_rate("0.97")
    assert fires(rate, ALPHA, ((85, 100), (85, 100)))
    assert not fires(rate, ALPHA, ((97, 100), (70, 100))), "the first is at the baseline"
    assert not fires(rate, ALPHA, ((70, 100), (97, 100))), "the second is at the baseline"
    assert not fires(rate, ALPHA, ((96, 100), (96, 100))), "chance explains it"


def test_the_critical_count_is_where_the_tail_crosses_alpha() -> None:
    rate = declared_rate("0.97")
    most = critical_count(rate, ALPHA, 200)
    assert rate.tail(most, 200) < ALPHA <= rate.tail(most + 1, 200)
    assert most == 182


def test_a_tail_of_exactly_alpha_does_not_fire() -> None:
    rate = declared_rate("0.9")
    alpha = rate.tail(0, 4)
    assert alpha == Decimal("0.0001")
    assert critical_count(rate, alpha, 4) == NONE
    assert not fires(rate, alpha, ((0, 2), (0, 2)))
    assert fires(rate, alpha * 2, ((0, 2), (0, 2)))


@pytest.mark.parametrize(("total", "critical"), [(1, NONE), (2, NONE), (3, 0)])
def test_a_few_attempts_cannot_fire(total: int, critical: int) -> None:
    assert critical_count(declared_rate("0.97"), ALPHA, total) == critical


@pytest.mark.parametrize(
    ("rate", "total", "most"), [("0.97", 100, 96), ("0.97", 10, 9), ("0.5", 3, 1), ("1", 7, 6)]
)
def test_the_most_that_is_below(rate: str, total: int, most: int) -> None:
    assert most_below(declared_rate(rate), total) == most


def test_a_baseline_of_nothing_has_nothing_below_it() -> None:
    assert most_below(measured_rate(0, 10), 10) == NONE


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(60, 99), st.data())
def test_the_counts_say_the_same_as_the_rule(one: int, two: int, rate: int, data: st.DataObject) -> None:
    held = declared_rate(f"0.{rate}")
    good, later = data.draw(st.integers(0, one)), data.draw(st.integers(0, two))
    by_counts = (
        good <= most_below(held, one)
        and later <= most_below(held, two)
        and good + later <= critical_count(held, ALPHA, one + two)
    )
    assert fires(held, ALPHA, ((good, one), (later, two))) == by_counts


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 99), st.integers(1, 99))
def test_the_critical_count_is_found_for_every_alpha(total: int, rate: int, alpha: int) -> None:
    held, limit = declared_rate(f"0.{rate:02}"), Decimal(alpha) / 100
    below = [good for good in range(total + 1) if held.tail(good, total) < limit]
    assert critical_count(held, limit, total) == max(below, default=NONE)


def test_a_tail_of_exactly_alpha_is_never_the_critical_one() -> None:
    rate = declared_rate("0.9")
    for good in range(41):
        assert critical_count(rate, rate.tail(good, 40), 40) == good - 1

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_canary.gate.binomial import binomial_tail, predictive_tail

NEAR = Fraction(1, 10**12)


def _exact(good: int, total: int, rate: Fraction) -> Fraction:
    return sum(
        (comb(total, k) * rate**k * (1 - rate) ** (total - k) for k in range(good + 1)), start=Fraction(0)
    )


def _rising(start: Fraction, steps: int) -> Fraction:
    product = Fraction(1)
    for step in range(steps):
        product *= start + step
    return product


def _exact_predictive(good: int, total: int, base_good: int, base_total: int) -> Fraction:
    """C(n, k) B(k + a, n - k + b) / B(a, b), where a and b are a half more than counted."""
    wins, misses = base_good + Fraction(1, 2), base_total - base_good + Fraction(1, 2)
    whole = _rising(wins + misses, total)
    return sum(
        (comb(total, k) * _rising(wins, k) * _rising(misses, total - k) / whole for k in range(good + 1)),
        start=Fraction(0),
    )


def _close(found: Decimal, wanted: Fraction) -> bool:
    return abs(Fraction(found) - wanted) <= NEAR * wanted


@st.composite
def _counts(draw: st.DrawFn, most: int = 120) -> tuple[int, int]:
    total = draw(st.integers(1, most))
    return draw(st.integers(0, total)), total


@settings(deadline=None)
@given(_counts(), st.integers(1, 9_999))
def test_the_tail_is_that_of_exact_rationals(counts: tuple[int, int], rate: int) -> None:
    good, total = counts
    found = binomial_tail(good, total, Decimal(rate) / 10_000)
    assert _close(found, _exact(good, total, Fraction(rate, 10_000)))


@settings(deadline=None)
@given(_counts(), _counts(400))
def test_the_predictive_tail_is_that_of_exact_rationals(
    counts: tuple[int, int], base: tuple[int, int]
) -> None:
    good, total = counts
    found = predictive_tail(good, total, base_good=base[0], base_total=base[1])
    assert _close(found, _exact_predictive(good, total, *base))


@settings(deadline=None)
@given(_counts(), st.integers(1, 99), st.data())
def test_more_successes_are_never_less_likely(
    counts: tuple[int, int], rate: int, data: st.DataObject
) -> None:
    good, total = counts
    fewer = data.draw(st.integers(0, good))
    share = Decimal(rate) / 100
    assert binomial_tail(fewer, total, share) <= binomial_tail(good, total, share)
    told = {"base_good": rate, "base_total": 100}
    assert predictive_tail(fewer, total, **told) <= predictive_tail(good, total, **told)


@pytest.mark.parametrize(("good", "tail"), [(9, "0"), (0, "0"), (4, "0"), (10, "1")])
def test_a_rate_of_one_lets_nothing_fail(good: int, tail: str) -> None:
    assert binomial_tail(good, 10, Decimal(1)) == Decimal(tail)


def test_all_of_them_is_certain() -> None:
    assert abs(binomial_tail(2_000, 2_000, Decimal("0.97")) - 1) < Decimal("1e-40")
    assert abs(predictive_tail(50, 50, base_good=1, base_total=2) - 1) < Decimal("1e-40")


def test_a_total_outage_is_less_likely_than_any_float() -> None:
    found = binomial_tail(0, 2_000, Decimal("0.97"))
    assert float(found) == 0.0
    assert Decimal("1e-3046") < found < Decimal("1e-3045")


@pytest.mark.parametrize(("good", "total", "rate"), [(1_900, 2_000, "0.97"), (9_600, 10_000, "0.97")])
def test_windows_of_many_attempts_are_exact_as_well(good: int, total: int, rate: str) -> None:
    assert _close(binomial_tail(good, total, Decimal(rate)), _exact_sum(good, total, rate))


def _exact_sum(good: int, total: int, rate: str) -> Fraction:
    """The same as `_exact`, over one common denominator: powers of integers only."""
    share = Fraction(rate)
    won, lost = share.numerator, share.denominator - share.numerator
    term, whole = lost**total, 0
    for k in range(good + 1):
        whole += term
        term = term * won * (total - k) // (lost * (k + 1))
    return Fraction(whole, share.denominator**total)


def test_a_small_measurement_is_less_sure_than_a_large_one() -> None:
    small = predictive_tail(180, 200, base_good=97, base_total=100)
    large = predictive_tail(180, 200, base_good=97_000, base_total=100_000)
    assert large < small / 1_000
    assert binomial_tail(180, 200, Decimal("0.97")) < large < binomial_tail(180, 200, Decimal("0.969"))

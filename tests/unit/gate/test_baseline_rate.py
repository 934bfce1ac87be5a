from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from tests.fakes.triggers import baseline

from billing_canary.gate.baseline_rate import declared_rate, measured_rate, newest_of, percent, rate_of, unfit
from billing_canary.gate.binomial import binomial_tail, predictive_tail


def test_a_declared_rate_is_exact() -> None:
    rate = declared_rate("0.97")
    assert (rate.rate, rate.measured, rate.words) == (Fraction(97, 100), 0, "declared 97.00 %")
    assert rate.tail(90, 100) == binomial_tail(90, 100, Decimal("0.97"))


def test_a_measured_rate_says_on_how_many() -> None:
    rate = measured_rate(1940, 2000)
    assert (rate.rate, rate.measured, rate.words) == (Fraction(97, 100), 2000, "measured 1940/2000 (97.00 %)")
    assert rate.tail(90, 100) == predictive_tail(90, 100, base_good=1940, base_total=2000)


def test_a_recorded_baseline_is_one_or_the_other() -> None:
    assert rate_of(baseline(0, 0, declared="0.95")).words == "declared 95.00 %"
    assert rate_of(baseline(19, 20)).words == "measured 19/20 (95.00 %)"


def test_below_is_strict_and_exact() -> None:
    rate = declared_rate("0.97")
    assert rate.above(96, 100)
    assert not rate.above(97, 100)
    assert rate.above(969_999, 1_000_000)
    assert not rate.above(970_000, 1_000_000)


def test_the_baseline_that_was_set_last_counts() -> None:
    old = baseline(1, 2, set_at="2026-01-01T00:00:00.000Z")
    new = baseline(2, 3, set_at="2026-02-01T00:00:00.000Z")
    other = baseline(3, 4, metric="webhooks", set_at="2026-03-01T00:00:00.000Z")
    assert newest_of((old, new, other), "topups") is new
    assert newest_of((new, old, other), "topups") is new
    assert newest_of((other,), "topups") is None


@pytest.mark.parametrize(
    ("attempts", "window", "needed"),
    [
        (999, 10, 1000),
        (1000, 10, 0),
        (1000, 100, 0),
        (1000, 101, 1010),
        (1010, 101, 0),
        (9_999, 1_000, 10_000),
    ],
)
def test_a_measurement_must_be_large_enough(attempts: int, window: int, needed: int) -> None:
    wanted = f"the baseline was measured on {attempts} attempts, and {needed} are needed" if needed else ""
    assert unfit(measured_rate(attempts - 1, attempts), window) == wanted


def test_a_declared_rate_is_always_large_enough() -> None:
    assert unfit(declared_rate("0.97"), 10**9) == ""


@pytest.mark.parametrize(
    ("share", "told"),
    [("1", "100.00 %"), ("0.99999", "99.99 %"), ("0.05", "5.00 %"), ("0.0701", "7.01 %"), ("0", "0.00 %")],
)
def test_per_cent_is_rounded_down(share: str, told: str) -> None:
    assert percent(Decimal(share)) == told

"""The needed sizes are those that were simulated for the baselines of the documentation."""

from __future__ import annotations

from decimal import Decimal
from math import comb, isclose

import pytest

from billing_canary.gate.baseline_rate import declared_rate, measured_rate
from billing_canary.gate.power import POWER, smallest_drop, two_windows
from billing_canary.gate.weights import Weights

ALPHA = Decimal("0.0001")
NEEDED = [
    ("0.99", {1: 1470, 2: 432, 5: 104, 10: 36, 20: 16}),
    ("0.97", {1: 3547, 2: 960, 5: 189, 10: 61, 20: 22}),
    ("0.95", {1: 5365, 2: 1470, 5: 268, 10: 82, 20: 27}),
]


@pytest.mark.parametrize("total", [1, 7, 60, 500])
@pytest.mark.parametrize("rate", [0.5, 0.97, 0.999])
def test_weights_are_probabilities(total: int, rate: float) -> None:
    weights = Weights(total, rate)
    assert isclose(sum(weights.values), 1, rel_tol=1e-9)
    for place, weight in enumerate(weights.values):
        good = weights.first + place
        assert isclose(weight, comb(total, good) * rate**good * (1 - rate) ** (total - good), rel_tol=1e-9)
    assert weights.up_to(weights.first - 1) == 0.0
    assert weights.up_to(weights.first) == weights.values[0]
    assert isclose(weights.up_to(total), 1, rel_tol=1e-9)
    assert weights.up_to(total + 5) == weights.up_to(total)


def test_weights_of_many_attempts_hold_only_what_happens() -> None:
    weights = Weights(1_000_000, 0.97)
    assert (weights.first, len(weights.values)) == (967_912, 4_176)
    assert isclose(sum(weights.values), 1, rel_tol=1e-8)


@pytest.mark.parametrize(("rate", "needed"), NEEDED)
def test_the_needed_attempts_show_the_drop(rate: str, needed: dict[int, int]) -> None:
    held = declared_rate(rate)
    for points, size in needed.items():
        dropped = float(held.rate) - points / 100
        assert two_windows(held, ALPHA, (size, size)).power(dropped) > POWER - 0.02
        fewer = size * 4 // 5
        assert two_windows(held, ALPHA, (fewer, fewer)).power(dropped) < POWER


def test_power_counts_every_pair_that_fires() -> None:
    held = declared_rate("0.9")
    rule = two_windows(held, Decimal("0.02"), (3, 2))
    assert (rule.below, rule.critical) == ((2, 1), 2)
    wanted = sum(
        comb(3, one) * comb(2, two) * 0.5**5
        for one in range(4)
        for two in range(3)
        if one <= 2 and two <= 1 and one + two <= 2
    )
    assert isclose(rule.power(0.5), wanted, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("size", "drop"), [(20, "0.216"), (100, "0.077"), (1000, "0.02"), (100_000, "0.002")]
)
def test_the_smallest_drop_that_two_windows_show(size: int, drop: str) -> None:
    held = declared_rate("0.97")
    assert smallest_drop(held, ALPHA, (size, size)) == Decimal(drop)
    rule = two_windows(held, ALPHA, (size, size))
    assert rule.power(0.97 - float(drop)) >= POWER > rule.power(0.97 - float(drop) + 0.001)


def test_windows_that_are_too_small_show_no_drop_at_all() -> None:
    assert smallest_drop(declared_rate("0.97"), ALPHA, (1, 1)) is None
    assert smallest_drop(measured_rate(0, 1000), ALPHA, (50, 50)) is None


def test_a_baseline_of_one_can_be_held() -> None:
    assert smallest_drop(declared_rate("1"), ALPHA, (100, 100)) == Decimal("0.023")


def test_two_sizes_are_seen_apart() -> None:
    held = declared_rate("0.97")
    assert smallest_drop(held, ALPHA, (20, 1000)) == smallest_drop(held, ALPHA, (1000, 20))
    assert two_windows(held, ALPHA, (20, 1000)).totals == (20, 1000)

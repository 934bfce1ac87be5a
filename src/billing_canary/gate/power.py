"""What two windows of so many attempts could have seen at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_canary.gate.baseline_rate import BaselineRate
from billing_canary.gate.pooled_rule import critical_count, most_below
from billing_canary.gate.weights import Weights

POWER = 0.8
"""A drop counts as visible when two windows show it so often."""

_STEPS = 1_000
"""A tenth of a point is as finely as a drop is told."""


@dataclass(frozen=True, kw_only=True)
class TwoWindows:
    """The rule at given sizes of both windows: the counts from which it fires.

    Attributes:
        totals: attempts of each window.
        below: the most successes of each window that are below the baseline.
        critical: the most successes of both together that are too unlikely to be chance.
    """

    totals: tuple[int, int]
    below: tuple[int, int]
    critical: int

    def power(self, rate: float) -> float:
        """How likely the rule is to fire on these two windows when the true rate is `rate`."""
        earlier, later = Weights(self.totals[0], rate), Weights(self.totals[1], rate)
        return sum(
            weight * later.up_to(min(self.below[1], self.critical - good))
            for good, weight in enumerate(earlier.values, earlier.first)
            if good <= self.below[0]
        )


def two_windows(baseline: BaselineRate, alpha: Decimal, totals: tuple[int, int]) -> TwoWindows:
    """The rule against `baseline` for windows of `totals` attempts."""
    return TwoWindows(
        totals=totals,
        below=(most_below(baseline, totals[0]), most_below(baseline, totals[1])),
        critical=critical_count(baseline, alpha, sum(totals)),
    )


def smallest_drop(baseline: BaselineRate, alpha: Decimal, totals: tuple[int, int]) -> Decimal | None:
    """The smallest lasting drop, as a share of one, that two windows of `totals` attempts show.

    It is rounded up to a tenth of a point. None when they are too small to show even a drop to zero.
    """
    rule = two_windows(baseline, alpha, totals)
    most = int(baseline.rate * _STEPS)
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if rule.power(float(baseline.rate) - middle / _STEPS) >= POWER:
            high = middle
        else:
            low = middle
    return None if high == most else Decimal(high) / _STEPS

"""The rule of two windows: both below the baseline, and the two pooled too unlikely to be chance."""

from __future__ import annotations

from decimal import Decimal

from billing_canary.gate.baseline_rate import BaselineRate

NONE = -1
"""The critical count when not even zero successes would be unlikely enough."""


def fires(baseline: BaselineRate, alpha: Decimal, counts: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Whether two windows, each as (successes, attempts), show a drop that chance does not explain."""
    (good, total), (later_good, later_total) = counts
    if not (baseline.above(good, total) and baseline.above(later_good, later_total)):
        return False
    return baseline.tail(good + later_good, total + later_total) < alpha


def critical_count(baseline: BaselineRate, alpha: Decimal, total: int) -> int:
    """The most successes in `total` attempts whose tail is under `alpha`; `NONE` when there are none."""
    low, high, step = int(baseline.rate * total), total, 1
    # What is unlikely stands a little below the expected count, and tails far below cost most.
    while low > NONE and baseline.tail(low, total) >= alpha:
        low, high, step = max(low - step, NONE), low, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        if baseline.tail(middle, total) < alpha:
            low = middle
        else:
            high = middle
    return low


def most_below(baseline: BaselineRate, total: int) -> int:
    """The most successes in `total` attempts that are below the baseline; `NONE` when there are none."""
    return -(-baseline.rate.numerator * total // baseline.rate.denominator) - 1

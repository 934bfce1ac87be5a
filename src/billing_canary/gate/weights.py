"""Binomial probabilities as floats, for power and simulation: exact to nine digits, quick at any size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import exp, lgamma, log, sqrt

_DEVIATIONS = 12
_MARGIN = 40


class Weights:
    """The probability of each count of successes, those left out that never happen (under 1e-20).

    Attributes:
        first: the lowest count that is held.
        values: probability of `first`, `first` + 1, and so on.
    """

    def __init__(self, total: int, rate: float) -> None:
        reach = _DEVIATIONS * sqrt(total * rate * (1 - rate)) + _MARGIN
        self.first = max(0, int(total * rate - reach))
        last = min(total, int(total * rate + reach))
        self.values: Sequence[float] = [_weight(k, total, rate) for k in range(self.first, last + 1)]
        self._sums = [0.0, *accumulate(self.values)]

    def up_to(self, count: int) -> float:
        """The probability of `count` successes or fewer."""
        place = min(max(count - self.first + 1, 0), len(self.values))
        return self._sums[place]


def _weight(good: int, total: int, rate: float) -> float:
    ways = lgamma(total + 1) - lgamma(good + 1) - lgamma(total - good + 1)
    return exp(ways + good * log(rate) + (total - good) * log(1 - rate))

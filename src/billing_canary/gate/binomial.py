"""Exact lower tails: how likely so few successes are, when the rate has not changed.

Sums of positive terms in 50 decimal digits: no approximation, and nothing that cancels. A tail stays a
`Decimal`, since a total outage is less likely than any float above zero.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

_EXACT = Context(prec=50, Emin=MIN_EMIN, Emax=MAX_EMAX)
_NEGLIGIBLE = Decimal("1e-45")

_Ratio = Callable[[int], Decimal]
"""Takes i, answers term(i + 1) / term(i)."""


def binomial_tail(good: int, total: int, rate: Decimal) -> Decimal:
    """The probability of `good` successes or fewer in `total` attempts, each succeeding with `rate`.

    Args:
        good: from 0 to `total`.
        total: attempts.
        rate: above 0 and at most 1, exact as it was written.
    """
    miss = _EXACT.subtract(Decimal(1), rate)
    if miss and 2 * good < total:
        return _sum(_EXACT.power(miss, total), _binomial_ratio(total, rate, miss), 0, good)
    return _sum(_EXACT.power(rate, total), _binomial_ratio(total, miss, rate), total - good, total)


def predictive_tail(good: int, total: int, *, base_good: int, base_total: int) -> Decimal:
    """The same when the rate is known from a measurement only: the Beta-binomial predictive tail.

    The prior is Jeffreys', Beta(1/2, 1/2): as if half a success and half a failure more had been counted. It
    lets a faultless measurement be no rate of 100 %, and weighs little enough that false alarms stay near
    the asked-for share whatever the true rate is; a uniform prior would pull rates near 100 % down.

    Args:
        good: from 0 to `total`.
        total: attempts now.
        base_good: successes of the measurement.
        base_total: its attempts.
    """
    # Twice the parameters of the posterior, so that everything stays whole.
    wins, misses = 2 * base_good + 1, 2 * (base_total - base_good) + 1
    if 2 * good < total:
        return _sum(_none_of(total, wins, misses), _beta_ratio(total, wins, misses), 0, good)
    return _sum(_none_of(total, misses, wins), _beta_ratio(total, misses, wins), total - good, total)


def _sum(term: Decimal, ratio: _Ratio, first: int, last: int) -> Decimal:
    """Terms `first` to `last` of the series that begins with `term` as number 0.

    The terms rise to one peak and fall from there, so that the sum may stop at a negligible one.
    """
    for number in range(first):
        term = _EXACT.multiply(term, ratio(number))
    total = term
    for number in range(first, last):
        term = _EXACT.multiply(term, ratio(number))
        total = _EXACT.add(total, term)
        if term < _EXACT.multiply(total, _NEGLIGIBLE):
            break
    return total


def _binomial_ratio(total: int, rate: Decimal, miss: Decimal) -> _Ratio:
    odds = _EXACT.divide(rate, miss)

    def ratio(number: int) -> Decimal:
        return _EXACT.divide(_EXACT.multiply(odds, Decimal(total - number)), Decimal(number + 1))

    return ratio


def _none_of(total: int, wanted: int, others: int) -> Decimal:
    """The probability that not one of `total` is of the kind with (twice the) parameter `wanted`."""
    term = Decimal(1)
    for number in range(total):
        share = _EXACT.divide(Decimal(others + 2 * number), Decimal(wanted + others + 2 * number))
        term = _EXACT.multiply(term, share)
    return term


def _beta_ratio(total: int, wanted: int, others: int) -> _Ratio:
    def ratio(number: int) -> Decimal:
        above = Decimal((total - number) * (wanted + 2 * number))
        return _EXACT.divide(above, Decimal((number + 1) * (others + 2 * (total - number - 1))))

    return ratio

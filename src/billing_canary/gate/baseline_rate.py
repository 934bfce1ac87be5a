"""An agreed success rate as the rules use it: declared, or measured on so many attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing_canary.gate.binomial import binomial_tail, predictive_tail
from billing_canary.rollback import Baseline

LEAST_MEASURED = 1_000
"""Attempts; a rate that was measured on fewer is itself too uncertain to tell a 5-point drop from chance."""

TIMES_A_WINDOW = 10
"""A measured baseline needs so many times the attempts of a window."""


@dataclass(frozen=True, kw_only=True)
class BaselineRate:
    """A success rate to hold windows against.

    Attributes:
        rate: exact, above 0 and at most 1.
        words: how a report says it, with k/n where it was measured.
        measured: on how many attempts; 0 when it was declared.
        tail: probability of k successes or fewer in n attempts while the rate holds.
    """

    rate: Fraction
    words: str
    measured: int
    tail: Callable[[int, int], Decimal]

    def above(self, good: int, total: int) -> bool:
        """Whether `good` of `total` is below this rate."""
        return good < self.rate * total


def declared_rate(text: str) -> BaselineRate:
    """The rate that people agreed on, as decimal text such as "0.97"."""
    rate = Decimal(text)

    def tail(good: int, total: int) -> Decimal:
        return binomial_tail(good, total, rate)

    return BaselineRate(rate=Fraction(rate), words=f"declared {percent(rate)}", measured=0, tail=tail)


def measured_rate(good: int, total: int) -> BaselineRate:
    """The rate of `good` successes in `total` attempts, with the uncertainty that this leaves."""

    def tail(seen: int, tried: int) -> Decimal:
        return predictive_tail(seen, tried, base_good=good, base_total=total)

    words = f"measured {good}/{total} ({percent(Decimal(good) / Decimal(total))})"
    return BaselineRate(rate=Fraction(good, total), words=words, measured=total, tail=tail)


def rate_of(baseline: Baseline) -> BaselineRate:
    """The rate of a recorded baseline."""
    if baseline.declared:
        return declared_rate(baseline.declared)
    return measured_rate(baseline.good, baseline.total)


def newest_of(baselines: Iterable[Baseline], metric: str) -> Baseline | None:
    """The baseline of `metric` that was set last; None when there is none."""
    matching = (baseline for baseline in baselines if baseline.metric == metric)
    return max(matching, key=lambda baseline: baseline.set_at, default=None)


def unfit(baseline: BaselineRate, largest_window: int) -> str:
    """Why `baseline` cannot judge windows of up to `largest_window` attempts, or ""."""
    needed = max(LEAST_MEASURED, TIMES_A_WINDOW * largest_window)
    if not baseline.measured or baseline.measured >= needed:
        return ""
    return f"the baseline was measured on {baseline.measured} attempts, and {needed} are needed"


def percent(share: Decimal) -> str:
    """A share as per cent with two decimals, rounded down so that 99.999 % never reads as 100 %."""
    hundredths = int(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02} %"

"""How often the rule of two windows is wrong, and how often it is right in time: exactly, and by chance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from math import sqrt
from random import Random

from billing_canary.gate.baseline_rate import BaselineRate, declared_rate, measured_rate
from billing_canary.gate.pooled_rule import NONE
from billing_canary.gate.power import TwoWindows, smallest_drop, two_windows
from billing_canary.gate.weights import Weights

WEEK = 168
"""Hourly windows of a week."""

IN_TIME = 6
"""Windows within which a drop is to be caught."""

_POINTS = 60
_DEVIATIONS = 4
"""Measurements further than this from the truth are rarer than one in 15,000."""

DROPS = (Decimal("0.01"), Decimal("0.05"), Decimal("0.20"))


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a healthy system's windows are held against.

    Attributes:
        words: how the table names it.
        truth: the true success rate of the healthy system.
        chances: each baseline that it may be, with how likely that is; they add up to 1.
    """

    words: str
    truth: float
    chances: tuple[tuple[BaselineRate, float], ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of the table: a baseline and a number of attempts in each window. Shares are of one.

    Attributes:
        false_alarm: share of healthy periods in which the rule fires.
        caught: for each of the drops, the share of those that it catches in time.
        visible: smallest drop that two windows show with the power asked for, against the likeliest
            baseline; None when there is none.
    """

    baseline: str
    samples: int
    false_alarm: float
    caught: tuple[float, ...]
    visible: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated.

    Attributes:
        windows: windows of a healthy period.
        within: windows within which a drop must be caught.
        drops: as shares of one.
    """

    alpha: Decimal
    windows: int = WEEK
    within: int = IN_TIME
    drops: tuple[Decimal, ...] = DROPS


Chance = Callable[[TwoWindows, float, int], float]
"""How likely a rule fires at a true rate within so many windows."""


def declared(text: str) -> Held:
    """Against a rate that was declared, and that the system really has."""
    return Held(words=text, truth=float(text), chances=((declared_rate(text), 1.0),))


def measured(text: str, attempts: int) -> Held:
    """Against a rate that was measured on so many attempts of a system whose true rate is `text`.

    What was measured is itself a matter of chance: it is tried at points evenly spread over all that is
    likely, each with the probability of its neighbourhood.
    """
    truth = float(text)
    reach = _DEVIATIONS * sqrt(attempts * truth * (1 - truth))
    low, high = max(0, round(attempts * truth - reach)), min(attempts, round(attempts * truth + reach))
    step = (high - low) // _POINTS | 1  # odd, so that each point is in the middle of its neighbourhood
    weights, chances, before = Weights(attempts, truth), [], 0.0
    for good in range(low, high + 1, step):
        until = weights.up_to(good + step // 2)
        chances.append((measured_rate(good, attempts), until - before))
        before = until
    last, weight = chances[-1]
    chances[-1] = (last, weight + 1 - before)
    return Held(words=f"{text} of {attempts}", truth=truth, chances=tuple(chances))


def table(plan: Plan, held: Iterable[Held], samples: tuple[int, ...], chance: Chance) -> Iterator[Cell]:
    """The table; `chance` is `chance_of_firing`, or `drawn` with its trials."""
    for against in held:
        for size in samples:
            yield _cell(plan, against, size, chance)


def chance_of_firing(rule: TwoWindows, rate: float, windows: int) -> float:
    """How likely `rule` fires at least once in a row of `windows` windows at a true `rate`.

    Forward over the windows, keeping how likely it is that nothing fired yet and the last window had so
    many successes: what came before that window cannot matter any more.
    """
    weights = Weights(rule.totals[0], rate)
    alive = list(weights.values)
    for _ in range(windows - 1):
        alive = _step(rule, weights, alive)
    return max(0.0, 1 - sum(alive) / sum(weights.values))


def drawn(trials: int, seed: int) -> Chance:
    """The same from `trials` histories drawn at random, which the same `seed` repeats."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose

    def chance(rule: TwoWindows, rate: float, windows: int) -> float:
        weights = Weights(rule.totals[0], rate)
        sums = list(accumulate(weights.values))
        sums[-1] = 1.0
        return sum(_fires_once(rule, weights.first, sums, windows, random) for _ in range(trials)) / trials

    return chance


def _step(rule: TwoWindows, weights: Weights, alive: list[float]) -> list[float]:
    sums = [0.0, *accumulate(alive)]
    after: list[float] = []
    for good, weight in enumerate(weights.values, weights.first):
        most = min(rule.below[0], rule.critical - good) if good <= rule.below[1] else NONE
        firing = sums[min(max(most - weights.first + 1, 0), len(alive))]
        after.append(weight * (sums[-1] - firing))
    return after


def _fires_once(rule: TwoWindows, first: int, sums: list[float], windows: int, random: Random) -> bool:
    before = rule.totals[0] + 1
    for _ in range(windows):
        good = first + bisect_left(sums, random.random())
        low = good <= rule.below[1]
        if low and before <= rule.below[0] and before + good <= rule.critical:
            return True
        before = good
    return False


def _cell(plan: Plan, held: Held, size: int, chance: Chance) -> Cell:
    rules = [(two_windows(baseline, plan.alpha, (size, size)), weight) for baseline, weight in held.chances]
    cases = [(held.truth, plan.windows), *((held.truth - float(drop), plan.within) for drop in plan.drops)]
    shares = [sum(weight * chance(rule, *case) for rule, weight in rules) for case in cases]
    likeliest = max(held.chances, key=lambda each: each[1])[0]
    return Cell(
        baseline=held.words,
        samples=size,
        false_alarm=shares[0],
        caught=tuple(shares[1:]),
        visible=smallest_drop(likeliest, plan.alpha, (size, size)),
    )

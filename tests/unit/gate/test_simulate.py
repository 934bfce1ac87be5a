"""The table of the rule, against the one that was simulated before the rule was written."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, product
from math import comb, isclose, sqrt

import pytest

from billing_canary.gate.baseline_rate import declared_rate
from billing_canary.gate.power import two_windows
from billing_canary.gate.simulate import (
    Cell,
    Plan,
    chance_of_firing,
    declared,
    drawn,
    measured,
    table,
)

ALPHA = Decimal("0.0001")
PLAN = Plan(alpha=ALPHA)
SIZES = (5, 20, 100, 1000)
TRIALS = 4_000
"""Of the earlier simulation; its table holds per cent of healthy weeks, then of drops by 1, 5, 20 points."""

SIMULATED = {
    ("0.99", 5): ("0.05", "0", "1", "43"),
    ("0.99", 20): ("0.8", "1", "31", "100"),
    ("0.99", 100): ("0.5", "3", "99", "100"),
    ("0.99", 1000): ("1.3", "95", "100", "100"),
    ("0.97", 5): ("0.1", "0", "0", "21"),
    ("0.97", 20): ("0.5", "0", "5", "99"),
    ("0.97", 100): ("0.65", "0", "79", "100"),
    ("0.97", 1000): ("1.7", "38", "100", "100"),
    ("0.95", 5): ("1.2", "0", "1", "29"),
    ("0.95", 20): ("0.4", "0", "2", "95"),
    ("0.95", 100): ("0.9", "1", "58", "100"),
    ("0.95", 1000): ("1.4", "16", "100", "100"),
}
MEASURED = {"0.99": 92, "0.97": 56, "0.95": 34}
"""Per cent of 5-point drops that a baseline of 1,000 sees at 100 samples; 1,500 trials."""


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, int], Cell]:
    held = [declared(rate) for rate in ("0.99", "0.97", "0.95")]
    return {(cell.baseline, cell.samples): cell for cell in table(PLAN, held, SIZES, chance_of_firing)}


def _tolerated(share: float, told: str, trials: int) -> float:
    """Three standard deviations of the sample, and half of the last digit that was told."""
    digit = 10 ** -len(told.partition(".")[2])
    return float(3 * 100 * sqrt(max(share * (1 - share), 1 / trials) / trials) + digit / 2)


@pytest.mark.parametrize("place", SIMULATED, ids=str)
def test_every_cell_agrees_with_the_simulated_one(
    cells: dict[tuple[str, int], Cell], place: tuple[str, int]
) -> None:
    cell = cells[place]
    for share, told in zip((cell.false_alarm, *cell.caught), SIMULATED[place], strict=True):
        assert abs(100 * share - float(told)) <= _tolerated(share, told, TRIALS), (share, told)


def test_what_the_rule_promises(cells: dict[tuple[str, int], Cell]) -> None:
    assert list(cells) == list(product(("0.99", "0.97", "0.95"), SIZES))
    assert max(cell.false_alarm for cell in cells.values()) <= 0.02
    assert min(cell.caught[2] for cell in cells.values() if cell.samples >= 20) >= 0.94
    assert min(cell.caught[1] for cell in cells.values() if cell.samples >= 1000) >= 0.99


@pytest.mark.parametrize("rate", MEASURED)
def test_a_measured_baseline_agrees_as_well(rate: str) -> None:
    (cell,) = table(PLAN, [measured(rate, 1000)], (100,), chance_of_firing)
    assert cell.baseline == f"{rate} of 1000"
    assert abs(100 * cell.caught[1] - MEASURED[rate]) <= _tolerated(cell.caught[1], "1", 1_500)
    assert cell.false_alarm <= 0.01


def test_every_likely_measurement_is_tried_once() -> None:
    held = measured("0.97", 10_000)
    assert held.truth == 0.97
    assert isclose(sum(weight for _, weight in held.chances), 1, rel_tol=1e-12)
    assert all(weight >= 0 for _, weight in held.chances)
    assert len(held.chances) == 46
    mean = sum(float(baseline.rate) * weight for baseline, weight in held.chances)
    assert abs(mean - 0.97) < 2e-5
    small = measured("0.99", 100)
    assert [baseline.rate for baseline, _ in small.chances] == [
        *(declared_rate(f"0.{good}").rate for good in range(95, 100)),
        1,
    ]


def test_a_table_drawn_at_random_agrees_and_can_be_repeated(cells: dict[tuple[str, int], Cell]) -> None:
    held = [declared("0.97")]
    first, again = (list(table(PLAN, held, (20, 100), drawn(500, seed=7))) for _ in range(2))
    assert first == again
    assert first != list(table(PLAN, held, (20, 100), drawn(500, seed=8)))
    for cell in first:
        exact = cells[cell.baseline, cell.samples]
        assert cell.visible == exact.visible
        pairs = zip((cell.false_alarm, *cell.caught), (exact.false_alarm, *exact.caught), strict=True)
        for found, share in pairs:
            assert abs(100 * found - 100 * share) <= _tolerated(share, "1.00", 500)


def _by_enumeration(windows: int, rate: float) -> float:
    """Every history of windows of two attempts, held against a baseline of one half."""
    rule = two_windows(declared_rate("0.6"), Decimal("0.2"), (2, 2))
    fired = 0.0
    for history in product(range(3), repeat=windows):
        chance = 1.0
        for good in history:
            chance *= comb(2, good) * rate**good * (1 - rate) ** (2 - good)
        pairs = pairwise(history)
        if any(a <= rule.below[0] and b <= rule.below[1] and a + b <= rule.critical for a, b in pairs):
            fired += chance
    return fired


@pytest.mark.parametrize("windows", [1, 2, 3, 6])
@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
def test_the_chance_is_that_of_every_history(windows: int, rate: float) -> None:
    rule = two_windows(declared_rate("0.6"), Decimal("0.2"), (2, 2))
    assert (rule.below, rule.critical) == ((1, 1), 1)
    assert isclose(chance_of_firing(rule, rate, windows), _by_enumeration(windows, rate), abs_tol=1e-9)


def test_a_random_history_is_held_against_the_same_rule() -> None:
    rule = two_windows(declared_rate("0.6"), Decimal("0.2"), (2, 2))
    found = drawn(20_000, seed=3)(rule, 0.6, 3)
    assert abs(found - _by_enumeration(3, 0.6)) < 0.01
    assert drawn(50, seed=3)(rule, 0.6, 1) == 0.0

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.triggers import NOW, at, changed, reading, trigger, windows

from billing_canary.gate.trigger_finding import Finding, seconds_from
from billing_canary.gate.windows import counts, newest_pair
from billing_canary.reading import Window
from billing_canary.rollback import TriggerRule, TriggerState

RULE = trigger(TriggerRule.SUCCESS_RATE)
GOOD = windows((90, 100), (80, 90))


def _finding(told: tuple[Window, ...]) -> Finding:
    found = newest_pair(RULE, reading(windows=told), NOW)
    assert isinstance(found, Finding)
    return found


def test_the_two_newest_windows_are_taken() -> None:
    pair = newest_pair(RULE, reading(windows=windows((1, 2), (90, 100), (80, 90))), NOW)
    assert not isinstance(pair, Finding)
    assert counts(pair) == ((90, 100), (80, 90))


def test_a_broken_window_before_the_two_matters_no_more() -> None:
    told = windows((None, None), (90, 100), (80, 90))
    assert not isinstance(newest_pair(RULE, reading(windows=told), NOW), Finding)


@pytest.mark.parametrize("good", [0, 100])
def test_none_and_all_are_counts(good: int) -> None:
    pair = newest_pair(RULE, reading(windows=windows((good, 100), (good, 100))), NOW)
    assert not isinstance(pair, Finding)
    assert counts(pair) == ((good, 100), (good, 100))


@pytest.mark.parametrize("known", [0, 1])
def test_one_window_is_no_pair(known: int) -> None:
    found = _finding(GOOD[:known])
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert found.reason == f"no two adjacent closed windows: {known} of 2 closed windows"
    assert not found.recovered


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"good": None}, "no number"),
        ({"total": None}, "no number"),
        ({"good": 0, "total": 0}, "0 samples"),
        ({"good": 101, "total": 100}, "impossible counts 101/100"),
        ({"good": -1}, "impossible counts -1/"),
        ({"problem": "NaN", "good": None}, "NaN"),
        ({"problem": "counter reset"}, "counter reset"),
        ({"problem": "gap", "good": None, "total": None}, "gap"),
    ],
)
def test_a_window_without_usable_counts_breaks_the_chain(
    place: int, parts: dict[str, Any], said: str
) -> None:
    told = changed(GOOD, place, **parts)
    found = _finding(told)
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert f": {said}" in found.reason
    assert found.reason.endswith(f"in the window from {told[place].start}")
    assert found.reason.count("window from") == 1
    assert found.fix


@pytest.mark.parametrize(
    ("place", "parts", "said"),
    [
        (1, {"start": at(61 - 1), "end": at(0)}, f"gap before the window from {at(60)}"),
        (1, {"start": at(62), "end": at(2)}, f"the window from {at(62)} overlaps the one before"),
        (1, {"start": at(121), "end": at(61)}, f"the window from {at(121)} is out of order"),
        (1, {"start": at(181), "end": at(121)}, f"the window from {at(181)} is out of order"),
        (0, {"start": at(61), "end": at(1)}, f"the window from {at(61)} is out of order"),
        (1, {"end": at(2)}, f"another length than 3600 s in the window from {at(61)}"),
        (0, {"start": at(122)}, f"another length than 3600 s in the window from {at(122)}"),
    ],
)
def test_windows_that_do_not_meet_break_the_chain(place: int, parts: dict[str, str], said: str) -> None:
    found = _finding(changed(GOOD, place, **parts))
    assert found.state is TriggerState.INSUFFICIENT_DATA
    assert said in found.reason


def test_every_problem_of_the_chain_is_said() -> None:
    told = changed(changed(GOOD, 0, total=None), 1, start=at(62), end=at(2), problem="NaN")
    assert _finding(told).reason == (
        f"no two adjacent closed windows: no number in the window from {at(121)}; "
        f"NaN in the window from {at(62)}; the window from {at(62)} overlaps the one before"
    )


def test_a_window_that_is_not_over_is_not_judged() -> None:
    assert not isinstance(
        newest_pair(RULE, reading(windows=windows((1, 2), (1, 2), newest_ended=0)), NOW), Finding
    )
    found = _finding(windows((1, 2), (1, 2), newest_ended=-1))
    assert f"not closed yet: the window from {at(59)}" in found.reason


def test_windows_of_yesterday_are_stale() -> None:
    just = windows((1, 2), (1, 2), newest_ended=121)
    assert not isinstance(newest_pair(RULE, reading(windows=just), NOW), Finding)
    found = _finding(windows((1, 2), (1, 2), newest_ended=122))
    assert found.state is TriggerState.STALE
    assert found.reason == f"the newest window ended at {at(122)}, more than two windows ago"
    assert not found.recovered


def test_seconds_need_a_zone() -> None:
    assert seconds_from("2026-11-21T12:00:00Z", "2026-11-21T14:00:01+01:00") == 3601
    assert seconds_from("2026-11-21T12:00:01Z", "2026-11-21T12:00:00Z") == -1
    with pytest.raises(ValueError, match="'2026-11-21T12:00:00' has no time zone"):
        seconds_from("2026-11-21T12:00:00", "2026-11-21T12:00:00Z")

"""Periods are counted from the anchor, so that a short month does not move the ones after it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing_canary.reference.provider.calendar import Rhythm, boundary, period_from

MONTHLY = Rhythm(interval="month", count=1)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def days(anchor: str, rhythm: Rhythm, many: int) -> list[str]:
    return [
        datetime.fromtimestamp(boundary(at(anchor), number, rhythm), UTC).isoformat()[:10]
        for number in range(many)
    ]


def test_the_31st_comes_back_after_a_short_month() -> None:
    assert days("2026-01-31", MONTHLY, 4) == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


def test_a_leap_day_comes_back_after_four_years() -> None:
    wanted = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    assert days("2024-02-29", Rhythm(interval="year", count=1), 5) == wanted


@pytest.mark.parametrize(
    ("rhythm", "second"),
    [
        (Rhythm(interval="day", count=3), "2026-12-18"),
        (Rhythm(interval="week", count=2), "2026-12-29"),
        (Rhythm(interval="month", count=3), "2027-03-15"),
        (Rhythm(interval="year", count=2), "2028-12-15"),
    ],
)
def test_each_interval_is_as_long_as_it_says(rhythm: Rhythm, second: str) -> None:
    assert days("2026-12-15", rhythm, 2) == ["2026-12-15", second]


def test_periods_follow_each_other_without_a_gap() -> None:
    anchor = at("2026-01-31")
    start, end = anchor, 0
    for number in range(1, 30):
        start, end = period_from(anchor, start, MONTHLY)
        assert end == boundary(anchor, number, MONTHLY) > start
        start = end

"""Time: UTC text, and a machine clock that goes forward."""

from __future__ import annotations

import os
import time

import pytest

from billing_canary.clock import SystemClock, utc_text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_795_257_836.123, "2026-11-21T10:43:56.123Z"),
        (1_795_257_836.0, "2026-11-21T10:43:56.000Z"),
        (-1.0, "1969-12-31T23:59:59.000Z"),
    ],
)
def test_instants_are_written_in_utc_with_milliseconds(instant: float, text: str) -> None:
    assert utc_text(instant) == text


def test_the_machine_s_time_zone_is_of_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Kamchatka")
    time.tzset()
    try:
        assert utc_text(0.0) == "1970-01-01T00:00:00.000Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_system_clock_waits_and_goes_forward() -> None:
    clock = SystemClock()
    started, started_at = clock.monotonic(), clock.now()
    clock.sleep(0.01)
    assert clock.monotonic() - started >= 0.01
    assert clock.now() >= started_at
    assert abs(clock.now() - time.time()) < 5

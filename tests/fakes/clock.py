"""A clock that stands still until somebody waits on it."""

from __future__ import annotations

from collections.abc import Callable


class HandClock:
    """Time that moves only by `sleep` and `pass_time`; `at` plans what happens on the way."""

    def __init__(self, start: float = 1_795_000_000.0) -> None:
        self._start = start
        self.elapsed = 0.0
        self.sleeps: list[float] = []
        self._planned: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self._start + self.elapsed

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.elapsed += seconds
        due = [act for instant, act in self._planned if instant <= self.elapsed]
        self._planned = [each for each in self._planned if each[0] > self.elapsed]
        for act in due:
            act()

    def at(self, elapsed: float, act: Callable[[], None]) -> None:
        """Run `act` as soon as `elapsed` seconds have passed since the start."""
        self._planned.append((elapsed, act))

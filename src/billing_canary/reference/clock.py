"""The service's own clock, which a probe can advance, and timers that wait on it."""

from __future__ import annotations

import threading
import time
from weakref import WeakSet


class ServiceClock:
    """System time plus an offset; shared by the backend and the built-in provider."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._lock = threading.Lock()
        self._timers: WeakSet[Timer] = WeakSet()

    def now(self) -> float:
        """Seconds since the Unix epoch, in service time."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> float:
        """Move service time forward by `seconds`, wake everything that waits, and answer the new time."""
        with self._lock:
            self._offset += seconds
            timers = list(self._timers)
        for timer in timers:
            timer.wake_all()
        return self.now()

    def timer(self) -> Timer:
        """A new timer on this clock."""
        timer = Timer(self)
        with self._lock:
            self._timers.add(timer)
        return timer


class Timer:
    """Lets threads wait for an instant of service time, or for someone to wake them."""

    def __init__(self, clock: ServiceClock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._wakes = 0

    def ticket(self) -> int:
        """A mark to take before looking for work; `wait` returns at once if a wake came after it."""
        return self._wakes

    def wait(self, ticket: int, until: float | None) -> None:
        """Wait until service time `until` (None: no limit), or until a wake later than `ticket`."""
        with self._changed:
            while self._wakes == ticket:
                left = None if until is None else until - self._clock.now()
                if left is not None and left <= 0:
                    return
                self._changed.wait(left)

    def wake_one(self) -> None:
        """Wake one waiting thread: there is one piece of work more."""
        with self._changed:
            self._wakes += 1
            self._changed.notify()

    def wake_all(self) -> None:
        """Wake every waiting thread: time moved, or the service stops."""
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

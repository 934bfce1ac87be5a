"""Claims and the evidence for them: expect, require, eventually, holds."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from billing_canary.clock import Clock
from billing_canary.model import Evidence
from billing_canary.redact import Redactor
from billing_canary.target.settings import Patience

T = TypeVar("T")
_GROWTH = 1.25
"""Each wait between two looks is this much longer, up to the target's `poll`."""
_FIRST_WAIT_S = 0.04


class ClaimFailedError(Exception):
    """Ends a probe after a claim without which the rest makes no sense. The evidence is recorded."""


class Recorder:
    """Collects one probe's evidence. Safe to use from the threads that the probe starts."""

    def __init__(self, clock: Clock, patience: Patience, redact: Redactor) -> None:
        self._clock = clock
        self._patience = patience
        self._redact = redact
        self._lock = Lock()
        self._rows: list[Evidence] = []

    @property
    def rows(self) -> tuple[Evidence, ...]:
        """The evidence so far."""
        with self._lock:
            return tuple(self._rows)

    def expect(  # noqa: PLR0913 - the fields of one evidence row
        self,
        claim: str,
        observed: object,
        *,
        equals: object = True,
        held: bool | None = None,
        reveals: str = "",
        source: str = "backend",
    ) -> bool:
        """Record `claim`; the probe goes on either way.

        Args:
            claim: one sentence, true when the product is right.
            observed: what was seen.
            equals: what it must equal; also shown as what was expected.
            held: whether the claim is true, where equality is not the test.
            reveals: ids of catalogued faults that a failure exposes, separated by spaces.
            source: where the observation comes from.
        """
        holds = observed == equals if held is None else held
        row = Evidence(
            claim=self._redact(claim),
            expected=self._redact(str(equals)),
            observed=self._redact(str(observed)),
            held=holds,
            source=source,
            reveals=tuple(reveals.split()),
        )
        with self._lock:
            self._rows.append(row)
        return holds

    def require(  # noqa: PLR0913 - as `expect`
        self,
        claim: str,
        observed: object,
        *,
        equals: object = True,
        held: bool | None = None,
        reveals: str = "",
        source: str = "backend",
    ) -> None:
        """Record `claim` and end the probe if it is false.

        Raises:
            ClaimFailedError: it is false.
        """
        if not self.expect(claim, observed, equals=equals, held=held, reveals=reveals, source=source):
            raise ClaimFailedError(claim)

    def eventually(  # noqa: PLR0913 - as `expect`
        self,
        claim: str,
        look: Callable[[], T],
        *,
        equals: object,
        reached: Callable[[T], bool] | None = None,
        within: float | None = None,
        reveals: str = "",
        source: str = "backend",
    ) -> None:
        """Wait until `look()` equals `equals`, at most `within` seconds (the target's patience by default).

        Args:
            claim: as in `expect`.
            look: reads the present value.
            equals: what it must equal; with `reached`, only the words for what is expected.
            reached: tells whether a value is the one waited for, where equality is not the test.
            within: seconds.
            reveals: as in `expect`.
            source: as in `expect`.

        Raises:
            ClaimFailedError: it did not come true in time.
        """
        started = self._clock.monotonic()
        limit = self._patience.eventually if within is None else within
        done = reached or (lambda value: value == equals)
        wait = _FIRST_WAIT_S
        while not done(observed := look()) and self._clock.monotonic() - started < limit:
            self._clock.sleep(wait)
            wait = min(wait * _GROWTH, self._patience.poll)
        held = done(observed)
        seen = observed if held else f"{observed} after {limit:g} s"
        self.require(claim, seen, equals=equals, held=held, reveals=reveals, source=source)

    def holds(  # noqa: PLR0913 - as `expect`
        self,
        claim: str,
        look: Callable[[], T],
        *,
        equals: T,
        during: float | None = None,
        reveals: str = "",
        source: str = "backend",
    ) -> None:
        """Watch that `look()` equals `equals` for `during` seconds (the target's patience by default).

        Raises:
            ClaimFailedError: it was otherwise at one of the looks; the last look is at the very end.
        """
        started = self._clock.monotonic()
        limit = self._patience.holds if during is None else during
        while True:
            elapsed = self._clock.monotonic() - started
            if (observed := look()) != equals:
                seen = f"{observed} after {elapsed:.3f} s"
                self.require(claim, seen, equals=equals, held=False, reveals=reveals, source=source)
            if elapsed >= limit:
                break
            self._clock.sleep(min(self._patience.poll, max(limit - elapsed, 0.001)))
        self.expect(claim, observed, equals=equals, reveals=reveals, source=source)

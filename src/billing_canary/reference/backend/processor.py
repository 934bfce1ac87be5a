"""What a stored delivery means: the one effect of an event, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import PaymentMismatchError
from billing_canary.reference.backend.event import Event, parse_event
from billing_canary.reference.backend.inbox import Delivery
from billing_canary.reference.backend.policies import TOLERANCE_S, Run


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a delivery ended: "processed", "ignored" or "dead"."""

    state: str
    reason: str = ""


class Handler(Protocol):
    """Knows what events of some types mean; `unknown` is the reason when one is about nothing of ours."""

    unknown: str

    def apply(self, event: Event, delivery: Delivery, run: Run) -> bool | None:
        """Give `event` its effect through `run` and answer what that answered; None for nothing of ours."""


class Processor:
    """Gives each event its effect once, whatever is delivered how often."""

    def __init__(self, core: Core, handlers: Iterable[tuple[Iterable[str], Handler]]) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self._handlers: Mapping[str, Handler] = {
            event_type: handler for types, handler in handlers for event_type in types
        }

    def process(self, delivery: Delivery) -> Outcome:
        """Process one delivery; an exception means that it should be tried again."""
        event = parse_event(delivery.body)
        handler = self._handlers.get(event.type)
        ignored = self._reason_to_ignore(event, delivery)
        if ignored or handler is None:
            return Outcome(state="ignored", reason=ignored or "unhandled_type")
        try:
            run = partial(self._policies.apply_once, self._store, event.id)
            ran = handler.apply(event, delivery, run)
        except PaymentMismatchError as error:
            return Outcome(state="dead", reason=f"payment mismatch: {error}")
        if ran is None:
            return Outcome(state="ignored", reason=handler.unknown)
        return Outcome(state="processed", reason="" if ran else "duplicate")

    def _reason_to_ignore(self, event: Event, delivery: Delivery) -> str:
        if event.livemode and self._policies.honours_mode:
            return "wrong_mode"
        known = event.type in self._handlers
        if known and self._policies.rechecks_age and self._clock.now() - delivery.signed_at > TOLERANCE_S:
            return "stale"
        return ""

"""What a stored delivery means: the one effect of an event, or the reason why it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import Crediting, PaymentMismatchError, Report
from billing_canary.reference.backend.event import PAYMENT_SUCCEEDED, Event, parse_event
from billing_canary.reference.backend.inbox import Delivery
from billing_canary.reference.backend.intake import HANDLED_TYPES
from billing_canary.reference.backend.payments import read_payment
from billing_canary.reference.backend.policies import TOLERANCE_S, Effect
from billing_canary.reference.store import Row, Transaction


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a delivery ended: "processed", "ignored" or "dead"."""

    state: str
    reason: str = ""


class Processor:
    """Gives each event its effect once, whatever is delivered how often."""

    def __init__(self, core: Core, crediting: Crediting) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self._crediting, self._disruptions = crediting, core.disruptions

    def process(self, delivery: Delivery) -> Outcome:
        """Process one delivery; an exception means that it should be tried again."""
        event = parse_event(delivery.body)
        ignored = self._reason_to_ignore(event, delivery)
        if ignored:
            return Outcome(state="ignored", reason=ignored)
        top_up = self._crediting.find_top_up(str(event.resource.get("id")), _metadata_top_up(event))
        if top_up is None:
            return Outcome(state="ignored", reason="unknown_payment")
        effect = self._effect(event, top_up, delivery)
        try:
            ran = self._policies.apply_once(self._store, event.id, effect)
        except PaymentMismatchError as error:
            return Outcome(state="dead", reason=f"payment mismatch: {error}")
        return Outcome(state="processed", reason="" if ran else "duplicate")

    def _reason_to_ignore(self, event: Event, delivery: Delivery) -> str:
        if event.livemode and self._policies.honours_mode:
            return "wrong_mode"
        if event.type not in HANDLED_TYPES:
            return "unhandled_type"
        if self._policies.rechecks_age and self._clock.now() - delivery.signed_at > TOLERANCE_S:
            return "stale"
        return ""

    def _effect(self, event: Event, top_up: Row, delivery: Delivery) -> Effect:
        def effect(transaction: Transaction) -> None:
            self._disruptions.strike(top_up["account"], "event_processing")
            if event.type == PAYMENT_SUCCEEDED:
                report = Report(payment=read_payment(event.resource), path="webhook", copy=delivery.copy)
                self._crediting.credit(transaction, top_up, report)
            else:
                self._crediting.fail(transaction, top_up)

        return effect


def _metadata_top_up(event: Event) -> str:
    metadata: Any = event.resource.get("metadata")
    return str(metadata.get("top_up", "")) if isinstance(metadata, dict) else ""

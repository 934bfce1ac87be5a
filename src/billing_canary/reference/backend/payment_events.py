"""What events about payments mean: a credit, or a top-up that failed."""

from __future__ import annotations

from typing import Any

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import Crediting, Report
from billing_canary.reference.backend.event import PAYMENT_SUCCEEDED, Event
from billing_canary.reference.backend.inbox import Delivery
from billing_canary.reference.backend.payments import read_payment
from billing_canary.reference.backend.policies import Run
from billing_canary.reference.store import Transaction


class PaymentEvents:
    """Gives events about the payments of top-ups their effect."""

    unknown = "unknown_payment"

    def __init__(self, core: Core, crediting: Crediting) -> None:
        self._crediting, self._disruptions = crediting, core.disruptions

    def apply(self, event: Event, delivery: Delivery, run: Run) -> bool | None:
        """Give `event` its effect through `run`; None when it is about no top-up.

        Raises:
            PaymentMismatchError: the payment cannot belong to its top-up.
        """
        top_up = self._crediting.find_top_up(str(event.resource.get("id")), _metadata_top_up(event))
        if top_up is None:
            return None

        def effect(transaction: Transaction) -> None:
            self._disruptions.strike(top_up["account"], "event_processing")
            if event.type == PAYMENT_SUCCEEDED:
                report = Report(payment=read_payment(event.resource), path="webhook", copy=delivery.copy)
                self._crediting.credit(transaction, top_up, report)
            else:
                self._crediting.fail(transaction, top_up)

        return run(effect)


def _metadata_top_up(event: Event) -> str:
    metadata: Any = event.resource.get("metadata")
    return str(metadata.get("top_up", "")) if isinstance(metadata, dict) else ""

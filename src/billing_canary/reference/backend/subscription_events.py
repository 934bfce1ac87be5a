"""What events about subscriptions and their invoices mean."""

from __future__ import annotations

from billing_canary.reference.backend.agreement import Agreement, Bill, read_agreement, read_bill
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.event import INVOICE_TYPES, Event
from billing_canary.reference.backend.inbox import Delivery
from billing_canary.reference.backend.policies import Run
from billing_canary.reference.backend.subscribing import Subscribing
from billing_canary.reference.backend.subscription_client import SubscriptionClient
from billing_canary.reference.store import Row, Transaction


class SubscriptionEvents:
    """Takes an event as news that something changed, and asks the provider how things stand now.

    So neither the order in which events come nor how often they come matters.
    """

    unknown = "unknown_subscription"

    def __init__(self, core: Core, client: SubscriptionClient, subscribing: Subscribing) -> None:
        self._policies, self._disruptions = core.policies, core.disruptions
        self._client, self._subscribing = client, subscribing

    def apply(self, event: Event, delivery: Delivery, run: Run) -> bool | None:  # noqa: ARG002 - the shape of every handler
        """Give `event` its effect through `run`; None when it is about nothing of ours.

        Raises:
            ApiError: the provider cannot be asked; to be tried again.
        """
        bill = read_bill(event.resource) if event.type in INVOICE_TYPES else None
        told = read_agreement(event.resource) if bill is None else None
        row = self._find(bill, told)
        if row is None:
            return None
        with self._subscribing.turn(row["id"]):
            agreement = self._standing(bill, told)

            def effect(transaction: Transaction) -> None:
                self._disruptions.strike(row["account"], "event_processing")
                if bill is not None:
                    self._subscribing.note(transaction, row, bill)
                if agreement is not None:
                    self._subscribing.write(transaction, row["id"], agreement)

            return run(effect)

    def _find(self, bill: Bill | None, told: Agreement | None) -> Row | None:
        if bill is not None:
            return self._subscribing.find(bill.subscription, bill.own_id) if bill.subscription else None
        return self._subscribing.find(told.id, told.own_id) if told is not None else None

    def _standing(self, bill: Bill | None, told: Agreement | None) -> Agreement | None:
        if not self._policies.asks_provider:
            return told
        provider_id = bill.subscription if bill is not None else told.id if told is not None else ""
        return read_agreement(self._client.read(provider_id))

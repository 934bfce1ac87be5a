"""Invoices of subscriptions: made, finalised at once, and paid with the subscription's card.

Source: https://docs.stripe.com/api/invoices. Drafts, credit notes and proration are left out.
"""

from __future__ import annotations

from billing_canary.reference.provider.cards import decline, find_card
from billing_canary.reference.provider.intents import PaymentIntents
from billing_canary.reference.provider.params import body_params, query_params
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, ApiError, Call, Route

KIND = "invoice"


class Invoices:
    """The endpoints below /v1/invoices, and what the billing engine does with invoices."""

    def __init__(self, state: ProviderState, intents: PaymentIntents) -> None:
        self._state, self._intents = state, intents

    def routes(self) -> list[Route]:
        """These endpoints."""
        return [
            Route(method="GET", path="/v1/invoices", handler=self.list),
            Route(method="GET", path="/v1/invoices/<invoice_id>", handler=self.retrieve),
            Route(method="POST", path="/v1/invoices/<invoice_id>/pay", handler=self.pay),
        ]

    def list(self, call: Call) -> Answer:
        """Invoices, newest first, by customer, subscription and status."""
        params = query_params(call)
        params.allow(("customer", "subscription", "status", "limit", "starting_after", "expand"))
        customer, status = params.text("customer"), params.text("status")
        subscription = params.text("subscription")
        return self._state.page(
            KIND,
            "/v1/invoices",
            params,
            lambda invoice: (
                customer in {"", invoice["customer"]}
                and status in {"", invoice["status"]}
                and subscription in {"", subscription_of(invoice)}
            ),
        )

    def retrieve(self, call: Call) -> Answer:
        """One invoice."""
        return Answer(body=self._state.find(KIND, call.arguments["invoice_id"]))

    def pay(self, call: Call) -> Answer:
        """Try to pay an open invoice, with its subscription's card unless another is named."""
        invoice, params = self._state.find(KIND, call.arguments["invoice_id"]), body_params(call)
        params.allow(("payment_method", "off_session", "expand"))
        if invoice["status"] != "open":
            message = f"This invoice is {invoice['status']}; only an open one can be paid."
            raise ApiError(400, "invoice_not_payable", message)
        subscription = self._state.find("subscription", subscription_of(invoice))
        method = params.text("payment_method") or subscription["default_payment_method"]
        if self.collect(invoice, subscription, method):
            return Answer(body=invoice)
        return decline(find_card(self._state, method))

    def bill(self, subscription: Resource, reason: str) -> Resource:
        """The finalised invoice for the subscription's present period. `reason`: as `billing_reason`."""
        item = subscription["items"]["data"][0]
        amount = item["price"]["unit_amount"] * item["quantity"]
        now = int(self._state.clock.now())
        invoice = self._state.create(
            KIND,
            "in",
            amount_due=amount,
            amount_paid=0,
            amount_remaining=amount,
            attempt_count=0,
            attempted=False,
            billing_reason=reason,
            collection_method="charge_automatically",
            currency=subscription["currency"],
            customer=subscription["customer"],
            metadata={},
            period_end=now,
            period_start=now,
            status="open",
            subtotal=amount,
            total=amount,
        )
        invoice["lines"] = _lines(invoice, item)
        told = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
        invoice["parent"] = {"type": "subscription_details", "subscription_details": told}
        invoice["payments"] = {"object": "list", "data": [], "has_more": False, "url": "/v1/invoice_payments"}
        invoice["status_transitions"] = {"finalized_at": now, "paid_at": None, "voided_at": None}
        subscription["latest_invoice"] = invoice["id"]
        self._state.emit("invoice.created", invoice)
        self._state.emit("invoice.finalized", invoice)
        return invoice

    def collect(self, invoice: Resource, subscription: Resource, method: str) -> bool:
        """Try to take what the invoice asks for; whether it is paid. An invoice over nothing always is."""
        if invoice["amount_due"]:
            intent = self._intents.take(
                amount=invoice["amount_due"],
                currency=invoice["currency"],
                customer=invoice["customer"],
                method=method,
                description=f"Invoice {invoice['id']}",
            )
            invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
            _note_payment(invoice, intent)
            if intent["status"] != "succeeded":
                self._fail(invoice, subscription)
                return False
        self._close(invoice, subscription)
        return True

    def void(self, invoice: Resource) -> None:
        """Give an open invoice up."""
        invoice["status"] = "void"
        invoice["status_transitions"]["voided_at"] = int(self._state.clock.now())
        self._state.emit("invoice.voided", invoice)

    def _close(self, invoice: Resource, subscription: Resource) -> None:
        due = invoice["amount_due"]
        invoice.update(status="paid", amount_paid=due, amount_remaining=0, attempted=True)
        invoice["status_transitions"]["paid_at"] = int(self._state.clock.now())
        self._state.emit("invoice.paid", invoice)
        self._state.emit("invoice.payment_succeeded", invoice)
        if subscription["latest_invoice"] == invoice["id"]:
            self._enter(subscription, {"incomplete", "past_due"}, "active")

    def _fail(self, invoice: Resource, subscription: Resource) -> None:
        self._state.emit("invoice.payment_failed", invoice)
        self._enter(subscription, {"active"}, "past_due")

    def _enter(self, subscription: Resource, before: set[str], status: str) -> None:
        if subscription["status"] in before:
            subscription["status"] = status
            self._state.emit("customer.subscription.updated", subscription)


def subscription_of(invoice: Resource) -> str:
    """The subscription that an invoice is about."""
    return str(invoice["parent"]["subscription_details"]["subscription"])


def _lines(invoice: Resource, item: Resource) -> Resource:
    line = {
        "id": f"il_{invoice['id'].removeprefix('in_')}",
        "object": "line_item",
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "pricing": {"type": "price_details", "price_details": {"price": item["price"]["id"]}},
        "quantity": item["quantity"],
        "livemode": False,
    }
    url = f"/v1/invoices/{invoice['id']}/lines"
    return {"object": "list", "data": [line], "has_more": False, "url": url}


def _note_payment(invoice: Resource, intent: Resource) -> None:
    paid = intent["status"] == "succeeded"
    payment = {
        "id": f"inpay_{intent['id'].removeprefix('pi_')}",
        "object": "invoice_payment",
        "amount_paid": intent["amount_received"] if paid else None,
        "amount_requested": intent["amount"],
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "paid" if paid else "open",
        "livemode": False,
    }
    invoice["payments"]["data"].append(payment)

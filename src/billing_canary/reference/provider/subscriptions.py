"""Subscriptions: create, change the card, cancel now or at the end of the period.

Source: https://docs.stripe.com/billing/subscriptions/overview. One price each; changing the price,
proration, trials, coupons and taxes are left out, and their parameters refused.
"""

from __future__ import annotations

from typing import Any

from billing_canary.reference.provider.calendar import Rhythm, period_from
from billing_canary.reference.provider.cards import decline, find_card
from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.provider.invoices import Invoices
from billing_canary.reference.provider.params import Params, body_params, query_params
from billing_canary.reference.provider.renewals import LIVE, Renewals
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, Call, Route

KIND = "subscription"

_CREATE = """customer items default_payment_method payment_behavior metadata cancel_at_period_end
    collection_method off_session description expand""".split()
_UPDATE = "default_payment_method metadata cancel_at_period_end description expand".split()
_BEHAVIOURS = ("allow_incomplete", "error_if_incomplete")
_ENDED = ("canceled", "incomplete_expired")


class Subscriptions:
    """The endpoints below /v1/subscriptions."""

    def __init__(self, state: ProviderState, invoices: Invoices, renewals: Renewals) -> None:
        self._state, self._invoices, self._renewals = state, invoices, renewals

    def routes(self) -> list[Route]:
        """These endpoints."""
        base, one = "/v1/subscriptions", "/v1/subscriptions/<subscription_id>"
        return [
            Route(method="POST", path=base, handler=self.create),
            Route(method="GET", path=base, handler=self.list),
            Route(method="GET", path=one, handler=self.retrieve),
            Route(method="POST", path=one, handler=self.update),
            Route(method="DELETE", path=one, handler=self.cancel),
        ]

    def create(self, call: Call) -> Answer:
        """Begin a subscription and try to pay its first invoice."""
        params = body_params(call)
        params.allow(_CREATE)
        behaviour = params.text("payment_behavior", "allow_incomplete")
        if behaviour not in _BEHAVIOURS:
            raise invalid("payment_behavior", f"must be one of {', '.join(_BEHAVIOURS)} here")
        if params.text("collection_method", "charge_automatically") != "charge_automatically":
            raise invalid("collection_method", "Only charge_automatically is known here.")
        customer = self._state.living("customer", params.text("customer"))["id"]
        item, method = self._item(params), self._method(params, customer)
        card = find_card(self._state, method)
        if behaviour == "error_if_incomplete" and card.decline_code and _amount(item):
            return decline(card)
        subscription = self._new(params, customer, item, method)
        self._state.emit("customer.subscription.created", subscription)
        self._invoices.collect(self._invoices.bill(subscription, "subscription_create"), subscription, method)
        self._renewals.watch()
        return self._answer(subscription, params)

    def list(self, call: Call) -> Answer:
        """Subscriptions, newest first; ended ones only when asked for by their status, or with "all"."""
        params = query_params(call)
        params.allow(("customer", "status", "price", "limit", "starting_after", "expand"))
        customer, status = params.text("customer"), params.text("status")

        def wanted(subscription: Resource) -> bool:
            fits = status in {"all", subscription["status"]}
            fits = fits or (not status and subscription["status"] not in _ENDED)
            return fits and customer in {"", subscription["customer"]}

        return self._state.page(KIND, "/v1/subscriptions", params, wanted)

    def retrieve(self, call: Call) -> Answer:
        """One subscription."""
        return self._answer(self._find(call), query_params(call))

    def update(self, call: Call) -> Answer:
        """Change the card, the metadata, or whether it ends with its period."""
        subscription, params = self._find(call), body_params(call)
        params.allow(_UPDATE)
        if subscription["status"] in _ENDED:
            raise invalid("id", f"A {subscription['status']} subscription can only change its metadata.")
        if "default_payment_method" in params.values:
            subscription["default_payment_method"] = self._method(params, subscription["customer"])
        if "cancel_at_period_end" in params.values:
            self._cancel_later(subscription, wanted=params.flag("cancel_at_period_end"))
        subscription["metadata"].update(params.mapping("metadata"))
        self._state.emit("customer.subscription.updated", subscription)
        return self._answer(subscription, params)

    def cancel(self, call: Call) -> Answer:
        """End it now; nothing is given back."""
        subscription = self._find(call)
        if subscription["status"] in _ENDED:
            raise invalid("id", f"No such subscription: '{subscription['id']}'", "resource_missing")
        self._renewals.end(subscription)
        return Answer(body=subscription)

    def _find(self, call: Call) -> Resource:
        return self._state.find(KIND, call.arguments["subscription_id"])

    def _new(self, params: Params, customer: str, item: Resource, method: str) -> Resource:
        now, price = int(self._state.clock.now()), item["price"]
        rhythm = Rhythm(interval=price["recurring"]["interval"], count=price["recurring"]["interval_count"])
        start, end = period_from(now, now, rhythm)
        subscription = self._state.create(
            KIND,
            "sub",
            billing_cycle_anchor=now,
            cancel_at=None,
            cancel_at_period_end=False,
            canceled_at=None,
            collection_method="charge_automatically",
            currency=price["currency"],
            customer=customer,
            default_payment_method=method,
            description=params.text("description") or None,
            ended_at=None,
            latest_invoice=None,
            metadata=params.mapping("metadata"),
            start_date=now,
            status="incomplete",
        )
        item.update(current_period_start=start, current_period_end=end, subscription=subscription["id"])
        item["id"] = f"si_{subscription['id'].removeprefix('sub_')}"
        url = f"/v1/subscription_items?subscription={subscription['id']}"
        subscription["items"] = {"object": "list", "data": [item], "has_more": False, "url": url}
        if params.flag("cancel_at_period_end"):
            self._cancel_later(subscription, wanted=True)
        return subscription

    def _item(self, params: Params) -> Resource:
        items: Any = params.values.get("items")
        if not isinstance(items, dict) or len(items) != 1:
            raise invalid("items", "Exactly one item is known here.")
        (given,) = items.values()
        given = Params(given if isinstance(given, dict) else {})
        given.allow(("price", "quantity"))
        price = self._state.find("price", given.text("price"))
        if not price["recurring"]:
            raise invalid("items[0][price]", "The price must be recurring.")
        quantity = given.amount("quantity", default=1)
        return {
            "id": "",
            "object": "subscription_item",
            "created": int(self._state.clock.now()),
            "metadata": {},
            "price": dict(price),
            "quantity": quantity,
        }

    def _method(self, params: Params, customer: str) -> str:
        method_id = params.text("default_payment_method")
        if not method_id:
            message = "This customer has no attached payment source or default payment method."
            raise invalid("default_payment_method", message, "resource_missing")
        if self._state.find("payment_method", method_id)["customer"] != customer:
            message = "The customer does not have this payment method; attach it first."
            raise invalid("default_payment_method", message, "resource_missing")
        return method_id

    def _cancel_later(self, subscription: Resource, *, wanted: bool) -> None:
        end = subscription["items"]["data"][0]["current_period_end"]
        subscription.update(
            cancel_at_period_end=wanted,
            cancel_at=end if wanted else None,
            canceled_at=int(self._state.clock.now()) if wanted else None,
        )

    def _answer(self, subscription: Resource, params: Params) -> Answer:
        if "latest_invoice" in params.strings("expand") and subscription["latest_invoice"]:
            invoice = self._state.find("invoice", subscription["latest_invoice"])
            return Answer(body={**subscription, "latest_invoice": invoice})
        return Answer(body=subscription)


def end_all(state: ProviderState, renewals: Renewals, customer: str) -> None:
    """End every subscription of a customer that is deleted."""
    for subscription in list(state.all(KIND)):
        if subscription["customer"] == customer and subscription["status"] in LIVE:
            renewals.end(subscription)


def _amount(item: Resource) -> int:
    return int(item["price"]["unit_amount"] * item["quantity"])

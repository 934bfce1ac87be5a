"""The backend's calls about subscriptions at its payment provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from billing_canary.reference.backend.payments import PaymentsClient
from billing_canary.reference.backend.plans import Plan

_WITH_INVOICE = {"expand[]": "latest_invoice"}


class SubscriptionClient:
    """Every method answers the provider's object.

    Raises (every method):
        ApiError: 402 when a card is declined, 502 when the provider fails or refuses.
    """

    def __init__(self, payments: PaymentsClient) -> None:
        self._payments = payments
        self._prices: dict[str, str] = {}

    def card(self, card: str, customer: str, key: str) -> str:
        """The id of `card` once it is attached to `customer`."""
        method = self._payments.payment_method(card, key)
        path = f"/v1/payment_methods/{quote(method)}/attach"
        return str(self._payments.send("POST", path, {"customer": customer}, key=f"attach:{key}")["id"])

    def begin(self, form: Mapping[str, str], key: str) -> dict[str, Any]:
        """A new subscription whose first invoice is paid; a declined card leaves none behind."""
        behaviour = {"payment_behavior": "error_if_incomplete", "off_session": "true"}
        return self._payments.send(
            "POST", "/v1/subscriptions", {**form, **behaviour, **_WITH_INVOICE}, key=key
        )

    def read(self, subscription: str) -> dict[str, Any]:
        """The subscription as it is now, with its latest invoice."""
        return self._payments.send("GET", f"{_path(subscription)}?{urlencode(_WITH_INVOICE)}")

    def update(self, subscription: str, **fields: str) -> dict[str, Any]:
        """Change `fields` of it."""
        return self._payments.send("POST", _path(subscription), {**fields, **_WITH_INVOICE})

    def cancel(self, subscription: str) -> dict[str, Any]:
        """End it now."""
        return self._payments.send("DELETE", _path(subscription))

    def pay(self, invoice: str) -> dict[str, Any]:
        """Try to pay an open invoice with the subscription's card."""
        return self._payments.send("POST", f"/v1/invoices/{quote(invoice)}/pay", {"off_session": "true"})

    def price(self, plan: Plan, currency: str) -> str:
        """The id of the monthly price of `plan`; it is made when the provider has none yet."""
        amount = plan.price_in(currency)
        name = f"billing-canary-{plan.id}-{currency.lower()}-{amount}"
        if name not in self._prices:
            self._prices[name] = self._found_price(name) or self._new_price(plan, currency, name)
        return self._prices[name]

    def _found_price(self, name: str) -> str:
        query = urlencode({"lookup_keys[]": name, "limit": "1"})
        found = self._payments.send("GET", f"/v1/prices?{query}").get("data") or [{}]
        return str(found[0].get("id", ""))

    def _new_price(self, plan: Plan, currency: str, name: str) -> str:
        form = {
            "currency": currency.lower(),
            "unit_amount": str(plan.price_in(currency)),
            "recurring[interval]": "month",
            "product_data[name]": plan.title,
            "lookup_key": name,
        }
        return str(self._payments.send("POST", "/v1/prices", form, key=f"price:{name}")["id"])


def _path(subscription: str) -> str:
    return f"/v1/subscriptions/{quote(subscription)}"

"""Objects that the provider itself showed in this run and called test objects: the proof for later writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Lock
from typing import Any

from billing_canary.money import Money

_INTERESTING = ("/v1/payment_intents", "/v1/prices", "/v1/customers")


class Sightings:
    """Amounts by id of the payment intents and one-off prices seen, and the customers seen."""

    def __init__(self) -> None:
        self.payments: dict[str, Money] = {}
        self.prices: dict[str, Money] = {}
        self.customers: set[str] = set()
        self._lock = Lock()

    def look(self, path: str, body: bytes, *, whole: bool) -> dict[str, Any]:
        """Remember what the provider's answer to `path` shows; the answer as a table, empty when it is none.

        An object without an explicit `livemode: false` and an integer amount proves nothing.

        Args:
            path: below the provider's base address.
            body: the answer.
            whole: read it in any case: it answers a request that moves money.
        """
        if not whole and not path.startswith(_INTERESTING):
            return {}
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return {}
        with self._lock:
            for each in _objects(document):
                self._remember(each)
        return document if isinstance(document, dict) else {}

    def _remember(self, each: dict[str, Any]) -> None:
        name = each.get("id")
        if each.get("livemode") is not False or not isinstance(name, str) or not name:
            return
        if each.get("object") == "payment_intent":
            _put(self.payments, each, "amount")
        elif each.get("object") == "price" and each.get("recurring") is None:
            _put(self.prices, each, "unit_amount")
        elif each.get("object") == "customer":
            self.customers.add(name)


def _put(known: dict[str, Money], each: dict[str, Any], key: str) -> None:
    """Keep the largest amount that an object ever showed: a later, smaller one frees nothing."""
    try:
        amount = Money(minor=each[key], currency=each["currency"])
    except (KeyError, ValueError, AttributeError):
        known.pop(each["id"], None)
        return
    before = known.get(each["id"])
    if before is None or before.currency != amount.currency or before < amount:
        known[each["id"]] = amount


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
        data = document.get("data")
        if isinstance(data, list):
            yield from (each for each in data if isinstance(each, dict))

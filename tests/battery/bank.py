"""A payment provider as a sink: it keeps what it was asked, and every movement of money that came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fakes.server import Call, Reply, answer_json

from billing_canary.money import Money

DECLINED = "pm_card_chargeDeclined"
_INTENT = re.compile(r"/v1/payment_intents/(\w+)(?:/(confirm|capture|cancel))?")
_OBJECT = re.compile(r"/v1/(customers|prices|products|payment_methods)/(\w+)")

Document = dict[str, Any]
Answer = tuple[int, Document]


@dataclass(kw_only=True)
class Intent:
    """A payment intent and what became of it."""

    id: str
    amount: Money
    status: str = "requires_payment_method"
    manual: bool = False
    received: int = 0
    refunded: int = 0
    customer: str = ""
    run_id: str = ""

    def show(self) -> Document:
        return {
            "id": self.id,
            "object": "payment_intent",
            "livemode": False,
            "amount": self.amount.minor,
            "amount_received": self.received,
            "currency": self.amount.currency.lower(),
            "status": self.status,
            "customer": self.customer or None,
            "metadata": {"run_id": self.run_id},
        }


def refusal(status: int, code: str) -> Answer:
    kind = (
        "card_error" if status == 402 else "idempotency_error" if status == 409 else "invalid_request_error"
    )
    return status, {"error": {"type": kind, "code": code, "message": code.replace("_", " ")}}


@dataclass
class Bank:
    """Moves money as the provider does. `honours_keys`: a repeated key answers as before, no more."""

    honours_keys: bool = True
    intents: dict[str, Intent] = field(default_factory=dict)
    movements: list[tuple[str, Money]] = field(default_factory=list)
    objects: dict[str, Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._answered: dict[tuple[str, str], tuple[Mapping[str, str], Answer]] = {}
        self._numbers = count(1)

    def moved(self, currency: str = "RUB") -> int:
        """Minor units of `currency` that left in all, refunds included."""
        return sum(amount.minor for _, amount in self.movements if amount.currency == currency)

    def answer(self, call: Call) -> Reply:
        """One HTTP request's answer."""
        if call.method == "GET":
            status, document = self.read(call.path, dict(_pairs(call.query)))
        else:
            fields = {name: values[-1] for name, values in call.form.items()}
            status, document = self.write(
                call.path, fields, call.headers.get("Idempotency-Key", ""), call.method
            )
        return answer_json(document, status)

    def write(self, path: str, fields: Mapping[str, str], key: str, method: str = "POST") -> Answer:
        """Act on a write, or answer a repeated one; keys are known for each path apart."""
        before = self._answered.get((path, key)) if key and self.honours_keys else None
        if before is not None:
            return before[1] if before[0] == fields else refusal(409, "idempotency_key_in_use")
        answer = self._act(path, fields, method)
        self._answered[(path, key)] = (dict(fields), answer)
        return answer

    def read(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/v1/balance":
            return 200, {"object": "balance", "livemode": False}
        if path in {"/v1/payment_intents", "/v1/customers", "/v1/events"}:
            return 200, self._list(path, query)
        found = _INTENT.fullmatch(path)
        if found and found[1] in self.intents:
            return 200, self.intents[found[1]].show()
        known = _OBJECT.fullmatch(path)
        return (
            (200, self.objects[known[2]]) if known and known[2] in self.objects else refusal(404, "missing")
        )

    def make(self, amount: Money, **more: Any) -> Intent:
        """A payment intent that is there without anybody's request."""
        intent = Intent(id=f"pi_{next(self._numbers)}", amount=amount, **more)
        self.intents[intent.id] = intent
        return intent

    def put(self, kind: str, **fields: Any) -> Document:
        """Another test object."""
        plain = {"id": f"{kind}_{next(self._numbers)}", "object": kind, "livemode": False}
        document = plain | fields
        self.objects[str(document["id"])] = document
        return document

    def _act(self, path: str, fields: Mapping[str, str], method: str) -> Answer:
        found = _INTENT.fullmatch(path)
        if found:
            return self._step(found[1], found[2] or "update", fields)
        acts: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "/v1/payment_intents": self._create,
            "/v1/refunds": self._refund,
            "/v1/prices": self._price,
        }
        if path in acts:
            return acts[path](fields)
        if method == "DELETE":
            return 200, {"id": path.rpartition("/")[2], "object": "customer", "deleted": True}
        return 200, self.put(path.split("/")[2].rstrip("s"), object=path.split("/")[2].rstrip("s"))

    def _create(self, fields: Mapping[str, str]) -> Answer:
        intent = self.make(
            Money(minor=int(fields["amount"]), currency=fields["currency"]),
            manual=fields.get("capture_method") == "manual",
            customer=fields.get("customer", ""),
            run_id=fields.get("metadata[run_id]", ""),
        )
        return (
            self._step(intent.id, "confirm", fields)
            if fields.get("confirm") == "true"
            else (200, intent.show())
        )

    def _step(self, payment: str, step: str, fields: Mapping[str, str]) -> Answer:
        intent = self.intents.get(payment)
        if intent is None:
            return refusal(404, "resource_missing")
        if fields.get("capture_method") == "manual":
            intent.manual = True
        if step == "cancel":
            intent.status = "canceled"
        elif step == "confirm":
            return self._confirm(intent, fields.get("payment_method", "pm_card_visa"))
        elif step == "capture":
            return self._capture(intent, int(fields.get("amount_to_capture", intent.amount.minor)))
        return 200, intent.show()

    def _confirm(self, intent: Intent, card: str) -> Answer:
        if intent.status not in {"requires_payment_method", "requires_confirmation"}:
            return refusal(400, "payment_intent_unexpected_state")
        if card == DECLINED:
            return refusal(402, "card_declined")
        if intent.manual:
            intent.status = "requires_capture"
            return 200, intent.show()
        return self._take(intent, intent.amount.minor, "confirm")

    def _capture(self, intent: Intent, part: int) -> Answer:
        if intent.status != "requires_capture" or part > intent.amount.minor:
            return refusal(400, "payment_intent_unexpected_state")
        return self._take(intent, part, "capture")

    def _take(self, intent: Intent, minor: int, how: str) -> Answer:
        intent.status, intent.received = "succeeded", minor
        self.movements.append((f"{how} {intent.id}", Money(minor=minor, currency=intent.amount.currency)))
        return 200, intent.show()

    def _refund(self, fields: Mapping[str, str]) -> Answer:
        intent = self.intents.get(fields.get("payment_intent", ""))
        if intent is None:
            return refusal(404, "resource_missing")
        part = int(fields.get("amount", intent.received - intent.refunded))
        if part <= 0 or part > intent.received - intent.refunded:
            return refusal(400, "charge_already_refunded")
        intent.refunded += part
        self.movements.append((f"refund {intent.id}", Money(minor=part, currency=intent.amount.currency)))
        return 200, {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "amount": part,
            "status": "succeeded",
        }

    def _price(self, fields: Mapping[str, str]) -> Answer:
        amount, currency = int(fields["unit_amount"]), fields["currency"]
        return 200, self.put("price", unit_amount=amount, currency=currency, recurring=None)

    def _list(self, path: str, query: Mapping[str, str]) -> Document:
        wanted = query.get("customer")
        shown = [each.show() for each in self.intents.values() if wanted in {None, each.customer}]
        data = shown if path == "/v1/payment_intents" else []
        return {"object": "list", "data": data, "has_more": False, "url": path}


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


def body_of(document: Any) -> bytes:
    return json.dumps(document).encode()

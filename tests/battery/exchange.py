"""Requests on their way: begun, delivered and answered in any order, as threads and a bad network do it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.battery.bank import Answer, Bank, Document, refusal

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.guard.spend_ledger import Row
from billing_canary.guard.target_call import CallKind, MoneyPlace, TargetCall, Unit
from billing_canary.money import Money

PROVIDER, BACKEND = "https://pay.test", "https://shop.test"
INTENTS = "/v1/payment_intents"
PLACES = (MoneyPlace(keys=("amount",), unit=Unit.MINOR), MoneyPlace(keys=("currency",), unit=Unit.CURRENCY))


@dataclass(kw_only=True)
class Sent:
    """One request that the guard let pass. `receive` is what the other side does each time it arrives."""

    url: str
    row: Row | None
    receive: Callable[[], Answer]
    call: TargetCall | None = None
    at_once: bool = False
    has_key: bool = True
    answer: Answer | None = None


@dataclass
class Exchange:
    """A guard between a harness and a bank; the backend charges through the same bank."""

    policy: MoneyPolicy
    honours_keys: bool = True
    on_the_way: list[Sent] = field(default_factory=list)
    top_ups: dict[tuple[str, str, str], tuple[Money, Answer]] = field(default_factory=dict)
    moved_once: set[tuple[str, str, Money]] = field(default_factory=set)
    repeated: dict[str, int] = field(default_factory=dict)
    told_at_last_fresh: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bank = Bank(honours_keys=self.honours_keys)
        self.guard = Guard(self.policy, provider_url=PROVIDER, backend_url=BACKEND)
        self.guard.made_by_target("cus_1")
        self._show("/v1/customers/cus_1", {"id": "cus_1", "object": "customer", "livemode": False})

    def create(self, key: str, amount: Money, *, confirm: bool = False, manual: bool = False) -> None:
        fields = {"amount": str(amount.minor), "currency": amount.currency.lower()}
        fields |= {"confirm": "true"} if confirm else {}
        fields |= {"capture_method": "manual"} if manual else {}
        self._to_provider(INTENTS, fields, key, at_once=confirm)

    def confirm(self, payment: str, key: str, card: str, *, manual: bool = False) -> None:
        """As the harness does it: a look first."""
        self.look(payment)
        fields = {"payment_method": card} | ({"capture_method": "manual"} if manual else {})
        self._to_provider(f"{INTENTS}/{payment}/confirm", fields, key)

    def capture(self, payment: str, key: str, part: int) -> None:
        self._to_provider(f"{INTENTS}/{payment}/capture", {"amount_to_capture": str(part)}, key)

    def refund(self, payment: str, key: str, part: int) -> None:
        self._to_provider("/v1/refunds", {"payment_intent": payment, "amount": str(part)}, key)

    def look(self, payment: str) -> None:
        """Fetch a payment; the provider tells the truth about it."""
        status, document = self.bank.read(f"{INTENTS}/{payment}", {})
        if status == 200:
            self._show(f"{INTENTS}/{payment}", document)

    def top_up(self, account: str, key: str, amount: Money, *, at_once: bool = False) -> None:
        kind = CallKind.MOVES_AT_ONCE if at_once else CallKind.MOVES
        call = TargetCall(
            operation="charge_saved_card" if at_once else "create_top_up",
            kind=kind,
            amount=amount,
            key=key,
            account=account,
            places=PLACES,
            currency=amount.currency,
        )
        body = json.dumps({"amount": amount.minor, "currency": amount.currency})
        url, headers = f"{BACKEND}/accounts/{account}/topups", {"Idempotency-Key": key}
        self._begin(url, headers, body, lambda: self._charge(call), call=call)

    def deliver(self, number: int) -> None:
        """Let a request arrive, or arrive once more; all that it moves must be in the ledger.

        Only one with a key is ever sent on twice: without it no proxy and no client knows that it may.
        """
        sent = self.on_the_way[number]
        if sent.answer is not None and not sent.has_key:
            return
        before = len(self.bank.movements)
        sent.answer = sent.receive()
        for _, moved in self.bank.movements[before:]:
            assert sent.row is not None, "money moved without a row in the ledger"
            spending = sent.row.spending
            movement = (spending.what, spending.key, moved)
            if movement in self.moved_once and not spending.payment:
                self.repeated[moved.currency] = self.repeated.get(moved.currency, 0) + moved.minor
            self.moved_once.add(movement)

    def answer(self, number: int, twist: Callable[[Document], Document], status: int | None = None) -> None:
        """Let the answer of a delivered request come back, perhaps a twisted one."""
        sent = self.on_the_way[number]
        if sent.answer is None:
            return
        self.on_the_way.pop(number)
        real, document = sent.answer
        shown = twist(document) if real == 200 else document
        try:
            self.guard.after_answer(sent.url, sent.row, status or real, json.dumps(shown).encode())
            made = shown.get("id")
            if sent.call is not None and (status or real) == 200 and isinstance(made, str):
                self.guard.payment_of(sent.call, made)
        except RefusedError:
            pass

    def lose(self, number: int) -> None:
        """Nobody ever reads the answer; whether the request arrives is told by `deliver` before."""
        sent = self.on_the_way.pop(number)
        if sent.row is not None:
            self.guard.ledger.answered(sent.row, "unanswered")

    def told(self, currency: str) -> int:
        """Minor units that were counted once more because an answer showed a repetition."""
        entries = self.guard.ledger.entries()
        return sum(
            e.amount.minor for e in entries if "acted twice" in e.answer and e.amount.currency == currency
        )

    def counted(self, currency: str) -> int:
        return sum(money.minor for money in self.guard.ledger.totals() if money.currency == currency)

    def _charge(self, call: TargetCall) -> Answer:
        """The backend: one payment for each operation, account and key, as long as it honours keys."""
        assert call.amount is not None
        known = (call.operation, call.account, call.key)
        if self.honours_keys and known in self.top_ups:
            amount, answer = self.top_ups[known]
            return answer if amount == call.amount else refusal(409, "other_amount")
        fields = {"amount": str(call.amount.minor), "currency": call.amount.currency.lower()}
        fields |= {"confirm": "true"} if call.kind is CallKind.MOVES_AT_ONCE else {}
        answer = self.bank.write(INTENTS, fields, "")
        self.top_ups[known] = (call.amount, answer)
        return answer

    def _to_provider(self, path: str, fields: dict[str, str], key: str, *, at_once: bool = False) -> None:
        headers = {"Idempotency-Key": key} if key else {}
        body = urlencode(fields)
        self._begin(
            PROVIDER + path, headers, body, lambda: self.bank.write(path, fields, key), at_once=at_once
        )

    def _begin(
        self, url: str, headers: dict[str, str], body: str, receive: Callable[[], Answer], **more: Any
    ) -> None:
        try:
            row = self.guard.before_request("POST", url, headers, body, more.get("call"))
        except RefusedError:
            return
        if row is not None and row.counted:
            currency = row.spending.amount.currency
            self.told_at_last_fresh[currency] = self.told(currency)
        has_key = bool(headers.get("Idempotency-Key"))
        self.on_the_way.append(Sent(url=url, row=row, receive=receive, has_key=has_key, **more))

    def _show(self, path: str, document: Document) -> None:
        try:
            self.guard.before_request("GET", PROVIDER + path, {}, None)
            self.guard.after_answer(PROVIDER + path, None, 200, json.dumps(document).encode())
        except RefusedError:
            pass

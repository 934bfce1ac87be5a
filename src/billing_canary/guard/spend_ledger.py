"""Caps that hold: every amount is reserved before it is sent, once for each idempotency key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock

from billing_canary.errors import RefusedError
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.model import SpendEntry
from billing_canary.money import Money

CAPS_RULE = "caps"


@dataclass(kw_only=True)
class _Reservation:
    what: str
    amount: Money
    total: Money
    key: str
    answer: str = "unanswered"


class SpendLedger:
    """What one run has sent or may have sent. A reservation is never given back.

    An unanswered request may have moved the money, so it stays counted; a retry with the same key
    cannot move it twice, so it counts once.
    """

    def __init__(self, policy: MoneyPolicy) -> None:
        self._policy = policy
        self._lock = Lock()
        self._by_key: dict[str, _Reservation] = {}
        self._order: list[_Reservation] = []

    def reserve(self, what: str, amount: Money, key: str) -> None:
        """Count `amount` under the idempotency `key` before it is sent.

        Raises:
            RefusedError: over a cap, no cap for the currency, or not positive. The same key with another
                amount counts as another request: the target may take it for one.
        """
        with self._lock:
            known = self._by_key.get(key)
            if known is not None and known.amount == amount:
                return
            self._check(what, amount)
            entry = _Reservation(
                what=what, amount=amount, total=self._total(amount.currency) + amount, key=key
            )
            self._by_key[key] = entry
            self._order.append(entry)

    def link(self, key: str, payment: str) -> None:
        """Let the reservation under `key` also stand for the `payment` that came of it."""
        with self._lock:
            if key in self._by_key:
                self._by_key.setdefault(payment, self._by_key[key])

    def answered(self, key: str, answer: str) -> None:
        """Record what came back for the reservation under `key`."""
        with self._lock:
            if key in self._by_key:
                self._by_key[key].answer = answer

    def holds(self, key: str) -> bool:
        """Whether an amount is reserved under `key` (an idempotency key or a payment's id)."""
        with self._lock:
            return key in self._by_key

    def total_of(self, keep: Callable[[str], bool]) -> tuple[Money, ...]:
        """Sums by currency of the reservations whose idempotency key satisfies `keep`."""
        with self._lock:
            return sum_by_currency(entry.amount for entry in self._order if keep(entry.key))

    def entries(self) -> tuple[SpendEntry, ...]:
        """Every reservation in the order in which it was made."""
        with self._lock:
            return tuple(
                SpendEntry(
                    what=e.what, amount=e.amount, total=e.total, idempotency_key=e.key, answer=e.answer
                )
                for e in self._order
            )

    def _total(self, currency: str) -> Money:
        spent = sum(entry.amount.minor for entry in self._order if entry.amount.currency == currency)
        return Money(minor=spent, currency=currency)

    def _check(self, what: str, amount: Money) -> None:
        per_call = self._policy.per_call.get(amount.currency)
        per_run = self._policy.per_run.get(amount.currency)
        if per_call is None or per_run is None:
            raise RefusedError(CAPS_RULE, f"{what}: {amount.currency} has no cap in gates/money.toml")
        if amount.minor <= 0:
            raise RefusedError(CAPS_RULE, f"{what}: {amount} is no positive amount")
        if amount > per_call:
            raise RefusedError(CAPS_RULE, f"{what}: {amount} is over the cap of {per_call} for one call")
        total = self._total(amount.currency) + amount
        if total > per_run:
            raise RefusedError(CAPS_RULE, f"{what}: {total} in all is over the cap of {per_run} for the run")


def sum_by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum for each currency in `amounts`, ordered by its code."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
    return tuple(sums[code] for code in sorted(sums))

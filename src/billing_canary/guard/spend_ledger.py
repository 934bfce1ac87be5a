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


@dataclass(frozen=True, kw_only=True)
class Spending:
    """One money-moving request that is about to leave.

    Attributes:
        key: identifies the movement: the same call with the same key and amount moves it once.
        payment: the payment intent that is moved, where the request names one.
        sent_as: the idempotency key that the request carries; `key` when it is empty.
    """

    what: str
    amount: Money
    key: str
    payment: str = ""
    sent_as: str = ""


@dataclass(kw_only=True)
class Row:
    """One money-moving request of the ledger, and what became of it."""

    spending: Spending
    total: Money
    counted: bool
    answer: str = "unanswered"


class SpendLedger:
    """What one run has sent or may have sent. A reservation is never given back.

    An unanswered request may have moved the money, so it stays counted; a retry with the same key
    cannot move it twice, so it counts once.
    """

    def __init__(self, policy: MoneyPolicy) -> None:
        self._policy = policy
        self._lock = Lock()
        self._counted: dict[tuple[str, str], set[Money]] = {}
        self._by_payment: dict[str, Money] = {}
        self._payments_of: dict[tuple[str, str], set[str]] = {}
        self._totals: dict[str, int] = {}
        self._rows: list[Row] = []

    def reserve(self, spending: Spending) -> Row:
        """Count the amount of `spending` before it is sent, unless it is counted already.

        Raises:
            RefusedError: over a cap, no cap for the currency, not positive, or a payment in another
                currency than the one reserved for it. The same key with another amount counts as another
                request: the target may take it for one.
        """
        with self._lock:
            self._check_payment_currency(spending)
            covered = self._is_covered(spending)
            if not covered:
                self._check(spending)
                self._count(spending)
            row = Row(spending=spending, total=self._total(spending.amount.currency), counted=not covered)
            self._rows.append(row)
            return row

    def link(self, what: str, key: str, payment: str, *, covers: bool = True) -> bool:
        """Note that `payment` came of `what` under `key`, and let that reservation also stand for it.

        Args:
            what: as in the reservation.
            key: as in the reservation.
            payment: the provider's id.
            covers: False when the money moved at once, so that a later step would move more.

        Returns:
            False when another payment came of the same key before: its reservation stands for that one only.
        """
        with self._lock:
            known = self._payments_of.setdefault((what, key), set())
            is_first, is_new = not known, payment not in known
            known.add(payment)
            amounts = self._counted.get((what, key))
            if is_first and covers and amounts:
                self._by_payment.setdefault(payment, max(amounts, key=lambda amount: amount.minor))
            return is_first or not is_new

    def count_again(self, row: Row, reason: str) -> None:
        """Count the amount of `row` once more: its key did not keep the other side from acting twice.

        Raises:
            RefusedError: the run is over its cap now.
        """
        with self._lock:
            self._count(row.spending)
            total = self._total(row.spending.amount.currency)
            self._rows.append(Row(spending=row.spending, total=total, counted=True, answer=reason))
            cap = self._policy.per_run.get(total.currency)
            if cap is None or total > cap:
                raise RefusedError(CAPS_RULE, f"{reason}: {total} in all is over the cap", ends_run=True)

    def answered(self, row: Row, answer: str) -> None:
        """Record what came back for `row`."""
        with self._lock:
            row.answer = answer

    def holds(self, payment: str) -> bool:
        """Whether an amount is reserved for `payment`."""
        with self._lock:
            return payment in self._by_payment

    def reserved_for(self, payment: str) -> Money | None:
        """The amount that is reserved for `payment`."""
        with self._lock:
            return self._by_payment.get(payment)

    def total_of(self, keep: Callable[[str], bool]) -> tuple[Money, ...]:
        """Sums by currency of what was counted under keys that satisfy `keep`."""
        with self._lock:
            return sum_by_currency(
                row.spending.amount for row in self._rows if row.counted and keep(row.spending.key)
            )

    def totals(self) -> tuple[Money, ...]:
        """Sums by currency of everything that was counted."""
        with self._lock:
            return tuple(self._total(currency) for currency in sorted(self._totals))

    def entries(self) -> tuple[SpendEntry, ...]:
        """Every money-moving request in the order in which it was made."""
        with self._lock:
            return tuple(
                SpendEntry(
                    what=row.spending.what,
                    amount=row.spending.amount,
                    total=row.total,
                    idempotency_key=row.spending.sent_as or row.spending.key,
                    answer=row.answer,
                    counted=row.counted,
                )
                for row in self._rows
            )

    def _is_covered(self, spending: Spending) -> bool:
        if spending.amount in self._counted.get((spending.what, spending.key), ()):
            return True
        reserved = self._by_payment.get(spending.payment) if spending.payment else None
        return reserved is not None and spending.amount <= reserved

    def _count(self, spending: Spending) -> None:
        amount = spending.amount
        self._counted.setdefault((spending.what, spending.key), set()).add(amount)
        if spending.payment:
            self._by_payment[spending.payment] = amount
        self._totals[amount.currency] = self._totals.get(amount.currency, 0) + amount.minor

    def _total(self, currency: str) -> Money:
        return Money(minor=self._totals.get(currency, 0), currency=currency)

    def _check_payment_currency(self, spending: Spending) -> None:
        reserved = self._by_payment.get(spending.payment) if spending.payment else None
        if reserved is not None and reserved.currency != spending.amount.currency:
            reason = f"{spending.what}: {spending.amount}, but {reserved} was reserved for {spending.payment}"
            raise RefusedError(CAPS_RULE, reason)

    def _check(self, spending: Spending) -> None:
        what, amount = spending.what, spending.amount
        per_call = self._policy.per_call.get(amount.currency)
        per_run = self._policy.per_run.get(amount.currency)
        if per_call is None or per_run is None:
            raise RefusedError(CAPS_RULE, f"{what}: {amount.currency} has no cap in gates/money.toml")
        if amount.minor <= 0:
            raise RefusedError(CAPS_RULE, f"{what}: {amount} is no positive amount")
        if amount > per_call:
            raise RefusedError(CAPS_RULE, f"{what}: {amount} is over the cap of {per_call} for one call")
        if self._totals.get(amount.currency, 0) + amount.minor > per_run.minor:
            total = self._total(amount.currency) + amount
            raise RefusedError(CAPS_RULE, f"{what}: {total} in all is over the cap of {per_run} for the run")


def sum_by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum for each currency in `amounts`, ordered by its code."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
    return tuple(sums[code] for code in sorted(sums))

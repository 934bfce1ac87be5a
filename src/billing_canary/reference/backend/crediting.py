"""Turns a payment that the provider took into a credit of the wallet; one way for every path."""

from __future__ import annotations

from dataclasses import dataclass

from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.ledger import Entry, Ledger
from billing_canary.reference.backend.payments import Payment
from billing_canary.reference.store import Row, Transaction


class PaymentMismatchError(Exception):
    """The payment cannot belong to its top-up; trying again would not help."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A payment, and how we learned of it.

    Attributes:
        payment: as the provider tells it.
        path: "webhook", "check" or "charge".
        copy: how many deliveries of the same event came before this one.
    """

    payment: Payment
    path: str
    copy: int = 0


class Crediting:
    """Finds the top-up of a payment and credits it."""

    def __init__(self, core: Core, ledger: Ledger) -> None:
        self._store, self._policies, self._ledger = core.store, core.policies, ledger

    def find_top_up(self, payment_id: str, metadata_top_up: str = "") -> Row | None:
        """The top-up of a payment.

        The top-up is recorded before the provider is called, so an event can overtake the answer
        that names the payment; then the id that we gave as metadata finds it.
        """
        row = self._store.one("SELECT * FROM top_up WHERE payment_intent = ?", payment_id)
        if row is None and metadata_top_up:
            sql = "SELECT * FROM top_up WHERE id = ? AND payment_intent IS NULL"
            row = self._store.one(sql, metadata_top_up)
        return row

    def credit(self, transaction: Transaction, top_up: Row, report: Report) -> None:
        """Credit `top_up` with what the provider took, once.

        Raises:
            PaymentMismatchError: wrong currency, nothing received, or more than was asked for.
        """
        amount = self._amount(top_up, report.payment)
        if not self._policies.credits_payments:
            return
        entry = Entry(
            account=top_up["account"],
            kind="topup",
            amount=amount,
            currency=top_up["currency"],
            reference=self._policies.credit_reference(top_up["id"], report.path, report.copy),
        )
        self._ledger.post(transaction, entry)
        transaction.execute("UPDATE top_up SET status = 'paid' WHERE id = ?", top_up["id"])

    def fail(self, transaction: Transaction, top_up: Row) -> None:
        """Note a failed payment; one that was paid meanwhile stays paid."""
        sql = "UPDATE top_up SET status = 'failed' WHERE id = ? AND status = 'pending'"
        transaction.execute(sql, top_up["id"])

    def _amount(self, top_up: Row, payment: Payment) -> int:
        policies = self._policies
        if policies.compares_currency and payment.currency != top_up["currency"]:
            raise PaymentMismatchError(f"paid in {payment.currency}, asked for {top_up['currency']}")
        received = policies.from_provider(payment.amount_received, payment.currency)
        if not policies.accepts_received(top_up["amount"], received):
            raise PaymentMismatchError(f"received {received}, asked for {top_up['amount']}")
        return policies.credited_amount(top_up["amount"], received)

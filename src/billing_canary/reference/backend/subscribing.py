"""Keeps our record of subscriptions and invoices in step with the provider's; one way for every path."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary

from billing_canary.reference.backend.agreement import LIVE, Agreement, Bill
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.plans import PLANS, Plan
from billing_canary.reference.store import Row, Transaction
from billing_canary.reference.web import ApiError

_LIVE_SQL = f"status IN ({', '.join(f'{status!r}' for status in LIVE)})"


class Subscribing:
    """The rows of subscriptions and invoices."""

    def __init__(self, core: Core) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def turn(self, subscription: str) -> threading.Lock:
        """Held from asking the provider to writing down what it said.

        Otherwise an answer that was asked for earlier could be written over a later one.
        """
        with self._guard:
            lock = self._locks.get(subscription)
            if lock is None:
                lock = self._locks[subscription] = threading.Lock()
            return lock

    def reserve(self, subscription: str, account: Row, plan: Plan) -> None:
        """Note that `account` is about to subscribe, before the provider hears of it.

        Raises:
            ApiError: 409 when it has a subscription already.
        """

        def check(transaction: Transaction) -> None:
            sql = f"SELECT 1 FROM subscription WHERE account = ? AND id != ? AND {_LIVE_SQL}"  # noqa: S608 - constants
            if transaction.one(sql, account["id"], subscription) is not None:
                raise ApiError(409, "subscription_exists", "this account has a subscription already")

        def hold(transaction: Transaction) -> None:
            transaction.execute(
                """INSERT INTO subscription (id, account, plan, status, created_at)
                VALUES (?, ?, ?, 'pending', ?)
                ON CONFLICT (id) DO UPDATE SET status = 'pending' WHERE status = 'failed'""",
                *(subscription, account["id"], plan.id, self._clock.now()),
            )

        self._policies.reserve_subscription(self._store, check, hold)

    def give_up(self, subscription: str) -> None:
        """The provider refused, so there is nothing to wait for."""
        with self._store.transaction() as transaction:
            transaction.execute(
                "UPDATE subscription SET status = 'failed' WHERE id = ? AND status = 'pending'", subscription
            )

    def find(self, provider_id: str, own_id: str) -> Row | None:
        """Our row of a subscription of the provider's.

        The row is there before the provider is called, so an event can overtake the answer that names
        the provider's id; then the id that we gave as metadata finds it.
        """
        row = self._store.one("SELECT * FROM subscription WHERE provider_subscription = ?", provider_id)
        if row is None and own_id:
            sql = "SELECT * FROM subscription WHERE id = ? AND provider_subscription IS NULL"
            row = self._store.one(sql, own_id)
        return row

    def live(self, account: str) -> list[Row]:
        """The subscriptions of `account` that have not ended."""
        return self._store.all(f"SELECT * FROM subscription WHERE account = ? AND {_LIVE_SQL}", account)  # noqa: S608 - constants

    def write(self, transaction: Transaction, subscription: str, agreement: Agreement) -> None:
        """Take over what the provider says of a subscription."""
        transaction.execute(
            """UPDATE subscription SET provider_subscription = ?, status = ?, period_start = ?,
            period_end = ?, cancel_at_period_end = ? WHERE id = ?""",
            *(agreement.id, agreement.status, agreement.period_start, agreement.period_end),
            *(agreement.cancel_at_period_end, subscription),
        )

    def note(self, transaction: Transaction, row: Row, bill: Bill) -> None:
        """Take over what the provider says of an invoice; one that was paid stays paid.

        A paid one grants the plan's units for its period, once.
        """
        units = PLANS[row["plan"]].quota_units if self._policies.grants_quota(bill) else None
        transaction.execute(
            """INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount_due = excluded.amount_due,
            amount_paid = excluded.amount_paid, units = excluded.units WHERE invoice.status != 'paid'""",
            *(bill.id, row["id"], bill.reason, bill.status, bill.amount_due, bill.amount_paid),
            *(bill.currency, bill.period_start, bill.period_end, units),
        )

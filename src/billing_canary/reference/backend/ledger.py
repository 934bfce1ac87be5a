"""The double-entry ledger and the balance beside it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.backend.core import Core
from billing_canary.reference.store import Transaction

_CONTRA_BOOK = {"topup": "provider_clearing", "usage": "revenue"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change of a wallet.

    Attributes:
        account: whose wallet.
        kind: "topup" or "usage".
        amount: minor units; positive raises the balance.
        currency: of the account.
        reference: what caused it; the same reference never counts twice.
    """

    account: str
    kind: str
    amount: int
    currency: str
    reference: str


class Ledger:
    """Posts entries. Callers hold the transaction, so that an entry and its cause stand or fall together."""

    def __init__(self, core: Core) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self._disruptions = core.disruptions

    def post(self, transaction: Transaction, entry: Entry) -> bool:
        """Post `entry` and change the balance; False when its reference was posted before.

        Raises:
            DisruptionError: a failing balance write was ordered.
        """
        ledger_id = f"ltx_{secrets.token_hex(8)}"
        cursor = transaction.execute(
            "INSERT OR IGNORE INTO ledger_transaction VALUES (?, ?, ?, ?, ?)",
            *(ledger_id, entry.account, entry.kind, entry.reference, self._clock.now()),
        )
        if cursor.rowcount == 0:
            return False
        amount = self._policies.kept_amount(entry.amount)
        if self._policies.enters_credits or amount < 0:
            self._enter(transaction, ledger_id, entry, amount)
        self._disruptions.strike(entry.account, "balance_write")
        self._policies.write_balance(self._store, transaction, entry.account, amount)
        return True

    def _enter(self, transaction: Transaction, ledger_id: str, entry: Entry, amount: int) -> None:
        sql = "INSERT INTO posting (ledger_transaction, book, amount, currency) VALUES (?, ?, ?, ?)"
        transaction.execute(sql, ledger_id, wallet_book(entry.account), amount, entry.currency)
        transaction.execute(sql, ledger_id, _CONTRA_BOOK[entry.kind], -amount, entry.currency)

    def entries(self, account: str) -> list[dict[str, Any]]:
        """The wallet's entries, oldest first."""
        rows = self._store.all(
            """SELECT posting.id, ledger_transaction AS "transaction", kind, amount, currency,
            reference, created_at
            FROM posting JOIN ledger_transaction ON ledger_transaction.id = posting.ledger_transaction
            WHERE book = ? ORDER BY posting.id""",
            wallet_book(account),
        )
        return [dict(row) for row in rows]


def wallet_book(account: str) -> str:
    """The book that holds what we owe to `account`."""
    return f"wallet:{account}"

"""Accounts, their wallets, and who may see them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from billing_canary.money import exponent
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.ledger import Ledger
from billing_canary.reference.backend.payments import PaymentsClient
from billing_canary.reference.store import Row, Store
from billing_canary.reference.web import Answer, ApiError, Call, Handler, Route

HELD_SQL = "SELECT coalesce(sum(held), 0) FROM usage_record WHERE account = ? AND state = 'held'"
"""Minor units of an account that running usage has taken hold of."""


class Access:
    """Checks keys: the admin key for everything, an account's own key for that account."""

    def __init__(self, store: Store, admin_key: str) -> None:
        self._store, self._admin_key = store, admin_key
        self._owners: dict[str, str] = {}

    def admin(self, handler: Handler) -> Handler:
        """`handler` for the admin key only."""

        def work(call: Call) -> Answer:
            if not self._is_admin(call):
                raise ApiError(401, "admin_key_required", "send the admin key as X-Admin-Key")
            return handler(call)

        return work

    def owner(self, handler: Handler) -> Handler:
        """`handler` for the account named in the path, by its own key or the admin key."""

        def work(call: Call) -> Answer:
            if not self._is_admin(call):
                self._require_own_key(call)
            return handler(call)

        return work

    def _is_admin(self, call: Call) -> bool:
        given = (call.header("X-Admin-Key"), _bearer(call))
        return any(hmac.compare_digest(key.encode(), self._admin_key.encode()) for key in given if key)

    def _require_own_key(self, call: Call) -> None:
        if self._owner(_hash(_bearer(call))) != call.arguments["account"]:
            raise ApiError(403, "forbidden", "this key belongs to another account")

    def _owner(self, api_key_sha256: str) -> str:
        """The account of a key. Kept once found: an account's key never changes."""
        owner = self._owners.get(api_key_sha256)
        if owner is None:
            row = self._store.one("SELECT id FROM account WHERE api_key_sha256 = ?", api_key_sha256)
            if row is None:
                raise ApiError(401, "api_key_invalid", "send the account's key as Authorization: Bearer ...")
            owner = self._owners.setdefault(api_key_sha256, str(row["id"]))
        return owner


class Accounts:
    """The endpoints that open, show and close accounts and show their wallets."""

    def __init__(self, core: Core, ledger: Ledger, payments: PaymentsClient) -> None:
        self._store, self._clock = core.store, core.clock
        self._ledger, self._payments = ledger, payments
        self._before_close: list[Callable[[str], None]] = []

    def before_close(self, work: Callable[[str], None]) -> None:
        """Do `work` for each account, by its id, right before it is closed."""
        self._before_close.append(work)

    def routes(self, access: Access) -> list[Route]:
        """These endpoints."""
        one = "/accounts/<account>"
        return [
            Route(method="POST", path="/accounts", handler=access.admin(self.open)),
            Route(method="GET", path="/accounts", handler=access.admin(self.of_run)),
            Route(method="GET", path=one, handler=access.owner(self.show)),
            Route(method="DELETE", path=one, handler=access.owner(self.close)),
            Route(method="GET", path=f"{one}/wallet", handler=access.owner(self.wallet)),
            Route(method="GET", path=f"{one}/ledger", handler=access.owner(self.ledger)),
        ]

    def find(self, account: str) -> Row:
        """The open account, or 404, or 410 when it was closed."""
        row = self._store.one("SELECT * FROM account WHERE id = ?", account)
        if row is None:
            raise ApiError(404, "account_not_found", "there is no such account")
        if row["closed_at"] is not None:
            raise ApiError(410, "account_closed", "this account was closed")
        return row

    def open(self, call: Call) -> Answer:
        """Open an account with an empty wallet and a customer at the provider."""
        fields = call.json_object()
        currency, quota = _currency(fields.get("currency")), _quota(fields.get("quota_units"))
        run_id = str(fields.get("run_id", ""))
        account, api_key = f"acct_{secrets.token_hex(8)}", f"acct_key_{secrets.token_hex(16)}"
        customer = self._payments.create_customer(account, run_id)
        with self._store.transaction() as transaction:
            transaction.execute(
                """INSERT INTO account
                (id, api_key_sha256, currency, customer, run_id, quota_units, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
                *(account, _hash(api_key), currency, customer, run_id, quota, self._clock.now()),
            )
        return Answer(
            status=201, body={"id": account, "api_key": api_key, "currency": currency, "customer": customer}
        )

    def of_run(self, call: Call) -> Answer:
        """The open accounts of exactly one run, oldest first; without their keys, which are stored hashed."""
        run_ids = [value for name, value in call.query if name == "run_id"]
        if len(run_ids) != 1 or not run_ids[0].strip():
            raise ApiError(400, "run_id_missing", "send one run_id that is not empty")
        rows = self._store.all(
            """SELECT id, customer, run_id FROM account
            WHERE run_id = ? AND closed_at IS NULL ORDER BY created_at, rowid""",
            run_ids[0],
        )
        return Answer(body={"accounts": [dict(row) for row in rows]})

    def show(self, call: Call) -> Answer:
        """The account without its key."""
        row = self.find(call.arguments["account"])
        shown = ("id", "currency", "customer", "run_id", "quota_units", "created_at")
        return Answer(body={name: row[name] for name in shown})

    def close(self, call: Call) -> Answer:
        """Close the account for good; the ledger is kept, and so is the customer at the provider.

        Its subscription ends at once: whoever left must not be charged again.
        """
        row = self.find(call.arguments["account"])
        for work in self._before_close:
            work(row["id"])
        with self._store.transaction() as transaction:
            transaction.execute("UPDATE account SET closed_at = ? WHERE id = ?", self._clock.now(), row["id"])
        return Answer(body={"id": row["id"], "closed": True})

    def wallet(self, call: Call) -> Answer:
        """What the account has, what is held, and what is left to spend."""
        row = self.find(call.arguments["account"])
        counted = self._store.one(HELD_SQL, row["id"])
        held: int = counted[0] if counted else 0
        balance: int = row["balance"]
        amounts = {"balance": balance, "held": held, "available": balance - held}
        return Answer(body={"currency": row["currency"], **amounts})

    def ledger(self, call: Call) -> Answer:
        """The wallet's entries and their sum."""
        row = self.find(call.arguments["account"])
        entries = self._ledger.entries(row["id"])
        total = sum(entry["amount"] for entry in entries)
        return Answer(body={"currency": row["currency"], "entries": entries, "total": total})


def _currency(value: Any) -> str:
    try:
        exponent(value if isinstance(value, str) else "")
    except ValueError:
        raise ApiError(422, "invalid_currency", "currency must be an ISO 4217 code such as RUB") from None
    return str(value).upper()


def _quota(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise ApiError(422, "invalid_quota", "quota_units must be an integer from 0, or absent")
    return value


def _bearer(call: Call) -> str:
    scheme, _, key = call.header("Authorization").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _hash(api_key: str) -> str:
    return hashlib.sha256(api_key.encode()).hexdigest()

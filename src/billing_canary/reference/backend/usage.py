"""Metered usage: ask the gate, hold the price, do the work, settle.

One unit costs one minor unit of the wallet, unless a subscription includes it.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.backend.accounts import HELD_SQL, Access, Accounts
from billing_canary.reference.backend.allowance import Allowance, Allowances
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.disruptions import DisruptionError
from billing_canary.reference.backend.ledger import Entry, Ledger
from billing_canary.reference.store import Row, Transaction
from billing_canary.reference.web import Answer, ApiError, Call, Route

_LARGEST_UNITS = 99_999_999
_PAYMENT_REQUIRED = 402

_MESSAGES = {
    "wallet_exhausted": "the wallet does not cover this; top it up",
    "quota_exhausted": "the quota of this account is used up",
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One usage request; `upstream_ok` tells how the work itself will end."""

    account: Row
    usage_id: str
    units: int
    upstream_ok: bool


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What a request takes hold of: minor units of the wallet, or units that `invoice` granted."""

    held: int = 0
    included: int = 0
    invoice: str | None = None


class Enforcement:
    """The kill switch of gating, and denials that are remembered for a while."""

    def __init__(self, core: Core) -> None:
        self.enabled = True
        self._policies, self._clock = core.policies, core.clock
        self._lock = threading.Lock()
        self._denied_until: dict[str, tuple[float, str]] = {}

    @property
    def active(self) -> bool:
        """Whether usage is gated at all."""
        return self.enabled and self._policies.gates_usage

    def remember_denial(self, account: str, code: str) -> None:
        """Note that `account` was denied."""
        with self._lock:
            self._denied_until[account] = (self._clock.now() + self._policies.denial_cache_s, code)

    def remembered_denial(self, account: str) -> str:
        """The code of a denial that still stands; "" when there is none."""
        with self._lock:
            until, code = self._denied_until.get(account, (0.0, ""))
        return code if self._clock.now() < until else ""


class Usage:
    """The endpoints for usage and entitlements."""

    def __init__(self, core: Core, accounts: Accounts, ledger: Ledger, enforcement: Enforcement) -> None:
        self._store, self._policies = core.store, core.policies
        self._disruptions, self._metrics = core.disruptions, core.metrics
        self._accounts, self._ledger, self._enforcement = accounts, ledger, enforcement
        self._allowances = Allowances(core)
        with self._store.transaction() as transaction:  # a stopped process may have left some held
            transaction.execute("UPDATE usage_record SET state = 'released' WHERE state = 'held'")

    def routes(self, access: Access) -> list[Route]:
        """These endpoints."""
        one = "/accounts/<account>"
        return [
            Route(method="POST", path=f"{one}/usage", handler=access.owner(self.consume)),
            Route(method="GET", path=f"{one}/entitlements", handler=access.owner(self.entitlements)),
        ]

    def consume(self, call: Call) -> Answer:
        """Use some units; the same usage id again answers as before and charges nothing."""
        account = self._accounts.find(call.arguments["account"])
        request = _parse(call.json_object(), account)
        earlier = self._earlier(request)
        if earlier is not None:
            return earlier
        try:
            self._require_known_state(account["id"])
            self._require_no_denial(account["id"])
            self._reserve(request)
        except ApiError as error:
            self._note_denial(account["id"], error)
            raise
        return self._work(request)

    def entitlements(self, call: Call) -> Answer:
        """Whether the account may use anything now, and why; with a subscription, what it has left."""
        account = self._accounts.find(call.arguments["account"])["id"]
        enforced = self._enforcement.active
        if enforced:
            self._require_known_state(account)
        reason = self._enforcement.remembered_denial(account)
        with self._store.transaction() as transaction:
            allowance = self._allowances.of(transaction, account)
            reason = reason or self._shortage(transaction, account, 1)
        shown = _shown(allowance) if allowance is not None else {}
        if not enforced:
            return Answer(body={"enforced": False, "allowed": True, "reason": "enforcement_off", **shown})
        return Answer(body={"enforced": True, "allowed": not reason, "reason": reason or "ok", **shown})

    def _require_known_state(self, account: str) -> None:
        try:
            self._disruptions.strike(account, "billing_state")
        except DisruptionError:
            raise self._policies.unknown_state() from None

    def _require_no_denial(self, account: str) -> None:
        code = self._enforcement.remembered_denial(account)
        if code and self._enforcement.active:
            raise _blocked(code)

    def _note_denial(self, account: str, error: ApiError) -> None:
        self._metrics.count("billing_usage_blocked_total", reason=error.code)
        if error.status == _PAYMENT_REQUIRED:
            self._enforcement.remember_denial(account, error.code)

    def _reserve(self, request: Request) -> None:
        enforced = self._enforcement.active
        account = request.account["id"]

        def check(transaction: Transaction) -> None:
            shortage = self._shortage(transaction, account, request.units) if enforced else ""
            if shortage:
                raise _blocked(shortage)

        def hold(transaction: Transaction) -> None:
            _take_hold(transaction, request, self._hold(transaction, request, enforced=enforced))

        self._policies.reserve(self._store, check, hold)

    def _hold(self, transaction: Transaction, request: Request, *, enforced: bool) -> Hold:
        """Who pays for `request`: the subscription if there is one, else the wallet; ungated, what it has."""
        account = request.account["id"]
        allowance = self._allowances.of(transaction, account)
        if allowance is None:
            rest = request.units if enforced else max(0, _available(transaction, account))
            return Hold(held=min(request.units, rest))
        rest = request.units if enforced else max(0, allowance.left)
        return Hold(included=min(request.units, rest), invoice=allowance.invoice)

    def _shortage(self, transaction: Transaction, account: str, units: int) -> str:
        """Why `units` may not be used; "" when they may."""
        allowance = self._allowances.of(transaction, account)
        if allowance is not None:
            return "" if self._policies.affordable(allowance.left, units) else "quota_exhausted"
        if units > _quota_left(transaction, account):
            return "quota_exhausted"
        if not self._policies.affordable(_available(transaction, account), units):
            return "wallet_exhausted"
        return ""

    def _work(self, request: Request) -> Answer:
        """The work itself is a stand-in that ends as the request orders."""
        if request.upstream_ok:
            return Answer(body=self._settle(request))
        if self._policies.charges_failed_work:
            self._settle(request)
        elif self._policies.releases_failed_holds:
            self._release(request)
        raise ApiError(502, "upstream_failed", "the work failed; nothing is charged")

    def _settle(self, request: Request) -> dict[str, Any]:
        account = request.account["id"]
        with self._store.transaction() as transaction:
            row = _find_hold(transaction, request)
            held, included = row["held"], row["included"]
            if held:
                self._ledger.post(transaction, _debit(request, held))
            body = {"charged": held, "balance": _balance(transaction, account), "units": request.units}
            if row["invoice"] is not None:
                body["included"] = included
            if held + included < request.units:
                body["waived"] = request.units - held - included
            transaction.execute(
                "UPDATE usage_record SET state = 'settled', answer = ? WHERE account = ? AND usage_id = ?",
                *(json.dumps(body), account, request.usage_id),
            )
        return body

    def _release(self, request: Request) -> None:
        with self._store.transaction() as transaction:
            transaction.execute(
                "UPDATE usage_record SET state = 'released' WHERE account = ? AND usage_id = ?",
                *(request.account["id"], request.usage_id),
            )

    def _earlier(self, request: Request) -> Answer | None:
        row = self._store.one(
            "SELECT * FROM usage_record WHERE account = ? AND usage_id = ?",
            *(request.account["id"], request.usage_id),
        )
        if row is None or row["state"] == "released":
            return None
        if row["units"] != request.units:
            raise ApiError(409, "usage_id_reused", "this usage id was used with other units")
        if row["state"] == "held":
            raise ApiError(409, "usage_in_progress", "this usage is still running")
        return Answer(body=json.loads(row["answer"]), headers={"Idempotent-Replayed": "true"})


def _parse(fields: dict[str, Any], account: Row) -> Request:
    usage_id, units, upstream = fields.get("id"), fields.get("units"), fields.get("upstream", "ok")
    if not isinstance(usage_id, str) or not usage_id:
        raise ApiError(422, "invalid_usage_id", "id must be a non-empty string")
    if type(units) is not int or not 1 <= units <= _LARGEST_UNITS:
        raise ApiError(422, "invalid_units", f"units must be an integer from 1 to {_LARGEST_UNITS}")
    if upstream not in {"ok", "fail"}:
        raise ApiError(422, "invalid_upstream", 'upstream must be "ok" or "fail"')
    return Request(account=account, usage_id=usage_id, units=units, upstream_ok=upstream == "ok")


def _shown(allowance: Allowance) -> dict[str, Any]:
    quota = {"units": allowance.units, "used": allowance.used, "left": max(0, allowance.left)}
    return {
        "plan": allowance.plan,
        "subscription_status": allowance.status,
        "quota": {**quota, "resets_at": allowance.resets_at},
    }


def _blocked(code: str) -> ApiError:
    return ApiError(402, code, _MESSAGES[code])


def _debit(request: Request, amount: int) -> Entry:
    account = request.account
    return Entry(
        account=account["id"],
        kind="usage",
        amount=-amount,
        currency=account["currency"],
        reference=f"usage:{account['id']}:{request.usage_id}",
    )


def _take_hold(transaction: Transaction, request: Request, hold: Hold) -> None:
    """Two requests with one usage id may get here together; the second finds a hold that is not released."""
    cursor = transaction.execute(
        """INSERT INTO usage_record (account, usage_id, units, held, included, invoice, state)
        VALUES (?, ?, ?, ?, ?, ?, 'held')
        ON CONFLICT DO UPDATE SET units = excluded.units, held = excluded.held,
        included = excluded.included, invoice = excluded.invoice, state = 'held'
        WHERE usage_record.state = 'released'""",
        *(request.account["id"], request.usage_id, request.units),
        *(hold.held, hold.included, hold.invoice),
    )
    if cursor.rowcount == 0:
        raise ApiError(409, "usage_in_progress", "this usage is still running")


def _find_hold(transaction: Transaction, request: Request) -> Row:
    row = transaction.one(
        "SELECT * FROM usage_record WHERE account = ? AND usage_id = ?",
        request.account["id"],
        request.usage_id,
    )
    if row is None:
        raise LookupError("the hold vanished before it was settled")
    return row


def _balance(transaction: Transaction, account: str) -> int:
    row = transaction.one("SELECT balance FROM account WHERE id = ?", account)
    return row["balance"] if row else 0


def _available(transaction: Transaction, account: str) -> int:
    held = transaction.one(HELD_SQL, account)
    return _balance(transaction, account) - (held[0] if held else 0)


def _quota_left(transaction: Transaction, account: str) -> int:
    row = transaction.one(
        """SELECT quota_units - (SELECT coalesce(sum(units), 0) FROM usage_record
        WHERE usage_record.account = account.id AND state != 'released' AND invoice IS NULL)
        FROM account WHERE id = ?""",
        account,
    )
    return _LARGEST_UNITS if row is None or row[0] is None else row[0]

"""The endpoints of subscriptions: subscribe, look, change the card, pay what is open, cancel."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from billing_canary.reference.backend.accounts import Access, Accounts
from billing_canary.reference.backend.agreement import LIVE, read_agreement, read_bill
from billing_canary.reference.backend.attempts import Attempt, Attempts
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.plans import PLANS, Plan, find_plan
from billing_canary.reference.backend.subscribing import Subscribing
from billing_canary.reference.backend.subscription_client import SubscriptionClient
from billing_canary.reference.store import Row
from billing_canary.reference.web import SERVER_FAULT, Answer, ApiError, Call, Route

_SHOWN = ("id", "account", "plan", "status", "period_start", "period_end", "provider_subscription")
_INVOICE = "id reason status amount_due amount_paid currency period_start period_end units".split()

_UNDECIDED = (409, 429)
"""An equal request still runs; too many requests."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a client subscribes to, and with which card."""

    id: str
    account: Row
    plan: Plan
    card: str


class Subscriptions:
    """The endpoints below /accounts/{id}/subscriptions, and /plans.

    Changing the plan, proration and the ladder after a payment that failed are left out.
    """

    def __init__(
        self, core: Core, accounts: Accounts, client: SubscriptionClient, subscribing: Subscribing
    ) -> None:
        self._store, self._policies = core.store, core.policies
        self._accounts, self._client, self._subscribing = accounts, client, subscribing
        self._attempts = Attempts(core)
        accounts.before_close(self.end_all)

    def routes(self, access: Access) -> list[Route]:
        """These endpoints."""
        base = "/accounts/<account>/subscriptions"
        one = f"{base}/<subscription>"
        return [
            Route(method="GET", path="/plans", handler=self.plans),
            Route(method="GET", path="/plans/<plan>", handler=self.plan),
            Route(method="POST", path=base, handler=access.owner(self.create)),
            Route(method="GET", path=base, handler=access.owner(self.list)),
            Route(method="GET", path=one, handler=access.owner(self.show)),
            Route(method="POST", path=f"{one}/card", handler=access.owner(self.change_card)),
            Route(method="POST", path=f"{one}/pay", handler=access.owner(self.pay)),
            Route(method="POST", path=f"{one}/cancel", handler=access.owner(self.cancel)),
            Route(method="GET", path=f"{one}/invoices", handler=access.owner(self.invoices)),
        ]

    def plans(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """What can be subscribed to."""
        return Answer(body={"plans": [asdict(plan) for plan in PLANS.values()]})

    def plan(self, call: Call) -> Answer:
        """One plan."""
        if call.arguments["plan"] not in PLANS:
            raise ApiError(404, "plan_not_found", "there is no such plan")
        return Answer(body=asdict(PLANS[call.arguments["plan"]]))

    def create(self, call: Call) -> Answer:
        """Subscribe and pay the first period, once for each Idempotency-Key."""
        account = self._accounts.find(call.arguments["account"])
        key = call.header("Idempotency-Key")
        if not key:
            raise ApiError(400, "idempotency_key_missing", "send an Idempotency-Key")
        fields = call.json_object()
        plan, card = find_plan(fields.get("plan")), _card(fields)
        _require_price(fields, plan.price_in(account["currency"]))
        attempt = Attempt(
            account=account["id"],
            key=self._policies.attempt_key(key, call.header("X-Request-Id")),
            fingerprint=json.dumps(["subscription", plan.id, card]),
            prefix="asub",
        )
        return self._attempts.run(
            attempt, lambda own_id: self._begin(Order(id=own_id, account=account, plan=plan, card=card))
        )

    def list(self, call: Call) -> Answer:
        """The account's subscriptions, oldest first."""
        account = self._accounts.find(call.arguments["account"])
        rows = self._store.all(
            "SELECT * FROM subscription WHERE account = ? ORDER BY created_at", account["id"]
        )
        return Answer(body={"subscriptions": [_shown(row) for row in rows]})

    def show(self, call: Call) -> Answer:
        """One subscription."""
        return Answer(body=_shown(self._find(call)))

    def invoices(self, call: Call) -> Answer:
        """Its invoices as far as we know them, oldest first."""
        rows = self._store.all(
            "SELECT * FROM invoice WHERE subscription = ? ORDER BY period_start", self._find(call)["id"]
        )
        return Answer(body={"invoices": [{name: row[name] for name in _INVOICE} for row in rows]})

    def change_card(self, call: Call) -> Answer:
        """Pay with another card from now on."""
        row, card = self._live(call), _card(call.json_object())
        account = self._accounts.find(row["account"])
        method = self._client.card(card, account["customer"], f"{row['id']}:{card}")
        return self._change(
            row, lambda provider_id: self._client.update(provider_id, default_payment_method=method)
        )

    def cancel(self, call: Call) -> Answer:
        """End it with its period, or at once when `at_period_end` is false. Nothing is given back."""
        row, later = self._live(call), call.json_object().get("at_period_end", True)
        if type(later) is not bool:
            raise ApiError(422, "invalid_at_period_end", "at_period_end must be true or false")
        if later:
            return self._change(
                row, lambda provider_id: self._client.update(provider_id, cancel_at_period_end="true")
            )
        return self._change(row, self._client.cancel)

    def pay(self, call: Call) -> Answer:
        """Try to pay the latest invoice, if it is open."""
        row, fields = self._live(call), call.json_object()

        def settle(provider_id: str) -> dict[str, Any]:
            invoice = self._client.read(provider_id).get("latest_invoice")
            if not isinstance(invoice, dict) or invoice.get("status") != "open":
                raise ApiError(409, "nothing_to_pay", "no invoice of this subscription is open")
            _require_price(fields, read_bill(invoice).amount_due)
            self._client.pay(str(invoice["id"]))
            return self._client.read(provider_id)

        return self._change(row, settle)

    def end_all(self, account: str) -> None:
        """End what an account has at the provider, before it is closed."""
        for row in self._subscribing.live(account):
            if row["provider_subscription"]:
                self._change(row, self._client.cancel)

    def _begin(self, order: Order) -> Answer:
        self._subscribing.reserve(order.id, order.account, order.plan)
        with self._subscribing.turn(order.id):
            try:
                resource = self._order(order)
            except ApiError as error:
                if _is_final(error):
                    self._subscribing.give_up(order.id)
                raise
            self._take_over(self._row(order.id), resource)
        return Answer(status=201, body=_shown(self._row(order.id)))

    def _order(self, order: Order) -> dict[str, Any]:
        account = order.account
        price = self._client.price(order.plan, account["currency"])
        form = {
            "customer": account["customer"],
            "items[0][price]": price,
            "default_payment_method": self._client.card(order.card, account["customer"], order.id),
            "metadata[account]": account["id"],
            "metadata[subscription]": order.id,
            "metadata[run_id]": account["run_id"],
        }
        return self._client.begin(form, order.id)

    def _change(self, row: Row, change: Callable[[str], dict[str, Any]]) -> Answer:
        """Change a subscription at the provider by its id there, and take over the answer."""
        with self._subscribing.turn(row["id"]):
            self._take_over(row, change(row["provider_subscription"]))
        return Answer(body=_shown(self._row(row["id"])))

    def _take_over(self, row: Row, resource: dict[str, Any]) -> None:
        invoice = resource.get("latest_invoice")
        with self._store.transaction() as transaction:
            self._subscribing.write(transaction, row["id"], read_agreement(resource))
            if isinstance(invoice, dict):
                self._subscribing.note(transaction, row, read_bill(invoice))

    def _live(self, call: Call) -> Row:
        row = self._find(call)
        if row["status"] not in LIVE or not row["provider_subscription"]:
            raise ApiError(409, "subscription_not_live", f"this subscription is {row['status']}")
        return row

    def _find(self, call: Call) -> Row:
        self._accounts.find(call.arguments["account"])
        row = self._row(call.arguments["subscription"])
        if row["account"] != call.arguments["account"]:
            raise ApiError(404, "subscription_not_found", "there is no such subscription")
        return row

    def _row(self, subscription: str) -> Row:
        row = self._store.one("SELECT * FROM subscription WHERE id = ?", subscription)
        if row is None:
            raise ApiError(404, "subscription_not_found", "there is no such subscription")
        return row


def _card(fields: dict[str, Any]) -> str:
    card = fields.get("payment_method")
    if not isinstance(card, str) or not card:
        raise ApiError(422, "invalid_payment_method", "send payment_method")
    return card


def _is_final(error: ApiError) -> bool:
    """Whether the provider surely made nothing; after a conflict or a silence it may have."""
    status = error.details.get("provider_status", error.status)
    return isinstance(status, int) and status < SERVER_FAULT and status not in _UNDECIDED


def _require_price(fields: dict[str, Any], price: int) -> None:
    """Whoever says which `amount` is agreed to pays no other."""
    agreed = fields.get("amount", price)
    if type(agreed) is not int or agreed != price:
        raise ApiError(409, "price_changed", f"the price is {price} in minor units")


def _shown(row: Row) -> dict[str, Any]:
    shown = {name: row[name] for name in _SHOWN}
    return {**shown, "cancel_at_period_end": bool(row["cancel_at_period_end"])}

"""Top-ups: ask the provider for a payment, and credit the wallet once it is taken."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.backend.accounts import Access, Accounts
from billing_canary.reference.backend.attempts import Attempt, Attempts
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import Crediting, PaymentMismatchError, Report
from billing_canary.reference.backend.disruptions import DisruptionError
from billing_canary.reference.backend.payments import Payment, PaymentsClient
from billing_canary.reference.store import Row
from billing_canary.reference.web import Answer, ApiError, Call, Route

_WRITE_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a client asks for; a `payment_method` means: charge this saved card now."""

    id: str
    account: Row
    amount: int
    payment_method: str


class TopUps:
    """The endpoints below /accounts/{id}/topups."""

    def __init__(
        self, core: Core, accounts: Accounts, payments: PaymentsClient, crediting: Crediting
    ) -> None:
        self._store, self._policies, self._clock = core.store, core.policies, core.clock
        self._metrics = core.metrics
        self._accounts, self._payments, self._crediting = accounts, payments, crediting
        self._attempts = Attempts(core)

    def routes(self, access: Access) -> list[Route]:
        """These endpoints."""
        base = "/accounts/<account>/topups"
        return [
            Route(method="POST", path=base, handler=access.owner(self.create)),
            Route(method="GET", path=f"{base}/<top_up>", handler=access.owner(self.show)),
            Route(method="POST", path=f"{base}/<top_up>/check", handler=access.owner(self.check)),
        ]

    def create(self, call: Call) -> Answer:
        """Start a top-up, once for each Idempotency-Key; with a saved card, finish it too."""
        account = self._accounts.find(call.arguments["account"])
        key = call.header("Idempotency-Key")
        if not key:
            raise ApiError(400, "idempotency_key_missing", "send an Idempotency-Key")
        fields = call.json_object()
        amount, method = self._validated(fields, account)
        attempt = Attempt(
            account=account["id"],
            key=self._policies.attempt_key(key, call.header("X-Request-Id")),
            fingerprint=json.dumps([amount, account["currency"], method]),
        )
        answer = self._attempts.run(
            attempt,
            lambda top_up: self._start(
                Order(id=top_up, account=account, amount=amount, payment_method=method)
            ),
        )
        self._metrics.count("billing_topups_total", status=str(answer.status))
        return answer

    def show(self, call: Call) -> Answer:
        """One top-up."""
        return Answer(body=_shown(self._find(call)))

    def check(self, call: Call) -> Answer:
        """The manual check: ask the provider, and credit what it took in case no webhook came."""
        row = self._find(call)
        if row["payment_intent"] is not None:
            payment = self._payments.intent(row["payment_intent"])
            if payment.succeeded:
                self._credit(row, Report(payment=payment, path="check"))
        return Answer(body=_shown(self._find(call)))

    def _validated(self, fields: dict[str, Any], account: Row) -> tuple[int, str]:
        amount = self._policies.valid_amount(fields.get("amount"))
        currency = fields.get("currency", account["currency"])
        if not isinstance(currency, str) or currency.upper() != account["currency"]:
            raise ApiError(422, "currency_mismatch", f"this account is kept in {account['currency']}")
        method, confirm = fields.get("payment_method", ""), fields.get("confirm", False)
        if not isinstance(method, str) or type(confirm) is not bool or confirm != bool(method):
            raise ApiError(422, "invalid_payment_method", "send payment_method with confirm true, or neither")
        return amount, method

    def _start(self, order: Order) -> Answer:
        self._record(order)
        if order.payment_method:
            return self._charge_saved_card(order)
        payment = self._ask(order, order.id)
        row = self._row(order.id)
        return Answer(status=201, body={**_shown(row), "client_secret": payment.client_secret})

    def _record(self, order: Order) -> None:
        """The intent comes first: whatever happens later, we know what the money is for."""
        account = order.account
        with self._store.transaction() as transaction:
            transaction.execute(
                """INSERT OR IGNORE INTO top_up (id, account, amount, currency, status, created_at)
                VALUES (?, ?, ?, ?, 'pending', ?)""",
                *(order.id, account["id"], order.amount, account["currency"], self._clock.now()),
            )

    def _ask(self, order: Order, provider_key: str) -> Payment:
        currency = order.account["currency"]
        form = {
            "amount": str(self._policies.to_provider(order.amount, currency)),
            "currency": currency.lower(),
            "customer": order.account["customer"],
            "payment_method_types[]": "card",
            "metadata[account]": order.account["id"],
            "metadata[top_up]": order.id,
            "metadata[run_id]": order.account["run_id"],
        }
        if order.payment_method:
            method = self._payments.payment_method(order.payment_method, provider_key)
            form |= {"payment_method": method, "confirm": "true", "off_session": "true"}
        payment = self._payments.create_intent(form, provider_key)
        with self._store.transaction() as transaction:
            transaction.execute("UPDATE top_up SET payment_intent = ? WHERE id = ?", payment.id, order.id)
        return payment

    def _charge_saved_card(self, order: Order) -> Answer:
        payment = self._charge(order, order.id)
        for _ in range(_WRITE_TRIES):
            try:
                self._credit(self._row(order.id), Report(payment=payment, path="charge"))
                break
            except DisruptionError:
                if self._policies.charges_again_on_failed_write:
                    payment = self._charge(order, secrets.token_hex(8))
        # When no write succeeded the top-up stays pending, and the provider's webhook credits it.
        return Answer(status=201, body=_shown(self._row(order.id)))

    def _charge(self, order: Order, provider_key: str) -> Payment:
        try:
            return self._ask(order, provider_key)
        except ApiError as error:
            if error.code == "card_declined":
                with self._store.transaction() as transaction:
                    self._crediting.fail(transaction, self._row(order.id))
            raise

    def _credit(self, row: Row, report: Report) -> None:
        if not report.payment.succeeded:
            return
        try:
            with self._store.transaction() as transaction:
                self._crediting.credit(transaction, row, report)
        except PaymentMismatchError as error:
            raise ApiError(409, "payment_mismatch", str(error)) from None

    def _find(self, call: Call) -> Row:
        self._accounts.find(call.arguments["account"])
        row = self._row(call.arguments["top_up"])
        if row["account"] != call.arguments["account"]:
            raise ApiError(404, "topup_not_found", "there is no such top-up")
        return row

    def _row(self, top_up: str) -> Row:
        row = self._store.one("SELECT * FROM top_up WHERE id = ?", top_up)
        if row is None:
            raise ApiError(404, "topup_not_found", "there is no such top-up")
        return row


def _shown(row: Row) -> dict[str, Any]:
    names = ("id", "account", "payment_intent", "status", "amount", "currency", "created_at")
    return {name: row[name] for name in names}

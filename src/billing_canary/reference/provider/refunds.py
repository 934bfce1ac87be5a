"""Refunds, and the balance that payments and refunds leave."""

from __future__ import annotations

from collections import Counter

from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.provider.params import Params, body_params, query_params
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, ApiError, Call, Route


class Refunds:
    """The endpoints below /v1/refunds, /v1/charges and /v1/balance."""

    def __init__(self, state: ProviderState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """These endpoints."""
        return [
            Route(method="POST", path="/v1/refunds", handler=self.create),
            Route(method="GET", path="/v1/refunds", handler=self.list),
            Route(method="GET", path="/v1/refunds/<refund_id>", handler=self.retrieve),
            Route(method="GET", path="/v1/charges/<charge_id>", handler=self.charge),
            Route(method="GET", path="/v1/balance", handler=self.balance),
        ]

    def create(self, call: Call) -> Answer:
        """Give back a captured payment, or the part `amount` of it; never more than is left."""
        params = body_params(call)
        params.allow(("payment_intent", "charge", "amount", "reason", "metadata", "expand"))
        charge = self._captured_charge(params)
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left == 0:
            raise ApiError(
                400, "charge_already_refunded", f"Charge {charge['id']} has already been refunded."
            )
        amount = params.amount("amount", default=left)
        if amount > left:
            raise invalid("amount", f"Refund amount ({amount}) is greater than unrefunded amount ({left})")
        refund = self._refund(charge, amount, params)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self._state.emit("refund.created", refund)
        self._state.emit("charge.refunded", charge)
        return Answer(body=refund)

    def list(self, call: Call) -> Answer:
        """Refunds, newest first."""
        params = query_params(call)
        params.allow(("payment_intent", "charge", "limit", "starting_after", "expand"))
        intent, charge = params.text("payment_intent"), params.text("charge")
        return self._state.page(
            "refund",
            "/v1/refunds",
            params,
            lambda refund: intent in {"", refund["payment_intent"]} and charge in {"", refund["charge"]},
        )

    def retrieve(self, call: Call) -> Answer:
        """One refund."""
        return Answer(body=self._state.find("refund", call.arguments["refund_id"]))

    def charge(self, call: Call) -> Answer:
        """One charge."""
        return Answer(body=self._state.find("charge", call.arguments["charge_id"]))

    def balance(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        """What was captured less what was refunded, by currency."""
        totals: Counter[str] = Counter()
        for charge in self._state.all("charge"):
            totals[charge["currency"]] += charge["amount_captured"] - charge["amount_refunded"]
        available = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(totals.items())
        ]
        return Answer(body={"object": "balance", "available": available, "pending": [], "livemode": False})

    def _captured_charge(self, params: Params) -> Resource:
        charge_id = params.text("charge")
        if not charge_id:
            intent_id = params.text("payment_intent")
            if not intent_id:
                message = "One of the following params should be provided: charge or payment_intent."
                raise invalid("payment_intent", message, "parameter_missing")
            charge_id = self._state.find("payment_intent", intent_id)["latest_charge"] or ""
        charge = self._state.find("charge", charge_id) if charge_id else None
        if charge is None or not charge["captured"]:
            raise invalid("payment_intent", "This payment has no captured charge to refund.")
        return charge

    def _refund(self, charge: Resource, amount: int, params: Params) -> Resource:
        # The real API has no livemode field on refunds.
        return self._state.create(
            "refund",
            "re",
            livemode=None,
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            metadata=params.mapping("metadata"),
            payment_intent=charge["payment_intent"],
            reason=params.text("reason") or None,
            status="succeeded",
        )

"""Payment intents: create, confirm, capture, cancel.

Source: https://docs.stripe.com/payments/paymentintents/lifecycle.
"""

from __future__ import annotations

import secrets
from typing import Any

from billing_canary.reference.provider.cards import TestCard, decline, find_card
from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.provider.params import Params, body_params, query_params
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, ApiError, Call, Route

KIND = "payment_intent"

_CREATE = """amount currency customer metadata payment_method payment_method_types capture_method confirm
    off_session description automatic_payment_methods setup_future_usage statement_descriptor_suffix
    receipt_email return_url confirmation_method expand""".split()
_CONFIRM = "payment_method capture_method off_session return_url expand".split()
_CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")


class PaymentIntents:
    """The endpoints below /v1/payment_intents."""

    def __init__(self, state: ProviderState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """These endpoints."""
        base, one = "/v1/payment_intents", "/v1/payment_intents/<intent_id>"
        return [
            Route(method="POST", path=base, handler=self.create),
            Route(method="GET", path=base, handler=self.list),
            Route(method="GET", path=one, handler=self.retrieve),
            Route(method="POST", path=one, handler=self.update),
            Route(method="POST", path=f"{one}/confirm", handler=self.confirm),
            Route(method="POST", path=f"{one}/capture", handler=self.capture),
            Route(method="POST", path=f"{one}/cancel", handler=self.cancel),
        ]

    def create(self, call: Call) -> Answer:
        """Create a payment intent, and confirm it at once when asked to."""
        params = body_params(call)
        params.allow(_CREATE)
        intent = self._new(params)
        self._state.emit("payment_intent.created", intent)
        return self._confirm(intent) if params.flag("confirm") else Answer(body=intent)

    def take(self, *, amount: int, currency: str, customer: str, method: str, description: str) -> Resource:
        """A payment that the provider itself takes for an invoice; its status tells how it went."""
        intent = self._open(
            amount=amount,
            currency=currency,
            capture_method="automatic",
            customer=customer,
            description=description,
            metadata={},
            payment_method=method,
            payment_method_types=["card"],
        )
        self._state.emit("payment_intent.created", intent)
        self._confirm(intent)
        return intent

    def list(self, call: Call) -> Answer:
        """Payment intents, newest first."""
        params = query_params(call)
        params.allow(("customer", "limit", "starting_after", "expand"))
        customer = params.text("customer")
        return self._state.page(
            KIND, "/v1/payment_intents", params, lambda intent: customer in {"", intent["customer"]}
        )

    def retrieve(self, call: Call) -> Answer:
        """One payment intent."""
        return Answer(body=self._intent(call))

    def update(self, call: Call) -> Answer:
        """Change an intent that is not confirmed yet; metadata is merged."""
        intent, params = self._intent(call), body_params(call)
        params.allow(("amount", "capture_method", "metadata", "description", "payment_method"))
        if set(params.values) - {"metadata", "description"}:
            _expect_status(intent, _CONFIRMABLE)
        intent["amount"] = params.amount("amount", default=intent["amount"])
        intent["metadata"].update(params.mapping("metadata"))
        intent["description"] = params.text("description") or intent["description"]
        intent["capture_method"] = _capture_method(params, intent["capture_method"])
        self._choose_method(intent, params)
        return Answer(body=intent)

    def confirm(self, call: Call) -> Answer:
        """Try to take the payment; a decline is a 402 and leaves the intent without a method."""
        intent, params = self._intent(call), body_params(call)
        params.allow(_CONFIRM)
        _expect_status(intent, _CONFIRMABLE)
        intent["capture_method"] = _capture_method(params, intent["capture_method"])
        self._choose_method(intent, params)
        return self._confirm(intent)

    def capture(self, call: Call) -> Answer:
        """Take an authorised payment, or the part `amount_to_capture` of it; the rest is released."""
        intent, params = self._intent(call), body_params(call)
        params.allow(("amount_to_capture", "metadata", "expand"))
        _expect_status(intent, ("requires_capture",))
        authorised = intent["amount_capturable"]
        self._settle(intent, params.amount("amount_to_capture", default=authorised, most=authorised))
        return Answer(body=intent)

    def cancel(self, call: Call) -> Answer:
        """Give up a payment that was not taken."""
        intent, params = self._intent(call), body_params(call)
        params.allow(("cancellation_reason", "expand"))
        _expect_status(intent, _CANCELABLE)
        intent.update(status="canceled", amount_capturable=0, canceled_at=int(self._state.clock.now()))
        intent["cancellation_reason"] = params.text("cancellation_reason") or None
        self._state.emit("payment_intent.canceled", intent)
        return Answer(body=intent)

    def _intent(self, call: Call) -> Resource:
        return self._state.find(KIND, call.arguments["intent_id"])

    def _new(self, params: Params) -> Resource:
        amount, currency = params.amount("amount"), params.currency()
        customer, method = params.text("customer"), params.text("payment_method")
        if customer and self._state.find("customer", customer).get("deleted"):
            raise invalid("customer", f"No such customer: '{customer}'", "resource_missing")
        if method:
            find_card(self._state, method)
        elif params.flag("confirm"):
            raise invalid(
                "payment_method", "You cannot confirm without a payment method.", "parameter_missing"
            )
        return self._open(
            amount=amount,
            currency=currency,
            capture_method=_capture_method(params, "automatic"),
            customer=customer or None,
            description=params.text("description") or None,
            metadata=params.mapping("metadata"),
            payment_method=method or None,
            payment_method_types=params.strings("payment_method_types") or ["card"],
        )

    def _open(self, **fields: Any) -> Resource:
        status = "requires_confirmation" if fields["payment_method"] else "requires_payment_method"
        intent = self._state.create(KIND, "pi", status=status, **fields)
        intent.update(amount_received=0, amount_capturable=0, latest_charge=None, last_payment_error=None)
        intent.update(canceled_at=None, cancellation_reason=None, next_action=None)
        intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(8)}"
        return intent

    def _choose_method(self, intent: Resource, params: Params) -> None:
        method = params.text("payment_method")
        if method:
            find_card(self._state, method)
            intent.update(payment_method=method, status="requires_confirmation")

    def _confirm(self, intent: Resource) -> Answer:
        if not intent["payment_method"]:
            message = "You cannot confirm this PaymentIntent because it's missing a payment method."
            raise ApiError(400, "payment_intent_unexpected_state", message)
        card = find_card(self._state, intent["payment_method"])
        charge = self._charge(intent, card)
        intent["latest_charge"] = charge["id"]
        if card.decline_code:
            return self._decline(intent, card, charge)
        if intent["capture_method"] == "manual":
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self._state.emit("payment_intent.amount_capturable_updated", intent)
        else:
            self._settle(intent, intent["amount"])
        return Answer(body=intent)

    def _charge(self, intent: Resource, card: TestCard) -> Resource:
        charge = self._state.create(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_captured=0,
            amount_refunded=0,
            captured=False,
            currency=intent["currency"],
            customer=intent["customer"],
            metadata=dict(intent["metadata"]),
        )
        charge.update(payment_intent=intent["id"], payment_method=card.id, refunded=False)
        charge.update(paid=not card.decline_code, status="failed" if card.decline_code else "succeeded")
        return charge

    def _settle(self, intent: Resource, amount: int) -> None:
        charge = self._state.find("charge", intent["latest_charge"])
        charge.update(captured=True, amount_captured=amount)
        intent.update(
            status="succeeded", amount_received=amount, amount_capturable=0, last_payment_error=None
        )
        self._state.emit("charge.succeeded", charge)
        self._state.emit("payment_intent.succeeded", intent)

    def _decline(self, intent: Resource, card: TestCard, charge: Resource) -> Answer:
        message = "Your card was declined."
        error = {
            "type": "card_error",
            "code": card.code,
            "decline_code": card.decline_code,
            "message": message,
        }
        error["charge"] = charge["id"]
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self._state.emit("payment_intent.payment_failed", intent)
        return decline(card, charge=charge["id"], payment_intent=dict(intent))


def _capture_method(params: Params, default: str) -> str:
    method = params.text("capture_method", default)
    if method not in _CAPTURE_METHODS:
        raise invalid(
            "capture_method", f"Invalid capture_method: must be one of {', '.join(_CAPTURE_METHODS)}"
        )
    return method


def _expect_status(intent: Resource, allowed: tuple[str, ...]) -> None:
    if intent["status"] not in allowed:
        message = (
            f"This PaymentIntent has a status of {intent['status']}; this call needs {' or '.join(allowed)}."
        )
        raise ApiError(400, "payment_intent_unexpected_state", message, payment_intent=dict(intent))

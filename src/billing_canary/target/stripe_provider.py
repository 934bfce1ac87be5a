"""The payment provider, asked through the `stripe` SDK over the guarded session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import stripe

from billing_canary.errors import BillingCanaryError, ExitCode, RefusedError
from billing_canary.guard.keys import KEYS_RULE, check_provider_key
from billing_canary.guard.provider_gate import SANDBOX_RULE
from billing_canary.guard.session import GuardedSession
from billing_canary.guard.stripe_client import GuardedStripeClient
from billing_canary.money import Money
from billing_canary.target.provider_objects import Page, read_page
from billing_canary.target.settings import ProviderSettings

_RETRIES = 0
"""Network retries by the SDK: none, so that every attempt is one that a probe asked for and recorded."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment intent as the provider tells it; `received` is what was captured."""

    id: str
    status: str
    amount: Money
    received: Money


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """An event of the provider with its body as JSON bytes."""

    id: str
    body: bytes


class ProviderError(BillingCanaryError):
    """The provider did not answer a step as it does when all is well. `code` is its decline or error code."""

    exit_code = ExitCode.NO

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


class StripeProvider:
    """What a customer and an operator can do at the provider.

    Raises (every method, and the constructor on a key that is no test key):
        ProviderError: the provider declined or failed.
        RefusedError: the guard stopped it.
    """

    def __init__(self, session: GuardedSession, settings: ProviderSettings, answer_s: float) -> None:
        self._guard = session.guard
        try:
            check_provider_key(settings.api_key)
        except RefusedError as refusal:
            raise self._guard.refuse(refusal) from None
        self._guard.say(KEYS_RULE, "the provider's key is one plain test key")
        self._attach_card_first = settings.attach_card_first
        base = settings.base_url
        self._client = stripe.StripeClient(
            settings.api_key,
            base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
            http_client=GuardedStripeClient(session, answer_s),
            max_network_retries=_RETRIES,
        )

    def payment(self, payment: str) -> Payment:
        """The payment intent `payment`."""
        return _payment(self._call(self._client.v1.payment_intents.retrieve, payment))

    def confirm(self, payment: str, card: str, *, capture_later: bool = False) -> Payment:
        """Pay with a test card. The payment is fetched first: only a proved test payment is confirmed."""
        try:
            self.payment(payment)
        except ProviderError as error:
            reason = f"the test account of the provider does not show {payment} ({error.code})"
            raise self._guard.refuse(RefusedError(SANDBOX_RULE, reason)) from error
        params: dict[str, Any] = {"payment_method": self._method(card)}
        if capture_later:
            params["capture_method"] = "manual"
        if self._attach_card_first:
            self._call(self._client.v1.payment_intents.update, payment, params)
            params = {}
        return _payment(self._call(self._client.v1.payment_intents.confirm, payment, params))

    def capture(self, payment: str, amount: Money) -> Payment:
        """Capture `amount` of an authorised payment."""
        params = {"amount_to_capture": amount.minor}
        return _payment(self._call(self._client.v1.payment_intents.capture, payment, params))

    def create(self, amount: Money, key: str, run_id: str) -> Payment:
        """A payment intent of the harness's own, under the idempotency `key`, marked with the run's id."""
        params = {
            "amount": amount.minor,
            "currency": amount.currency.lower(),
            "payment_method_types": ["card"],
            "metadata": {"run_id": run_id},
        }
        return _payment(self._call(self._client.v1.payment_intents.create, params, {"idempotency_key": key}))

    def refund(self, payment: str, amount: Money, key: str) -> str:
        """Pay `amount` of `payment` back, under the idempotency `key`; the refund's status."""
        params = {"payment_intent": payment, "amount": amount.minor}
        refund = self._call(self._client.v1.refunds.create, params, {"idempotency_key": key})
        return str(refund.status)

    def cancel(self, payment: str) -> None:
        """Cancel a payment that was not captured."""
        self._call(self._client.v1.payment_intents.cancel, payment)

    def customer(self, customer: str) -> str:
        """The id of `customer`, as the provider's test account knows it."""
        return str(self._call(self._client.v1.customers.retrieve, customer).id)

    def payments_of(self, customer: str) -> tuple[Payment, ...]:
        """Every payment intent of `customer`, newest first."""
        found = self._call(self._client.v1.payment_intents.list, {"customer": customer, "limit": 100})
        return tuple(_payment(intent) for intent in found.data)

    def subscriptions_of(self, customer: str) -> tuple[str, ...]:
        """The ids of every subscription of `customer`, ended ones too, newest first."""
        params = {"customer": customer, "status": "all", "limit": 100}
        return tuple(each.id for each in self._call(self._client.v1.subscriptions.list, params).data)

    def invoices_of(self, customer: str) -> tuple[str, ...]:
        """The ids of the invoices of `customer`, newest first."""
        params = {"customer": customer, "limit": 100}
        return tuple(each.id for each in self._call(self._client.v1.invoices.list, params).data)

    def payments_page(self, after: str) -> Page:
        """Payment intents of the whole account, newest first, after the id `after` ("": the first ones)."""
        return self._page(self._client.v1.payment_intents.list, after)

    def customers_page(self, after: str) -> Page:
        """Customers of the whole account, likewise."""
        return self._page(self._client.v1.customers.list, after)

    def delete_customer(self, customer: str) -> None:
        """Delete `customer` for good."""
        self._call(self._client.v1.customers.delete, customer)

    def event_about(self, payment: str, event_type: str) -> ProviderEvent | None:
        """The provider's own event of `event_type` about `payment`, once there is one."""
        found = self._call(self._client.v1.events.list, {"type": event_type, "limit": 100})
        for event in found.data:
            if event.data.object["id"] == payment:
                return ProviderEvent(id=event.id, body=json.dumps(event.to_dict()).encode())
        return None

    def prove_sandbox(self) -> None:
        """Ask the provider itself for its mode; anything but `livemode: false` ends the run."""
        balance = self._call(self._client.v1.balance.retrieve)
        self._guard.prove_sandbox(livemode=getattr(balance, "livemode", None))

    def _page(self, listing: Any, after: str) -> Page:
        answer = self._call(listing, {"limit": 100} | ({"starting_after": after} if after else {}))
        try:
            return read_page(answer.to_dict())
        except (ValueError, AttributeError) as error:
            raise ProviderError("no_list", str(error)) from error

    def _method(self, card: str) -> str:
        """The payment method for a test card: itself, or a new one made of a card token (tok_...)."""
        if not card.startswith("tok_"):
            return card
        params = {"type": "card", "card": {"token": card}}
        return str(self._call(self._client.v1.payment_methods.create, params).id)

    def _call(self, function: Any, *args: Any) -> Any:
        try:
            return function(*args)
        except stripe.CardError as error:
            declined = error.error.decline_code if error.error is not None else None
            raise ProviderError(str(declined or error.code), str(error.user_message)) from error
        except stripe.APIConnectionError as error:
            raise _refusal_within(error) or ProviderError("unreachable", "no HTTP answer") from error
        except stripe.StripeError as error:
            code = error.code or type(error).__name__
            raise ProviderError(str(code), str(error.user_message or error)) from error


def _refusal_within(error: BaseException) -> RefusedError | None:
    """The guard's refusal that the SDK wrapped into its own connection error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RefusedError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _payment(intent: Any) -> Payment:
    currency = intent.currency
    # Servers that speak an older dialect leave `amount_received` out: then a paid intent is paid in full.
    paid = intent.amount if intent.status == "succeeded" else 0
    return Payment(
        id=intent.id,
        status=intent.status,
        amount=Money(minor=intent.amount, currency=currency),
        received=Money(minor=getattr(intent, "amount_received", paid) or 0, currency=currency),
    )

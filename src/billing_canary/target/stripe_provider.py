"""The payment provider, asked through the `stripe` SDK over the guarded session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import stripe

from billing_canary.errors import BillingCanaryError, ExitCode, RefusedError
from billing_canary.guard.rules import LIVE_RULE, check_provider_key
from billing_canary.guard.session import GuardedSession
from billing_canary.money import Money
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
        check_provider_key(settings.api_key)
        self._guard = session.guard
        base = settings.base_url
        self._client = stripe.StripeClient(
            settings.api_key,
            base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
            http_client=stripe.RequestsClient(session=session, timeout=answer_s),
            max_network_retries=_RETRIES,
        )

    def payment(self, payment: str) -> Payment:
        """The payment intent `payment`."""
        return _payment(self._call(self._client.v1.payment_intents.retrieve, payment))

    def confirm(self, payment: str, card: str, *, capture_later: bool = False) -> Payment:
        """Pay with a test card. The payment is fetched first: a live one is never confirmed."""
        intent = self._call(self._client.v1.payment_intents.retrieve, payment)
        if intent.livemode is not False:
            raise RefusedError(LIVE_RULE, f"{payment} is not a test payment", ends_run=True)
        self._guard.reserve("confirm", _payment(intent).amount, payment)
        params: dict[str, Any] = {"payment_method": card}
        if capture_later:
            params["capture_method"] = "manual"
        paid = _payment(self._call(self._client.v1.payment_intents.confirm, payment, params))
        self._guard.ledger.answered(payment, paid.status)
        return paid

    def capture(self, payment: str, amount: Money) -> Payment:
        """Capture `amount` of an authorised payment."""
        params = {"amount_to_capture": amount.minor}
        return _payment(self._call(self._client.v1.payment_intents.capture, payment, params))

    def payments_of(self, customer: str) -> tuple[Payment, ...]:
        """Every payment intent of `customer`, newest first."""
        found = self._call(self._client.v1.payment_intents.list, {"customer": customer, "limit": 100})
        return tuple(_payment(intent) for intent in found.data)

    def event_about(self, payment: str, event_type: str) -> ProviderEvent | None:
        """The provider's own event of `event_type` about `payment`, once there is one."""
        found = self._call(self._client.v1.events.list, {"type": event_type, "limit": 100})
        for event in found.data:
            if event.data.object["id"] == payment:
                return ProviderEvent(id=event.id, body=json.dumps(event.to_dict()).encode())
        return None

    def prove_sandbox(self) -> None:
        """Ask the provider itself for its mode; anything but `livemode: false` ends the run."""
        self._guard.prove_sandbox(livemode=self._call(self._client.v1.balance.retrieve).livemode)

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
    return Payment(
        id=intent.id,
        status=intent.status,
        amount=Money(minor=intent.amount, currency=currency),
        received=Money(minor=intent.amount_received or 0, currency=currency),
    )

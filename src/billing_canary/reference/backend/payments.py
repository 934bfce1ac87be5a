"""The backend's client of its payment provider: plain Stripe calls over a base URL and a key."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode

from billing_canary.reference.http_pool import HttpPool, Response
from billing_canary.reference.web import ApiError

_TRIES = 3
_PAUSE_S = 0.02
_CARD_DECLINED = 402
_CONFLICT = 409
_BAD_REQUEST = 400
_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment intent as far as the backend cares; amounts in the provider's minor units."""

    id: str
    status: str
    amount_received: int
    currency: str
    client_secret: str

    @property
    def succeeded(self) -> bool:
        """Whether the money was taken."""
        return self.status == "succeeded"


def read_payment(resource: Mapping[str, Any]) -> Payment:
    """A payment intent object, from an answer or an event."""
    status = str(resource.get("status", ""))
    # Servers that speak an older dialect leave `amount_received` out: then a paid intent is paid in full.
    received = resource.get("amount_received", resource.get("amount") if status == "succeeded" else 0)
    return Payment(
        id=str(resource["id"]),
        status=status,
        amount_received=int(received or 0),
        currency=str(resource.get("currency", "")).upper(),
        client_secret=str(resource.get("client_secret") or ""),
    )


class PaymentsClient:
    """Calls the provider; transport errors are tried again with the same idempotency key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._pool = HttpPool(base_url)
        self._key = key

    def create_customer(self, account: str, run_id: str) -> str:
        """The id of a new customer."""
        metadata = {"metadata[account]": account, "metadata[run_id]": run_id}
        return str(self.send("POST", "/v1/customers", metadata, key=f"customer:{account}")["id"])

    def payment_method(self, card: str, key: str) -> str:
        """The payment method for `card`: itself, or a new one made of a card token (tok_...)."""
        if not card.startswith("tok_"):
            return card
        form = {"type": "card", "card[token]": card}
        return str(self.send("POST", "/v1/payment_methods", form, key=f"method:{key}")["id"])

    def create_intent(self, form: Mapping[str, str], key: str) -> Payment:
        """Create a payment intent under the idempotency `key`.

        Raises:
            ApiError: 402 when the card is declined, 502 when the provider fails or refuses.
        """
        return read_payment(self.send("POST", "/v1/payment_intents", form, key=key))

    def intent(self, intent_id: str) -> Payment:
        """The payment intent as it is now."""
        return read_payment(self.send("GET", f"/v1/payment_intents/{quote(intent_id)}"))

    def reachable(self) -> bool:
        """Whether the provider answers at all."""
        try:
            self.send("GET", "/v1/balance")
        except ApiError as error:
            return error.code != "provider_unreachable"
        return True

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def send(
        self, method: str, path: str, form: Mapping[str, str] | None = None, *, key: str = ""
    ) -> dict[str, Any]:
        """One call, under the idempotency `key` where there is one; the object that it answers.

        Raises:
            ApiError: 402 when a card is declined, 502 when the provider fails or refuses.
        """
        headers = {"Authorization": f"Bearer {self._key}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if key:
            headers["Idempotency-Key"] = key
        body = urlencode(form).encode() if form is not None else None
        return _read(self._try(method, path, body, headers))

    def _try(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        for tries_left in reversed(range(_TRIES)):
            try:
                response = self._pool.request(method, path, body, headers)
            except (OSError, HTTPException):
                if not tries_left:
                    raise ApiError(
                        502, "provider_unreachable", "the payment provider does not answer"
                    ) from None
            else:
                # A conflict means that our own earlier try with this key is still running.
                if response.status != _CONFLICT or not tries_left:
                    return response
            time.sleep(_PAUSE_S)
        raise AssertionError("the last try returns or raises")


def _read(response: Response) -> dict[str, Any]:
    try:
        body = json.loads(response.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(502, "provider_error", "the payment provider answered no JSON object")
    if response.status >= _BAD_REQUEST:
        raise _refusal(response.status, body.get("error"))
    return body


def _refusal(status: int, error: object) -> ApiError:
    details = error if isinstance(error, dict) else {}
    if status == _CARD_DECLINED:
        decline_code = str(details.get("decline_code") or details.get("code") or "")
        return ApiError(402, "card_declined", "the card was declined", decline_code=decline_code)
    reason = str(details.get("code") or details.get("type") or "no reason given")
    return ApiError(502, "provider_error", f"the payment provider refused: {reason}", provider_status=status)

"""Webhook events as this target understands them, and their signatures in every hostile variant.

The scheme is the provider's: https://docs.stripe.com/webhooks#verify-manually.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.settings import PaidEvent
from billing_canary.target.template import placeholders, render

_numbers = count(1)
_NOBODY = "canary_nobody"


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """An event that was made for this run: its id and the exact bytes that are signed and sent."""

    id: str
    body: bytes


class Webhooks:
    """Makes events that this backend takes for a payment, and signs them."""

    def __init__(self, secret: str, paid: PaidEvent, run_id: str) -> None:
        self._secret = secret
        self._paid = paid
        self._run_id = run_id

    @property
    def paid_type(self) -> str:
        """The type of the event that means "paid"."""
        return self._paid.type

    def paid(  # noqa: PLR0913 - each is one field of the event that a probe may forge
        self,
        account: Account,
        payment: str,
        amount: Money,
        now: float,
        *,
        livemode: bool = False,
        spaced: bool = False,
    ) -> WebhookEvent:
        """An event saying that `amount` was paid with `payment`.

        Args:
            account: whose wallet it is about.
            payment: the payment intent's id.
            amount: amount and currency that the event claims.
            now: the target's time, in seconds since the epoch.
            livemode: whether it claims to be live money.
            spaced: write the same JSON with unusual spacing and non-ASCII text.
        """
        event = self._new_id()
        body = render(
            self._paid.body, self._variables(event, account, payment, amount, now, livemode=livemode)
        )
        return WebhookEvent(id=event, body=_spaced(body) if spaced else json.dumps(body).encode())

    def of_nobody(
        self, amount: Money, now: float, *, livemode: bool = False, spaced: bool = False
    ) -> WebhookEvent:
        """A paid event about a payment that no account made; arguments as in `paid`.

        It needs nothing of the backend but its webhook endpoint, and a backend has nothing to credit for it.
        """
        names = [name for name in placeholders(self._paid.body) if name.startswith("account.")]
        values = {name.removeprefix("account."): _NOBODY for name in names}
        nobody = Account(id=_NOBODY, currency=amount.currency, values=values)
        return self.paid(nobody, "pi_canary_of_nobody", amount, now, livemode=livemode, spaced=spaced)

    def unknown_type(self, now: float) -> WebhookEvent:
        """An event of a type that no backend needs to know."""
        event = self._new_id()
        body = {"id": event, "object": "event", "type": "canary.unknown_type", "created": int(now)}
        body |= {"livemode": False, "data": {"object": {"id": "canary_1", "object": "canary"}}}
        return WebhookEvent(id=event, body=json.dumps(body).encode())

    def sign(self, body: bytes, now: float, *, secret: str | None = None, after: str | None = None) -> str:
        """The signature header of `body`, as of `now`.

        Args:
            body: the exact bytes.
            now: the signature's time, in seconds since the epoch.
            secret: sign with this secret instead of the target's own.
            after: put a signature by this secret first, as the provider does while a secret is rotated.
        """
        timestamp = int(now)
        signatures = [_signature(body, timestamp, each) for each in (after, secret or self._secret) if each]
        return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])

    def _new_id(self) -> str:
        return f"evt_canary_{self._run_id}_{next(_numbers)}"

    def _variables(  # noqa: PLR0913 - the template's variables
        self, event: str, account: Account, payment: str, amount: Money, now: float, *, livemode: bool
    ) -> dict[str, Any]:
        return {
            "event": event,
            "created": int(now),
            "livemode": livemode,
            "payment": payment,
            "account": account.id,
            "run_id": self._run_id,
            "amount.minor": amount.minor,
            "amount.decimal": amount.decimal,
            "currency": amount.currency,
            "currency.lower": amount.currency.lower(),
            **{f"account.{name}": value for name, value in account.values.items()},
        }


def _signature(body: bytes, timestamp: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _spaced(body: dict[str, Any]) -> bytes:
    """The same JSON as no serialiser writes it: a re-serialised body has another signature."""
    text = json.dumps(
        body | {"note": "оплачено ✓ \u00e9"}, ensure_ascii=False, indent=3, separators=(" ,", " :  ")
    )
    return (text + "\n").encode()

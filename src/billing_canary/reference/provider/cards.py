"""Test payment methods.

Source: https://docs.stripe.com/testing, tables "Cards by brand" and "Declined payments".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.reference.provider.errors import missing, stripe_error
from billing_canary.reference.provider.state import ProviderState
from billing_canary.reference.web import Answer, ApiError


@dataclass(frozen=True, kw_only=True)
class TestCard:
    """A test payment method; it is declined when `decline_code` is set.

    Attributes:
        attaches: whether it can be attached to a customer; then it is declined only when it is charged.
    """

    __test__ = False  # pytest must not take it for a test

    id: str
    brand: str
    last4: str
    code: str = ""
    decline_code: str = ""
    attaches: bool = True


_CARDS = (
    TestCard(id="pm_card_visa", brand="visa", last4="4242"),
    TestCard(id="pm_card_mastercard", brand="mastercard", last4="4444"),
    TestCard(
        id="pm_card_chargeDeclined",
        brand="visa",
        last4="0002",
        code="card_declined",
        decline_code="generic_decline",
        attaches=False,
    ),
    TestCard(
        id="pm_card_chargeCustomerFail",
        brand="visa",
        last4="0341",
        code="card_declined",
        decline_code="generic_decline",
    ),
    TestCard(
        id="pm_card_chargeDeclinedInsufficientFunds",
        brand="visa",
        last4="9995",
        code="card_declined",
        decline_code="insufficient_funds",
        attaches=False,
    ),
    TestCard(
        id="pm_card_chargeDeclinedExpiredCard",
        brand="visa",
        last4="0069",
        code="expired_card",
        decline_code="expired_card",
        attaches=False,
    ),
)
_BY_ID = {card.id: card for card in _CARDS}
_BY_LAST4 = {card.last4: card for card in _CARDS}


def find_card(state: ProviderState, method_id: str) -> TestCard:
    """The test card with this id, or the one behind an attached copy, or the provider's 404."""
    if method_id in _BY_ID:
        return _BY_ID[method_id]
    try:
        return _BY_LAST4[state.find("payment_method", method_id)["card"]["last4"]]
    except ApiError:
        raise missing("PaymentMethod", method_id) from None


def decline(card: TestCard, **details: object) -> Answer:
    """The provider's 402 about `card`. An answer, not an exception: it is replayed to the same key."""
    details = {"decline_code": card.decline_code, **details}
    return stripe_error(ApiError(402, card.code, "Your card was declined.", **details))


def card_of_token(token: str) -> TestCard:
    """The test card behind a card token: tok_visa stands for pm_card_visa."""
    name = token.removeprefix("tok_")
    if name == token or f"pm_card_{name}" not in _BY_ID:
        raise missing("token", token)
    return _BY_ID[f"pm_card_{name}"]


def as_resource(card: TestCard, created: int) -> dict[str, Any]:
    """`card` as a PaymentMethod object."""
    details = {
        "brand": card.brand,
        "last4": card.last4,
        "exp_month": 12,
        "exp_year": 2034,
        "funding": "credit",
    }
    return {
        "id": card.id,
        "object": "payment_method",
        "type": "card",
        "card": details,
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
    }

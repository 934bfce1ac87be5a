"""Test payment methods.

Source: https://docs.stripe.com/testing, tables "Cards by brand" and "Declined payments".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.reference.provider.errors import missing


@dataclass(frozen=True, kw_only=True)
class TestCard:
    """A test payment method; it is declined when `decline_code` is set."""

    __test__ = False  # pytest must not take it for a test

    id: str
    brand: str
    last4: str
    code: str = ""
    decline_code: str = ""


_CARDS = (
    TestCard(id="pm_card_visa", brand="visa", last4="4242"),
    TestCard(id="pm_card_mastercard", brand="mastercard", last4="4444"),
    TestCard(
        id="pm_card_chargeDeclined",
        brand="visa",
        last4="0002",
        code="card_declined",
        decline_code="generic_decline",
    ),
    TestCard(
        id="pm_card_chargeDeclinedInsufficientFunds",
        brand="visa",
        last4="9995",
        code="card_declined",
        decline_code="insufficient_funds",
    ),
    TestCard(
        id="pm_card_chargeDeclinedExpiredCard",
        brand="visa",
        last4="0069",
        code="expired_card",
        decline_code="expired_card",
    ),
)
_BY_ID = {card.id: card for card in _CARDS}


def find_card(method_id: str) -> TestCard:
    """The test card with this id, or the provider's 404."""
    try:
        return _BY_ID[method_id]
    except KeyError:
        raise missing("PaymentMethod", method_id) from None


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

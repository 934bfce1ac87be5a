"""Money in JSON: the exact count of minor units, and a text for people who read the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from billing_canary.money import Money


def money_document(money: Money) -> dict[str, Any]:
    """`money` as {"minor": 29, "currency": "RUB", "text": "0.29 RUB"}."""
    return {"minor": money.minor, "currency": money.currency, "text": str(money)}


def money_documents(amounts: Iterable[Money]) -> list[dict[str, Any]]:
    """Several amounts, in their order."""
    return [money_document(money) for money in amounts]


def read_money(document: Mapping[str, Any]) -> Money:
    """The amount in a document that its schema accepted; the text in it is ignored.

    Raises:
        ValueError: the currency is not known.
    """
    return Money(minor=document["minor"], currency=document["currency"])


def read_amounts(documents: Sequence[Mapping[str, Any]]) -> tuple[Money, ...]:
    """Several amounts, in their order. Raises as `read_money`."""
    return tuple(map(read_money, documents))

"""Taking values out of an answer: JMESPath, and amounts in the three ways in which backends write them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from billing_canary.money import Money, from_decimal


class AmountForm(StrEnum):
    """How a backend writes an amount."""

    MINOR = "minor"
    """An integer count of minor units."""
    DECIMAL = "decimal"
    """Text in major units, such as "0.29". A JSON float is refused: it has already lost the exact value."""
    CREDITS = "credits"
    """An integer count of the backend's own credits, each worth `credit_minor` minor units."""


class Expression(Protocol):
    """A compiled JMESPath expression."""

    def search(self, value: Any) -> Any:
        """What the expression finds in `value`, or None."""
        ...


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """How to take one value out of an answer.

    Attributes:
        expression: compiled JMESPath.
        source: the expression as written, for errors.
        form: how the amount is written, or None when the value is no amount.
        currency: compiled JMESPath of the currency; None means the account's currency.
        credit_minor: minor units that one credit is worth.
    """

    expression: Expression
    source: str
    form: AmountForm | None = None
    currency: Expression | None = None
    credit_minor: int = 1

    def take(self, body: Any, default_currency: str) -> Any:
        """The value in `body`; an amount comes back as `Money`, an absent value as None.

        Raises:
            ValueError: the value is no amount of the stated form.
        """
        value = self.expression.search(body)
        if value is None or self.form is None:
            return value
        found = self.currency.search(body) if self.currency is not None else None
        return self._money(value, str(found or default_currency))

    def _money(self, value: Any, currency: str) -> Money:
        if self.form is AmountForm.DECIMAL:
            if not isinstance(value, str):
                raise ValueError(f"{self.source} is {value!r}, not a decimal string")
            return from_decimal(value, currency)
        if type(value) is not int:
            raise ValueError(f"{self.source} is {value!r}, not an integer")
        factor = self.credit_minor if self.form is AmountForm.CREDITS else 1
        return Money(minor=value * factor, currency=currency)

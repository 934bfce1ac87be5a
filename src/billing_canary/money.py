"""Money: an integer count of minor units and its currency, never a float.

Exponents follow ISO 4217 with the payment provider's own special cases, since amounts travel in the
provider's minor units (sources: ISO 4217 list one; https://docs.stripe.com/currencies, sections
"Zero-decimal currencies", "Three-decimal currencies" and "Special cases").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
"""Charged in whole units. MGA has ISO exponent 2; the provider treats it as zero-decimal."""

_THREE_DECIMAL = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

_TWO_DECIMAL = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MRU MUR MVR
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR
    ZMW ISK UGX""".split()
)
"""ISK and UGX have ISO exponent 0, but the provider keeps two decimals for them (always 00)."""

_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,30})(\.(?P<part>[0-9]{1,30}))?", re.ASCII)
"""At most as many digits as no amount needs: the text may come from a backend that is broken."""

_AMOUNT_TEXT = re.compile(r"(?P<amount>[0-9]+(\.[0-9]+)?)\s+(?P<currency>[A-Za-z]{3})", re.ASCII)


def exponent(currency: str) -> int:
    """Decimals between major and minor unit of `currency` (ISO code, any case).

    Raises:
        ValueError: the currency is not known, so no amount in it can be judged.
    """
    code = currency.upper()
    if code in _TWO_DECIMAL:
        return 2
    if code in _ZERO_DECIMAL:
        return 0
    if code in _THREE_DECIMAL:
        return 3
    raise ValueError(f"unknown currency {currency!r}; use an ISO 4217 code such as RUB, USD or JPY")


@dataclass(frozen=True, kw_only=True, order=False)
class Money:
    """An amount in minor units (may be negative: a debit) with an upper-case ISO 4217 code.

    Raises:
        ValueError: `minor` is no integer (a bool or a float is none), or the currency is unknown.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise ValueError(f"an amount is an integer count of minor units, not {self.minor!r}")
        exponent(self.currency)
        object.__setattr__(self, "currency", self.currency.upper())

    def __add__(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(minor=self.minor * count, currency=self.currency)

    def __neg__(self) -> Money:
        return self * -1

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    @property
    def decimal(self) -> str:
        """The amount in major units as text with the currency's own decimals, e.g. "0.29"."""
        places = exponent(self.currency)
        digits = f"{abs(self.minor):0{places + 1}d}"
        whole, part = (digits[:-places], f".{digits[-places:]}") if places else (digits, "")
        return f"{'-' if self.minor < 0 else ''}{whole}{part}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.minor


def from_decimal(text: str, currency: str) -> Money:
    """`text` in major units ("10", "0.29") as money.

    Raises:
        ValueError: no plain decimal number, or more decimals than the currency has.
    """
    places = exponent(currency)
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no decimal amount such as 10 or 0.29")
    part = (found["part"] or "").rstrip("0")
    if len(part) > places:
        raise ValueError(f"{text!r} has more decimals than {currency.upper()} has ({places})")
    # Digits, not decimal.Decimal: its context rounds long amounts without a word.
    return Money(minor=int(f"{found['sign']}{found['whole']}{part:0<{places}}"), currency=currency)


def parse_money(text: str) -> Money:
    """Read a cap as a person writes it: "10 RUB".

    Raises:
        ValueError: anything but a plain non-negative decimal, a space and a known currency.
    """
    found = _AMOUNT_TEXT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no amount; write it as '10 RUB'")
    return from_decimal(found["amount"], found["currency"])

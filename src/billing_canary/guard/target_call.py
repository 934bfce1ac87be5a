"""What the harness declares about a request to the backend, held against the request as it would leave."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from billing_canary.errors import RefusedError
from billing_canary.guard.form_body import ENDPOINTS_RULE
from billing_canary.guard.spend_ledger import CAPS_RULE
from billing_canary.guard.stray_numbers import asks_to_charge, check_beside, check_copies
from billing_canary.money import Money, exponent

_IMPOSSIBLE = 10**13
"""Minor units that no provider accepts (Stripe: 8 digits, 12 for a few currencies)."""


class CallKind(StrEnum):
    """What a call to the backend does with money."""

    READS = "reads"
    WRITES = "writes"
    """It changes something, and moves no money."""
    MOVES = "moves"
    """It asks for a payment; the amount stands in its body."""
    MOVES_AT_ONCE = "moves at once"
    """It makes the backend itself charge a payment method, before the harness can look at the payment."""
    IMPOSSIBLE = "impossible"
    """It asks for an amount that every backend must reject."""


class Unit(StrEnum):
    """How an amount stands in a body."""

    MINOR = "minor"
    DECIMAL = "decimal"
    CREDITS = "credits"
    CURRENCY = "currency"
    RAW = "raw"
    """An impossible amount, as it is."""


_NO_AMOUNT = frozenset({Unit.CURRENCY, Unit.RAW})


@dataclass(frozen=True, kw_only=True)
class MoneyPlace:
    """Where a body holds an amount or a currency: the keys that lead there, and how it is written."""

    keys: tuple[str | int, ...]
    unit: Unit


@dataclass(frozen=True, kw_only=True)
class TargetCall:
    """One operation, declared by the backend adapter before it is sent.

    Attributes:
        key: the idempotency key of the movement.
        account: whose wallet: backends know a key for each account apart.
        places: where the body holds the amount and its currency.
        credit_minor: minor units that one credit is worth.
        raw: an impossible amount, as it is sent.
        currency: the account's.
    """

    operation: str
    kind: CallKind
    amount: Money | None = None
    key: str = ""
    account: str = ""
    places: tuple[MoneyPlace, ...] = ()
    credit_minor: int = 1
    raw: object = None
    currency: str = ""

    @property
    def movement(self) -> str:
        """What identifies the money that is moved: requests with one movement move it once."""
        return f"{self.key} of {self.account}" if self.account else self.key


def check_body(call: TargetCall, body: object) -> Money:
    """The amount of a call that moves money, found in its body where it must stand.

    Raises:
        RefusedError: no amount was declared, its place is unknown, the body says something else, or
            another number stands beside it that could change what is moved.
    """
    amount = call.amount
    amounts = [place.keys for place in call.places if place.unit not in _NO_AMOUNT]
    if amount is None or not amounts:
        raise RefusedError(ENDPOINTS_RULE, f"{call.operation}: where its amount stands is not known")
    document = _document(call, body)
    for place in call.places:
        _check_place(call, place, amount, _at(document, place.keys))
    if call.currency and all(place.unit is not Unit.CURRENCY for place in call.places):
        _check_account_currency(call, amount)
    _check_copies(call)
    check_beside(call.operation, document, [place.keys for place in call.places], amount.currency)
    return amount


def check_raw_body(call: TargetCall, body: object) -> None:
    """Make sure that a call with an impossible amount sends that one, whole, and no other.

    Raises:
        RefusedError: its place is unknown, the body says something else, or another number stands beside it.
    """
    raw = [place.keys for place in call.places if place.unit is Unit.RAW]
    if not raw:
        raise RefusedError(ENDPOINTS_RULE, f"{call.operation}: where its amount stands is not known")
    document = _document(call, body)
    for keys in raw:
        found = _at(document, keys)
        # As text: NaN is no equal of itself, and a form knows text alone.
        if repr(found) != repr(call.raw) and found != str(call.raw):
            shown = ".".join(map(str, keys))
            raise RefusedError(
                CAPS_RULE, f"{call.operation}: {shown} is {found!r}, but {call.raw!r} was declared"
            )
    check_beside(call.operation, document, raw, call.currency)


def charges_at_once(call: TargetCall, body: object) -> bool:
    """Whether the backend would charge a payment method before the harness can look at the payment."""
    return call.kind is CallKind.MOVES_AT_ONCE or asks_to_charge(_document(call, body))


def plausible_amount(call: TargetCall) -> Money | None:
    """What a lenient backend may make of an impossible amount, to be reserved; None for nothing at all."""
    number = _read_leniently(call.raw)
    if number is None or number >= _IMPOSSIBLE:  # before any arithmetic: an exponent may be enormous
        return None
    decimal = any(place.unit is Unit.DECIMAL for place in call.places)
    minor = math.ceil(number * (10 ** exponent(call.currency) if decimal else call.credit_minor))
    return Money(minor=minor, currency=call.currency) if minor < _IMPOSSIBLE else None


def _read_leniently(raw: object) -> Decimal | None:
    """`raw` as a positive number, if any reader could take it for one."""
    text = str(int(raw)) if isinstance(raw, bool) else str(raw).strip().replace("_", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def _document(call: TargetCall, body: object) -> Any:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return _READER.decode(text)
        except (ValueError, RecursionError):
            reason = f"{call.operation}: the body is no readable JSON with each key once"
            raise RefusedError(ENDPOINTS_RULE, reason) from None
    pairs = parse_qsl(text, keep_blank_values=True)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError(ENDPOINTS_RULE, f"{call.operation}: a field of the body stands twice")
    return fields


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a JSON document; of a key that stands twice, readers may take either value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


_READER = json.JSONDecoder(object_pairs_hook=_each_once)


def _at(document: Any, keys: tuple[str | int, ...]) -> Any:
    for key in keys:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _check_copies(call: TargetCall) -> None:
    amounts = [place for place in call.places if place.unit not in _NO_AMOUNT]
    check_copies(call.operation, [(place.unit.value, place.keys) for place in amounts])


def _check_account_currency(call: TargetCall, amount: Money) -> None:
    """A body without a currency is about the account's own."""
    if amount.currency != call.currency.upper():
        reason = f"{call.operation}: {amount} was declared, but the account is in {call.currency}"
        raise RefusedError(CAPS_RULE, reason)


def _check_place(call: TargetCall, place: MoneyPlace, amount: Money, found: Any) -> None:
    if place.unit is Unit.CURRENCY:
        right = isinstance(found, str) and found.upper() == amount.currency
    elif place.unit is Unit.DECIMAL:
        right = found == amount.decimal
    else:
        worth = call.credit_minor if place.unit is Unit.CREDITS else 1
        right = type(found) in {int, str} and str(found) == str(amount.minor // worth)
        right = right and amount.minor % worth == 0
    if not right:
        shown = ".".join(map(str, place.keys))
        raise RefusedError(CAPS_RULE, f"{call.operation}: {shown} is {found!r}, but {amount} was declared")

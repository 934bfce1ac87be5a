"""What a provider write would move, read from the request as it would leave."""

from __future__ import annotations

import re
from collections.abc import Mapping

from billing_canary.errors import RefusedError
from billing_canary.guard.form_body import ENDPOINTS_RULE
from billing_canary.guard.provider_writes import ProviderWrite
from billing_canary.guard.sightings import Sightings
from billing_canary.guard.spend_ledger import CAPS_RULE
from billing_canary.money import Money

_COUNT = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
"""As the provider takes it: at most 12 digits, no sign, no leading zero, no other script's digits."""

_ITEM = re.compile(
    r"\[(?P<number>0|[1-9][0-9]{0,2})\]"
    r"\[(?P<key>quantity|price|price_data\]\[(?:unit_amount|currency|product|product_data\]\[name))\]",
    re.ASCII,
)


def check_fields(write: ProviderWrite, fields: Mapping[str, str]) -> None:
    """Allow only fields that the policy names for this write.

    Raises:
        RefusedError: another field, or a required value is not there.
    """
    own = {write.amount, write.currency, *write.require} - {""}
    for name in fields:
        is_item = write.items and name.startswith(write.items) and _ITEM.fullmatch(name[len(write.items) :])
        if name not in own and not is_item and not write.fields.fullmatch(name):
            reason = f"{write.path}: the field {name} is not among its fields in gates/money.toml"
            raise RefusedError(ENDPOINTS_RULE, reason)
    for name, value in write.require.items():
        if fields.get(name) != value:
            raise RefusedError(ENDPOINTS_RULE, f"{write.path} is allowed with {name}={value} only")


def stated_amount(write: ProviderWrite, fields: Mapping[str, str]) -> Money:
    """The amount in the fields of `write`.

    Raises:
        RefusedError: missing, or no count of minor units in a known currency.
    """
    if write.amount not in fields or write.currency not in fields:
        raise RefusedError(
            CAPS_RULE, f"{write.path} needs exactly one {write.amount} and one {write.currency}"
        )
    return _money(write, fields[write.amount], fields[write.currency])


def part_of(write: ProviderWrite, fields: Mapping[str, str], whole: Money) -> Money:
    """The part of `whole` that the write names, or all of it.

    Raises:
        RefusedError: more than the whole, or no count.
    """
    if not write.amount or write.amount not in fields:
        return whole
    part = _money(write, fields[write.amount], whole.currency)
    if part > whole:
        raise RefusedError(CAPS_RULE, f"{write.path}: {part} is more than the payment's {whole}")
    return part


def items_amount(write: ProviderWrite, fields: Mapping[str, str], seen: Sightings) -> Money:
    """The sum of the line items of `write`: unit amount, or the amount of a seen price, times quantity.

    Raises:
        RefusedError: no item, one without a known amount, or several currencies.
    """
    items: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        found = _ITEM.fullmatch(name[len(write.items) :]) if name.startswith(write.items) else None
        if found:
            items.setdefault(int(found["number"]), {})[found["key"]] = value
    amounts = [_item_amount(write, item, seen) for item in items.values()]
    if not amounts or len({amount.currency for amount in amounts}) != 1:
        raise RefusedError(CAPS_RULE, f"{write.path} needs line items in one currency")
    return sum(amounts[1:], start=amounts[0])


def _item_amount(write: ProviderWrite, item: Mapping[str, str], seen: Sightings) -> Money:
    quantity = _count(write, item.get("quantity", "1"))
    unit, currency = item.get("price_data][unit_amount"), item.get("price_data][currency")
    if "price" in item and unit is None and currency is None:
        price = seen.prices.get(item["price"])
        if price is None:
            raise RefusedError(CAPS_RULE, f"{write.path}: the amount of price {item['price']} is not known")
        return price * quantity
    if "price" in item or unit is None or currency is None:
        raise RefusedError(
            CAPS_RULE, f"{write.path}: a line item needs a price, or a unit_amount and a currency"
        )
    return _money(write, unit, currency) * quantity


def _money(write: ProviderWrite, text: str, currency: str) -> Money:
    minor = _count(write, text)
    try:
        return Money(minor=minor, currency=currency)
    except ValueError as error:
        raise RefusedError(CAPS_RULE, f"{write.path}: {error}") from None


def _count(write: ProviderWrite, text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise RefusedError(CAPS_RULE, f"{write.path}: {text[:40]!r} is no positive count of minor units")
    return int(text)

"""Where the bodies of a target's table hold amounts and their currency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing_canary.guard.target_call import MoneyPlace, Unit
from billing_canary.target.settings import OperationMapping
from billing_canary.target.template import placeholders

_UNITS = {
    "{amount.minor}": Unit.MINOR,
    "{amount.decimal}": Unit.DECIMAL,
    "{amount.credits}": Unit.CREDITS,
    "{raw_amount}": Unit.RAW,
    "{currency}": Unit.CURRENCY,
    "{currency.lower}": Unit.CURRENCY,
}


def call_places(mapping: OperationMapping) -> tuple[MoneyPlace, ...]:
    """The places of amounts and currencies in the body of `mapping`."""
    return money_places(mapping.json if mapping.json is not None else mapping.form)


def money_places(template: Any) -> tuple[MoneyPlace, ...]:
    """The places in the body `template` that hold an amount or a currency and nothing else."""
    return tuple(_places(template, ()))


def hidden_amount(template: Any) -> str:
    """The first placeholder of an amount in `template` that stands within other text, or ""."""
    for text in _texts(template):
        for name in placeholders(text):
            if (name.startswith("amount.") or name == "raw_amount") and text not in _UNITS:
                return name
    return ""


def _places(template: Any, keys: tuple[str | int, ...]) -> Iterator[MoneyPlace]:
    if isinstance(template, dict):
        for name, value in template.items():
            yield from _places(value, (*keys, name))
    elif isinstance(template, list):
        for number, value in enumerate(template):
            yield from _places(value, (*keys, number))
    elif isinstance(template, str) and template in _UNITS:
        yield MoneyPlace(keys=keys, unit=_UNITS[template])


def _texts(template: Any) -> Iterator[str]:
    if isinstance(template, dict):
        for name, value in template.items():
            yield from _texts(name)
            yield from _texts(value)
    elif isinstance(template, list):
        for value in template:
            yield from _texts(value)
    elif isinstance(template, str):
        yield template

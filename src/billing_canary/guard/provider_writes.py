"""`[[provider.writes]]`: every provider call that may change something, with where its amounts stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from billing_canary.config import Table

_METHODS = ("POST", "DELETE")
_PLACE = re.compile(r"\{([a-z]+)\}")


class Moves(StrEnum):
    """What a provider write does with money."""

    AMOUNT = "amount"
    """It moves the amount in its own fields."""
    ITEMS = "items"
    """It moves the sum of its line items: unit amount, or the amount of a known price, times quantity."""
    RESERVED = "reserved"
    """It moves a payment that this run fetched, found to be a test object, and reserved."""
    REFUND = "refund"
    """It pays back (a part of) a payment of this run; that counts as money moved, too."""
    PRICE = "price"
    """It moves nothing, but fixes an amount that later writes refer to."""
    NONE = "none"
    """It moves nothing."""


@dataclass(frozen=True, kw_only=True)
class ProviderWrite:
    """One provider call that may be made.

    Attributes:
        path: the path; `{payment}` stands for a payment intent's id, another name for any other id.
        pattern: the same as a regular expression.
        moves: what it does with money.
        amount: the form field of minor units, where it has one.
        currency: the form field of the currency, where it has one.
        items: the form field of its line items.
        fields: other form fields that it may carry; `[*]` stands for any one key.
        require: fields that it must carry, with their values.
    """

    path: str
    pattern: re.Pattern[str]
    moves: Moves
    method: str = "POST"
    amount: str = ""
    currency: str = ""
    items: str = ""
    fields: re.Pattern[str] = re.compile(r"(?!)")
    require: Mapping[str, str] = field(default_factory=dict)


def read_provider_writes(provider: Table) -> tuple[ProviderWrite, ...]:
    """The entries of `provider.writes`; problems are noted in the table."""
    writes = []
    for number, entry in enumerate(provider.get("writes", list)):
        data = entry if isinstance(entry, dict) else {}
        path = f"{provider.path}.writes[{number}]"
        writes.append(_write(Table(file=provider.file, path=path, data=data, problems=provider.problems)))
    provider.finish()
    return tuple(writes)


def _write(table: Table) -> ProviderWrite:
    path = table.get("path", str)
    moves = table.one_of("moves", [each.value for each in Moves])
    write = ProviderWrite(
        path=path,
        pattern=_pattern(table, path),
        moves=Moves(moves) if moves in list(Moves) else Moves.NONE,
        method=table.one_of("method", _METHODS, "POST"),
        amount=table.get("amount", str, ""),
        currency=table.get("currency", str, ""),
        items=table.get("items", str, ""),
        fields=field_pattern(table.strings("fields")),
        require=_required_values(table),
    )
    _check_places(table, write)
    table.finish()
    return write


def _pattern(table: Table, path: str) -> re.Pattern[str]:
    names = _PLACE.findall(path)
    if len(set(names)) != len(names):
        table.problem("path", f"is {path!r}", "name each {placeholder} once")
        return re.compile("(?!)")
    parts = _PLACE.split(path)  # text and names in turn
    texts = [re.escape(part) if n % 2 == 0 else f"(?P<{part}>[A-Za-z0-9_]+)" for n, part in enumerate(parts)]
    return re.compile("".join(texts), re.ASCII)


def field_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """What matches exactly the form fields in `names`, `[*]` being any one key."""
    escaped = (re.escape(name).replace(r"\[\*\]", r"\[[^\[\]]*\]") for name in names)
    return re.compile("|".join(escaped) or "(?!)")


def _required_values(table: Table) -> dict[str, str]:
    sub = table.table("require")
    return {name: sub.get(name, str) for name in sub.data}


def _check_places(table: Table, write: ProviderWrite) -> None:
    needs = {
        Moves.AMOUNT: ("amount", "currency"),
        Moves.PRICE: ("amount", "currency"),
        Moves.ITEMS: ("items",),
    }
    for key in needs.get(write.moves, ()):
        if not getattr(write, key):
            table.problem(key, "is missing", f'name the form field, for example {key} = "{key}"')
    if write.moves is Moves.RESERVED and "{payment}" not in write.path:
        table.problem("path", f"is {write.path!r}", 'moves = "reserved" needs {payment} in the path')

"""What stands beside a declared amount and could change what is moved: numbers, other currencies, copies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing_canary.errors import RefusedError
from billing_canary.guard.form_body import ENDPOINTS_RULE
from billing_canary.guard.spend_ledger import CAPS_RULE
from billing_canary.money import exponent

Keys = tuple[str | int, ...]

_COUNTS = re.compile(
    r"quantity|qty|(?<!ac)count(?!r[iy])|copies|seats|repeat|units?$|credits?$|multipl|factor|times(?!tamp)"
    r"|amount|price|total|sum$|cents|minor|major|fee|tip$|tips$|surcharge|charge|^value$",
    re.IGNORECASE,
)
"""Names under which a number next to the amount could change what is moved."""

_IN_HEADERS = re.compile(r"quantity|qty|multipl|amount|price$|total$|credits?$|cents", re.IGNORECASE)
"""The same for headers, where counts and versions of other things are usual."""

_MULTIPLIES = re.compile(r"quantity$|qty$|copies$|multiplier$|times$", re.IGNORECASE)
"""Names under which 1 changes nothing."""

_ADDS = re.compile(r"fee|tips?$|tax|surcharge|extra|bonus|deposit|discount", re.IGNORECASE)
"""Names under which a second amount is no other spelling of the first."""

_CURRENCY = re.compile(r"curr|ccy", re.IGNORECASE)
_NUMBER = re.compile(
    r"\W*(?P<before>[a-z]{3})?\W*(?P<number>\d[\d\s.,_'\u2019]*(?:e[+-]?\d+)?)\W*(?P<after>[a-z]{3})?\W*",
    re.IGNORECASE,
)
_LONGEST = 80
"""Letters of a text that is read as a number with its currency; longer ones are digits alone, or none."""

_AT_ONCE = re.compile(r"(?:auto_?)?confirm|off_?session", re.IGNORECASE)


def check_beside(operation: str, document: Any, known: Iterable[Keys], currency: str) -> None:
    """Refuse a body that holds more than its known places, where that could change what is moved.

    Args:
        operation: for the reason.
        document: the body, parsed.
        known: where its amounts and currencies stand, to be judged elsewhere.
        currency: of the declared amount.

    Raises:
        RefusedError: another number, or another currency.
    """
    places = frozenset(known)
    for keys, value in leaves(document):
        name = next((key for key in reversed(keys) if isinstance(key, str)), "")
        if keys not in places and _has(_COUNTS, name) and _changes(name, value):
            _refuse(operation, f"the body's {_shown(keys)}")
        if _has(_CURRENCY, name) and _is_other_currency(value, currency):
            reason = f"{operation}: the body's {_shown(keys)} is {value!r}, but {currency} was declared"
            raise RefusedError(CAPS_RULE, reason)


def check_copies(operation: str, amounts: Iterable[tuple[str, Keys]]) -> None:
    """Refuse places of the amount that a backend could add up.

    Args:
        operation: for the reason.
        amounts: the unit in which each amount is written, and where. One amount may be told in several
            units, or as a position and as the total.

    Raises:
        RefusedError: two positions of one list, or a fee or the like beside the amount.
    """
    copy = _copy_among(tuple(amounts))
    if copy is not None:
        _refuse(operation, f"a second amount in the body's {_shown(copy)}")


@lru_cache(maxsize=256)
def _copy_among(amounts: tuple[tuple[str, Keys], ...]) -> Keys | None:
    """The place of an amount that a backend could add to another; the same few places come all the time."""
    seen: set[str] = set()
    for unit, keys in sorted(amounts, key=lambda place: bool(_ADDS.search(_shown(place[1])))):
        # One form field may spell a whole path, so digits count as positions wherever they stand.
        alike = re.sub(r"\d+", "*", f"{unit} {_shown(keys)}")
        if alike in seen or (seen and _ADDS.search(alike)):
            return keys
        seen.add(alike)
    return None


def check_around(operation: str, url: str, headers: Mapping[str, str | bytes]) -> None:
    """Refuse an amount or a count in the query or in a header, where amounts are not read.

    Raises:
        RefusedError: there is one.
    """
    query = urlsplit(url).query if "?" in url else ""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if _has(_COUNTS, name) and _changes(name, value):
            _refuse(operation, f"the address's {name}")
    for name in _counting(tuple(headers)):
        raw = headers[name]
        value = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        if _changes(name, value):
            _refuse(operation, f"the header {name}")


def asks_to_charge(document: Any) -> bool:
    """Whether a body tells the backend to charge a payment method at once."""
    return any(
        isinstance(key, str) and _AT_ONCE.fullmatch(key) and str(value).lower() in {"true", "1", "yes", "on"}
        for keys, value in leaves(document)
        for key in keys[-1:]
    )


def leaves(document: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every plain value in `document`, with the keys that lead to it."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from leaves(value, (*keys, name))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from leaves(value, (*keys, number))
    else:
        yield keys, document


@lru_cache(maxsize=256)
def _counting(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `headers` under which a number could change what is moved."""
    return tuple(name for name in headers if _IN_HEADERS.search(name))


@lru_cache(maxsize=1024)
def _has(pattern: re.Pattern[str], name: str) -> bool:
    """Whether `pattern` is found in `name`; the same few names come with every request."""
    return pattern.search(name) is not None


def _changes(name: str, value: Any) -> bool:
    """Whether `value` under `name` is a number other than the one that changes nothing."""
    if isinstance(value, bool) or value is None:
        return False
    text = str(value).strip()
    if len(text) > _LONGEST:
        return text.isdigit()
    found = _NUMBER.fullmatch(text)
    if found is None or not all(_is_currency(code) for code in (found["before"], found["after"]) if code):
        return False
    nothing = not found["number"].strip("0.,_ ")
    return not (nothing or (_MULTIPLIES.search(name) and text == "1"))


def _is_other_currency(value: Any, currency: str) -> bool:
    return isinstance(value, str) and value.strip().upper() != currency and _is_currency(value.strip())


def _is_currency(text: str) -> bool:
    try:
        exponent(text)
    except ValueError:
        return False
    return True


def _refuse(operation: str, what: str) -> None:
    raise RefusedError(ENDPOINTS_RULE, f"{operation}: {what} could change the amount")


def _shown(keys: Keys) -> str:
    return ".".join(map(str, keys))

"""Form-encoded parameters with brackets, as the provider's API takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from billing_canary.money import exponent
from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.web import Call

LARGEST_AMOUNT = 99_999_999
"""Eight digits; source: https://docs.stripe.com/currencies, "Minimum and maximum charge amounts"."""

_KEY = re.compile(r"(?P<name>[^\[\]]+)(?P<rest>(\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


class Params:
    """The parameters of one call, nested: metadata[k]=v is {"metadata": {"k": "v"}}, a[]=v a list."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def allow(self, names: Iterable[str]) -> None:
        """Refuse parameters beyond `names`: a typo must not silently mean "default"."""
        unknown = sorted(set(self.values) - set(names))
        if unknown:
            raise invalid(unknown[0], f"Received unknown parameter: {unknown[0]}", "parameter_unknown")

    def text(self, name: str, default: str = "") -> str:
        """A plain parameter."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise invalid(name, f"Invalid string: {name}")
        return value

    def flag(self, name: str) -> bool:
        """A parameter that is "true" or "false"."""
        value = self.text(name, "false")
        if value not in {"true", "false"}:
            raise invalid(name, f"Invalid boolean: {value}")
        return value == "true"

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; required when there is no `default`."""
        value = self.text(name)
        if not value:
            if default is None:
                raise invalid(name, f"Missing required param: {name}.", "parameter_missing")
            return default
        if not re.fullmatch(r"-?[0-9]{1,15}", value):
            raise invalid(name, f"Invalid integer: {value[:40]}", "parameter_invalid_integer")
        return int(value)

    def amount(self, name: str, *, default: int | None = None, most: int = LARGEST_AMOUNT) -> int:
        """An amount in minor units, from 1 to `most`."""
        value = self.integer(name, default)
        if value < 1:
            raise invalid(name, "This value must be greater than or equal to 1.", "parameter_invalid_integer")
        if value > most:
            raise invalid(name, f"This value must be at most {most}.", "amount_too_large")
        return value

    def currency(self) -> str:
        """The lower-case currency code."""
        code = self.text("currency")
        if not code:
            raise invalid("currency", "Missing required param: currency.", "parameter_missing")
        try:
            exponent(code)
        except ValueError:
            raise invalid("currency", f"Invalid currency: {code[:40]}") from None
        return code.lower()

    def mapping(self, name: str) -> dict[str, str]:
        """A one-level mapping such as metadata."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise invalid(name, f"Invalid object: {name}")
        return dict(value)

    def strings(self, name: str) -> list[str]:
        """A list of plain values."""
        value = self.values.get(name, {})
        items = list(value.values()) if isinstance(value, dict) else [value]
        return [str(item) for item in items]


def body_params(call: Call) -> Params:
    """Parameters of a POST, from its form-encoded body."""
    return _nested(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def query_params(call: Call) -> Params:
    """Parameters of a GET, from its query."""
    return _nested(call.query)


def _nested(pairs: Iterable[tuple[str, str]]) -> Params:
    values: dict[str, Any] = {}
    for key, value in pairs:
        found = _KEY.fullmatch(key)
        if not found:
            raise invalid(key[:40], "Invalid parameter name")
        _store(values, [found["name"], *_PART.findall(found["rest"])], value)
    return Params(values)


def _store(values: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        values = values.setdefault(part or str(len(values)), {})
        if not isinstance(values, dict):
            raise invalid(path[0], f"Invalid object: {path[0]}")
    values[path[-1] or str(len(values))] = value

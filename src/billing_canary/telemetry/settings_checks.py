"""Checks that several kinds of source share while their settings are read."""

from __future__ import annotations

import re

from billing_canary.config import Table

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def variable(table: Table, key: str, default: str | None = None) -> str:
    """The name of an environment variable; never its value, which could be a secret."""
    name = table.get(key, str, default)
    if name and not _VARIABLE.fullmatch(name):
        # The value itself may have been written where its variable's name belongs.
        message = "is no name of an environment variable"
        table.problem(key, message, 'write the name of the variable that holds the value, e.g. "BILLING_URL"')
    elif not name and key in table.data and isinstance(table.data[key], str):
        table.problem(key, "is empty", "write the name of an environment variable, or remove it")
    return name


def number(table: Table, key: str, default: int, allowed: range) -> int:
    """A whole number out of `allowed`."""
    value = table.get(key, int, default)
    if value not in allowed:
        table.problem(key, f"is {value}", f"write a whole number from {allowed[0]} to {allowed[-1]}")
    return value

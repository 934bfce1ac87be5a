"""Which queries of Prometheus count exactly, and which values are counts."""

from __future__ import annotations

import re

WINDOW = "{window}"
"""Stands for the length of the window, such as 3600s, in a query."""

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_TEXT = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
_MATCHER = rf"\s*{_NAME}\s*(?:=~|!~|!=|=)\s*{_TEXT}\s*"
_SELECTOR = re.compile(rf"\s*{_NAME}\s*(?:\{{(?:{_MATCHER}(?:,{_MATCHER})*,?)?\s*\}})?\s*", re.ASCII)
_COUNT = re.compile(r"\+?([0-9]+(?:\.[0-9]+)?(?:[eE]\+?[0-9]{1,2})?)", re.ASCII)
_MOST = 2**53
"""Prometheus keeps doubles: above it they are no longer exact."""


def is_selector(query: str) -> bool:
    """Whether `query` is the plain selector of a metric: a name, perhaps with labels."""
    return WINDOW not in query and _SELECTOR.fullmatch(query) is not None


def count_of(value: str) -> tuple[int | None, str]:
    """The count that Prometheus' text for a number says, or why it is none."""
    if value in {"NaN", "+Inf", "-Inf", "Inf"}:
        return None, value
    if value.startswith("-"):
        return (0, "") if float(value) == 0 else (None, f"negative: {value[:40]}")
    found = _COUNT.fullmatch(value)
    if found is None:
        return None, f"no number: {value[:40]!r}"
    number = float(found[1])
    if not number.is_integer():
        return None, f"not a whole number: {value[:40]}"
    return (int(number), "") if number <= _MOST else (None, f"too large to be exact: {value[:40]}")

"""The ages that options take: "7d", "12h", "30m" or "2w"."""

from __future__ import annotations

import click

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_DIGITS = 5


def age(text: str) -> int:
    """`text`, a number with a unit, as seconds.

    Raises:
        BadParameter: it is no age.
    """
    number, unit = text[:-1], text[-1:]
    if unit in _SECONDS and number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS:
        return int(number) * _SECONDS[unit]
    raise click.BadParameter(f"{text[:40]!r} is no age; write for example 7d, 12h, 30m or 2w.")

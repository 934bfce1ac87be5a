"""Text from outside, made fit for one line of a report: no control characters, bounded length."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing_canary.money import Money

_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters (colour codes of terminals), line separators, and marks that reverse or hide text."""

_SPACES = re.compile(r"[ \t\r\n\u2028\u2029]+")
_LONGEST = 400
_WIDE = frozenset("WF")
_SECOND_MS = 1_000


def plain(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line, cut after `longest` characters, with nothing in it that a terminal obeys."""
    line = _INVISIBLE.sub("\ufffd", _SPACES.sub(" ", text)).strip()
    return line if len(line) <= longest else f"{line[:longest]}..."


def columns(text: str) -> int:
    """How many columns `text` takes on a terminal; wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` columns: padded, or cut with "~" as its last column."""
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text = f"{text}~"
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """`text` as lines of at most `width` columns, all but the first behind `indent`."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def amounts(money: Sequence[Money], nothing: str = "-") -> str:
    """Amounts as "0.29 RUB + 1.00 USD", or `nothing`."""
    return " + ".join(map(str, money)) or nothing


def duration(milliseconds: int) -> str:
    """Milliseconds as "120 ms" or, from one second on, "3.2 s"."""
    if milliseconds < _SECOND_MS:
        return f"{milliseconds} ms"
    tenths = (milliseconds + 50) // 100
    return f"{tenths // 10}.{tenths % 10} s"


def minute(instant: str) -> str:
    """An RFC 3339 UTC instant as "2026-11-21 10:37 UTC"."""
    return f"{instant[:10]} {instant[11:16]} UTC"


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 probe", "3 probes"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

"""Keep secrets out of everything that is written or shown.

Two nets: the values of the secrets that this run loaded, in the encodings in which they commonly
reappear, and the shapes of provider keys, webhook secrets, bearer tokens and card numbers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "[redacted]"

_SHAPES = re.compile(
    r"""(?:sk|rk|pk)_(?:live|test|org)_[A-Za-z0-9_]{4,}   # provider keys
    | whsec_[A-Za-z0-9+/=_-]{4,}                          # webhook signing secrets
    | (?<=Bearer[ ])[A-Za-z0-9._~+/=-]{6,}                # Authorization: Bearer
    | (?<=Basic[ ])[A-Za-z0-9+/=]{8,}                     # Authorization: Basic
    | (?P<digest>\b[0-9a-f]{32,}\b)                       # the digits in it are no card number
    # Card numbers; the Luhn check decides.
    | (?P<card>(?<!\d)(?:[3-6]|2[ -]?[2-7])(?:[ -]?\d){11,18}(?!\d))
    """,
    re.VERBOSE | re.ASCII,
)
_HINTS = ("k_live_", "k_test_", "k_org_", "whsec_", "Bearer ", "Basic ")
"""One of them is in whatever the shapes find, card numbers apart."""

_DIGITS = bytes(ord("0") if 48 <= byte <= 57 else ord("x") for byte in range(256))  # noqa: PLR2004 - ASCII digits
_LONG_NUMBER = b"0" * 12
"""What the shortest number that looks like a card's comes to, with spaces and hyphens left out."""

_CARD_LETTERS = bytes(
    ord("2")
    if byte in b"23456"
    else ord("0")
    if byte in b"01789"
    else ord("-")
    if byte in b" -"
    else ord("x")
    for byte in range(256)
)
_CARD_START = re.compile(rb"2(?<![02]2)" + rb"-?[02]" * 11)
"""How every card number begins, in the letters of `_CARD_LETTERS`: a fixed first one is quick to search."""

_CARD_LENGTHS = range(13, 20)
_SHORTEST_SECRET = 6
"""Shorter values would mask ordinary words; `doctor` warns about them instead."""


def _passes_luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(digits) not in _CARD_LENGTHS:
        return False
    doubled = [d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits))]  # noqa: PLR2004 - Luhn's own numbers
    return sum(doubled) % 10 == 0


def _mask_shape(found: re.Match[str]) -> str:
    if found["digest"]:
        return found.group()
    return _mask_cards(found.group()) if found["card"] else MASK


def _mask_cards(text: str) -> str:
    """Mask every series of digit groups that is a card number; other numbers may stand beside it."""
    groups = [group.span() for group in re.finditer(r"\d+", text)]
    for first, (start, _) in enumerate(groups):
        for _, end in reversed(groups[first:]):
            if _passes_luhn(text[start:end]):
                return text[:start] + MASK + _mask_cards(text[end:])
    return text


def _encodings(secret: str) -> set[str]:
    raw = secret.encode()
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), raw.hex()}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_xml = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms |= {in_xml, in_xml.replace('"', "&quot;")}
    forms.add(base64.b64encode(raw).decode().rstrip("="))
    forms.add(base64.b64encode(f"{secret}:".encode()).decode().rstrip("="))
    forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    return forms


class Redactor:
    """Masks secrets in text; made once for a run with the values of its secrets.

    Matching is slow, looking for a fixed text is fast. So a text is searched for what every secret would
    have to contain first, and only lines that have it are matched.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {f for s in secrets if len(s) >= _SHORTEST_SECRET for f in _encodings(s)}
        ordered = sorted(forms, key=len, reverse=True)  # a longer form may contain a shorter one
        self._values = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None
        # A form that holds a shorter one needs no search of its own.
        lowered = {form.lower() for form in forms}
        self._needles = [form for form in lowered if not any(o in form for o in lowered if o != form)]
        self._by_line = not any("\n" in form for form in forms)

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]`."""
        if self._values is not None:
            text = self._without_values(text, self._values)
        return _mask_lines(text, _shape_places(text), lambda line: _SHAPES.sub(_mask_shape, line))

    def tree(self, value: object) -> object:
        """A JSON-like `value` with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(key)): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def _without_values(self, text: str, values: re.Pattern[str]) -> str:
        lowered = text.lower()
        places = sorted(place for needle in self._needles for place in _places(lowered, needle))
        if places and not (self._by_line and len(lowered) == len(text)):  # else places are not the text's
            return values.sub(MASK, text)
        return _mask_lines(text, places, lambda line: values.sub(MASK, line))


def _places(text: str, needle: str) -> Iterator[int]:
    """Where `needle` is in `text`."""
    place = text.find(needle)
    while place >= 0:
        yield place
        place = text.find(needle, place + len(needle))


def _shape_places(text: str) -> list[int]:
    """A place in every line that may hold a shape, in order."""
    places = [place for hint in _HINTS for place in _places(text, hint)]
    letters = text.encode("ascii", "replace")  # one byte a character, so that places are the text's
    if _LONG_NUMBER in letters.translate(_DIGITS, b" -"):
        places += [found.start() for found in _CARD_START.finditer(letters.translate(_CARD_LETTERS))]
    return sorted(places)


def _mask_lines(text: str, places: Iterable[int], mask: Callable[[str], str]) -> str:
    """`text` with `mask` applied to each line that has one of `places`, which are in order."""
    parts, done = [], 0
    for place in places:
        if place >= done:
            start = text.rfind("\n", done, place) + 1 or done
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
            parts += [text[done:start], mask(text[start:end])]
            done = end
    return "".join([*parts, text[done:]]) if parts else text

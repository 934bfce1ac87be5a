"""Keep secrets out of everything that is written or shown.

Two nets: the values of the secrets that this run loaded, in the encodings in which they commonly
reappear, and the shapes of provider keys, webhook secrets, bearer tokens and card numbers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
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

_CARD_START = re.compile(r"[2-6](?<!\d[2-6])(?:[ -]?\d){11}", re.ASCII)
"""How every card number begins; that it opens with digits makes it quick to search."""

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
        if self._values is not None and self._may_hold_value(text):
            text = self._without_values(text)
        if _may_hold_shape(text):
            text = "\n".join(
                _SHAPES.sub(_mask_shape, line) if _may_hold_shape(line) else line for line in text.split("\n")
            )
        return text

    def tree(self, value: object) -> object:
        """A JSON-like `value` with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(key)): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def _may_hold_value(self, text: str) -> bool:
        lowered = text.lower()
        return any(needle in lowered for needle in self._needles)

    def _without_values(self, text: str) -> str:
        assert self._values is not None  # noqa: S101 - the caller has looked
        if not self._by_line:
            return self._values.sub(MASK, text)
        return "\n".join(
            self._values.sub(MASK, line) if self._may_hold_value(line) else line for line in text.split("\n")
        )


def _may_hold_shape(text: str) -> bool:
    if any(hint in text for hint in _HINTS):
        return True
    digits = text.encode("utf-8", "surrogatepass").translate(_DIGITS, b" -")
    return _LONG_NUMBER in digits and _CARD_START.search(text) is not None

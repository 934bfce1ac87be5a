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
_HINTS = ("_live_", "_test_", "_org_", "whsec_", "Bearer ", "Basic ")
_LONG_NUMBER = re.compile(r"\d[\d -]{11}", re.ASCII)
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
    forms.add(base64.b64encode(raw).decode().rstrip("="))
    forms.add(base64.b64encode(f"{secret}:".encode()).decode().rstrip("="))
    forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    return forms


class Redactor:
    """Masks secrets in text; made once for a run with the values of its secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {f for s in secrets if len(s) >= _SHORTEST_SECRET for f in _encodings(s)}
        ordered = sorted(forms, key=len, reverse=True)  # a longer form may contain a shorter one
        self._values = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]`."""
        if self._values is not None:
            text = self._values.sub(MASK, text)
        if any(hint in text for hint in _HINTS) or _LONG_NUMBER.search(text):
            text = _SHAPES.sub(_mask_shape, text)
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

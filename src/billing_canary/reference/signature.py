"""The provider's webhook signature: HMAC-SHA256 over "<timestamp>.<raw body>".

Source: https://docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SignatureHeader:
    """A parsed `Stripe-Signature` header.

    Attributes:
        timestamp: seconds since the epoch, as the sender wrote it.
        candidates: every v1 signature; there are several while a secret is being rotated.
    """

    timestamp: int
    candidates: tuple[str, ...]


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The v1 signature of `body`, in hexadecimal."""
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def header_text(timestamp: int, signatures: Sequence[str]) -> str:
    """The value of a `Stripe-Signature` header."""
    return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])


def parse_header(text: str) -> SignatureHeader | None:
    """Read a `Stripe-Signature` header; None when it holds no timestamp or no v1 signature."""
    pairs = [part.strip().partition("=")[::2] for part in text.split(",")]
    stamps = [value for name, value in pairs if name == "t"]
    candidates = tuple(value for name, value in pairs if name == "v1")
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdecimal()) or not candidates:
        return None
    return SignatureHeader(timestamp=int(stamps[0]), candidates=candidates)


def any_matches(candidates: Sequence[str], expected: str) -> bool:
    """Whether one of `candidates` equals `expected`; constant time for each candidate."""
    return any(hmac.compare_digest(candidate.encode(), expected.encode()) for candidate in candidates)

"""How a request is framed and addressed in its headers: nothing there may contradict what was judged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from billing_canary.errors import RefusedError
from billing_canary.guard.addresses import HOSTS_RULE
from billing_canary.guard.form_body import ENDPOINTS_RULE

Headers = Mapping[str, str | bytes]

_FRAMING = frozenset({"host", "transfer-encoding", "content-length"})

_ELSEWHERE = frozenset(
    {
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-method",
        "x-original-url",
        "x-rewrite-url",
        "x-original-uri",
        "stripe-account",
        "stripe-context",
    }
)
"""Headers by which a server may take a request for another method, another path or another account."""


def check_framing(url: str, headers: Headers, body: object) -> None:
    """Refuse what would let two readers see two requests.

    Raises:
        RefusedError: a `Host` header other than the address's, a body that is not at hand as a whole, or
            a length that is not the body's own.
    """
    if body is not None and not isinstance(body, str | bytes):
        raise RefusedError(ENDPOINTS_RULE, "the body is a stream, so it cannot be read before it leaves")
    for name in _among(_FRAMING, tuple(headers)):
        value = headers[name]
        text = (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip()
        _check_one(_plain(name), text, url, body)


def _check_one(plain: str, text: str, url: str, body: str | bytes | None) -> None:
    if plain == "host" and text.lower() != urlsplit(url).netloc.lower():
        raise RefusedError(HOSTS_RULE, "the Host header names another host than the address")
    length = len(body.encode() if isinstance(body, str) else body or b"")
    if plain == "transfer-encoding" or (plain == "content-length" and text != str(length)):
        raise RefusedError(ENDPOINTS_RULE, f"the {plain} header does not fit the body")


def check_no_override(headers: Headers, kind: str) -> None:
    """Refuse headers that lead a request of this `kind` elsewhere than its method, address and key say.

    Raises:
        RefusedError: one is there.
    """
    for name in _among(_ELSEWHERE, tuple(headers)):
        raise RefusedError(ENDPOINTS_RULE, f"a header makes a {kind} into something else: {name}")


@lru_cache(maxsize=256)
def _among(known: frozenset[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that are `known`; requests of one kind have the same names."""
    return tuple(name for name in names if _plain(name) in known)


def _plain(name: str) -> str:
    """Gateways take an underscore for a hyphen."""
    return name.lower().replace("_", "-")

"""Live keys: how they are recognised wherever a person may have put one, and which keys may be used."""

from __future__ import annotations

import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote_plus

from billing_canary.errors import RefusedError

KEYS_RULE = "keys"

LIVE_KEY = re.compile(r"(?:sk|rk|pk)_live_|sk_org_", re.ASCII | re.IGNORECASE)
"""Prefixes of the provider's live keys, and of organisation keys, which reach live accounts too."""

_QUOTINGS = 3
"""How often a pasted key may have been quoted: by hand, as a form, within an address."""

_UNDERSCORE = re.compile(r"\\u005f", re.IGNORECASE)
"""How JSON may write the letter that no key goes without."""

_TEST_KEY = re.compile(r"(?:sk|rk)_test_[A-Za-z0-9_]{4,}", re.ASCII)
_BLANKS = bytes([*range(0x21), 0x7F])
"""White space and control characters of ASCII."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}", re.ASCII)
_UNDERSCORES = 2
"""Every live key has as many; most texts have fewer, and need no closer look."""


@lru_cache(maxsize=512)
def holds_live_key(text: str) -> bool:
    """Whether a live key stands anywhere in `text`: in a list, with white space, URL-quoted, in base64."""
    return _is_live(text) or ("%" in text and _is_live(_unquoted(text))) or any(map(_is_live, _decoded(text)))


def _unquoted(text: str) -> str:
    """`text` as it was before it was URL-quoted, also where what was quoted already was quoted once more."""
    for _ in range(_QUOTINGS):
        plain = unquote_plus(text)
        if plain == text:
            break
        text = plain
    return text


def _is_live(text: str) -> bool:
    """Whether a live key stands in `text`, without white space and invisible characters if it has some."""
    if text.count("_") < _UNDERSCORES:
        return False
    if text.isascii():
        joined = text.encode().translate(None, _BLANKS).decode()  # ten times as fast as with text
    else:
        joined = "".join(filter(str.isprintable, text))
    lowered = joined.replace(" ", "").lower()
    # Nearly no text has one of these; they are found much faster than the pattern.
    return ("_live_" in lowered or "sk_org_" in lowered) and LIVE_KEY.search(lowered) is not None


def _decoded(text: str) -> Iterator[str]:
    """What reads as base64 in `text`, in plain: `Authorization: Basic` carries keys that way."""
    for token in _BASE64.findall(text):
        if len(token) % 4 == 1:  # no bytes are written in so many letters
            continue
        usual = token.replace("-", "+").replace("_", "/")
        plain = binascii.a2b_base64(usual + "==")  # more padding than needed is ignored
        if plain.isascii():
            yield plain.decode()


def check_provider_key(key: str) -> None:
    """Allow only one plain test key of the provider; called before any connection.

    Raises:
        RefusedError: anything else: live, unknown, a list, or with something around it. The key itself is
            not named.
    """
    if not _TEST_KEY.fullmatch(key):
        reason = "the provider's key is no test key: it is not one plain sk_test_... or rk_test_... key"
        raise RefusedError(KEYS_RULE, reason, ends_run=True)


def check_used_secret(name: str, value: str) -> None:
    """Refuse to use a secret or an address that holds a live key.

    Raises:
        RefusedError: it does. `name` says which; the value is not named.
    """
    if holds_live_key(value):
        raise RefusedError(KEYS_RULE, f"{name} holds a live key", ends_run=True)


def live_variables(environ: Mapping[str, str], used: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the variables in `environ`, other than those in `used`, that hold a live key."""
    return tuple(
        sorted(name for name, value in environ.items() if name not in used and holds_live_key(value))
    )


def check_sent(url: str, headers: Mapping[str, str | bytes], body: object) -> None:
    """Refuse a request that carries a live key in its address, a header or its body.

    Raises:
        RefusedError: it does. The key itself is not named.
    """
    if _suspicious(url) and holds_live_key(url):
        raise RefusedError(KEYS_RULE, "the address holds a live key", ends_run=True)
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if holds_live_key(text):
            raise RefusedError(KEYS_RULE, f"header {name} holds a live key", ends_run=True)
    if not isinstance(body, bytes | str):
        return
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if _suspicious(text) and _is_live(_unquoted(_spelt_out(text))):
        raise RefusedError(KEYS_RULE, "the body holds a live key", ends_run=True)


def _spelt_out(text: str) -> str:
    return _UNDERSCORE.sub("_", text) if "\\" in text else text


def _suspicious(text: str) -> bool:
    """Whether a closer look is worth it: nearly no request has any of these."""
    return "_" in text or "%" in text or "\\u005" in text

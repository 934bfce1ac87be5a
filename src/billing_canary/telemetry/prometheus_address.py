"""The address of a Prometheus server, from an environment variable that may hold a password."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from billing_canary.telemetry.kind import UnanswerableError


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to ask: `url` without the user, who is sent in a header."""

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def address(variable: str, value: str, *, with_token: bool) -> Address:
    """The server that `value` names; messages name the `variable` only.

    Raises:
        UnanswerableError: it is no http(s) address, or a secret would travel in the clear.
    """
    parts = _split(value)
    if parts is None or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        raise UnanswerableError(f"{variable} is no http(s) address; write https://host or https://host/path")
    secret = with_token or bool(parts.username or parts.password)
    if secret and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        fix = "use https, or a server on loopback"
        raise UnanswerableError(f"{variable} is a plain http address, so the secret could be read; {fix}")
    host = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
    return Address(url=url, user=unquote(parts.username or ""), password=unquote(parts.password or ""))


def secrets_of(value: str) -> tuple[str, ...]:
    """Whatever of the address `value` must never be shown."""
    parts = _split(value)
    if parts is None:
        return (value,)
    words = (parts.password or "", unquote(parts.password or ""))
    return (parts.netloc.rpartition("@")[0], *words)


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and parts.port != 0 and not any(c.isspace() for c in value)
    except ValueError:
        return None
    return parts if usable else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

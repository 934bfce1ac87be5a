"""The rules that every request and answer must satisfy; pure functions over what can be seen of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

from billing_canary.errors import RefusedError
from billing_canary.guard.policy import MoneyPolicy

HOSTS_RULE = "hosts"
KEYS_RULE = "keys"
LIVE_RULE = "never-live"

_LIVE_KEY = re.compile(r"\b(?:sk|rk)_live_|\bsk_org_", re.ASCII)
_TEST_KEYS = ("sk_test_", "rk_test_")
_LIVE_ANSWER = re.compile(rb'"livemode"\s*:\s*true\b')
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_url(url: str, policy: MoneyPolicy) -> None:
    """Allow only https, or loopback, on a host that the policy names.

    Raises:
        RefusedError: scheme, user info, host or port is not allowed.
    """
    parts = _split(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise RefusedError(HOSTS_RULE, f"scheme {parts.scheme!r} is not allowed")
    if parts.username is not None or parts.password is not None:
        raise RefusedError(HOSTS_RULE, "a URL with user name or password is not allowed")
    host, port = _host_and_port(parts)
    if not {host, f"{host}:{port}"} & policy.hosts:
        raise RefusedError(HOSTS_RULE, f"{host}:{port} is not in [hosts] allow of gates/money.toml")
    if parts.scheme == "http" and not is_loopback(host):
        raise RefusedError(HOSTS_RULE, f"{host}:{port} is asked over plain http; use https")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`: what a redirect may never change."""
    parts = _split(url)
    return (parts.scheme, *_host_and_port(parts))


def check_redirect(source: str, location: str) -> None:
    """Allow a redirect from the URL `source` to `location` only within its own origin.

    Raises:
        RefusedError: another scheme, host or port, or no URL.
    """
    try:
        destination = urljoin(source, location)
    except ValueError:
        raise RefusedError(HOSTS_RULE, "redirect to an unreadable address") from None
    if origin(source) != origin(destination):
        reason = f"redirect from {_shown(source)} to {_shown(destination)}"
        raise RefusedError(HOSTS_RULE, reason)


def _shown(url: str) -> str:
    """Scheme, host and port: what is no secret of an address."""
    scheme, host, port = origin(url)
    return f"{scheme}://{host}:{port}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise RefusedError(HOSTS_RULE, "the URL cannot be read") from None


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError:
        raise RefusedError(HOSTS_RULE, "the URL's port is no number") from None
    return parts.hostname or "", port if port is not None else _DEFAULT_PORTS.get(parts.scheme, 0)


def is_loopback(host: str) -> bool:
    """Whether `host` is written as a loopback address; a name is none, since it may resolve to anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_provider_key(key: str) -> None:
    """Allow only the provider's test keys; called before any connection.

    Raises:
        RefusedError: anything else, live or unknown. The key itself is not named.
    """
    if not key.startswith(_TEST_KEYS):
        reason = f"the provider's key is no test key: it does not start with {' or '.join(_TEST_KEYS)}"
        raise RefusedError(KEYS_RULE, reason, ends_run=True)


def check_headers(headers: Mapping[str, str | bytes]) -> None:
    """Refuse a request that carries a live key.

    Raises:
        RefusedError: a header holds the prefix of a live key. The key itself is not named.
    """
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if _LIVE_KEY.search(text):
            raise RefusedError(KEYS_RULE, f"header {name} holds a live key", ends_run=True)


def check_answer(body: bytes) -> None:
    """End the run when an answer speaks of live money.

    Raises:
        RefusedError: the body says `livemode: true`.
    """
    if b"livemode" in body and _LIVE_ANSWER.search(body):
        raise RefusedError(LIVE_RULE, "an answer says livemode=true", ends_run=True)

"""Where a run may connect: allowed hosts, https unless loopback, and no redirect elsewhere."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

from billing_canary.errors import RefusedError

HOSTS_RULE = "hosts"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CLIMBS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:$|/|;)", re.IGNORECASE)
"""A segment `.` or `..`, also quoted: servers differ in whether they resolve it before they look it up."""

_PLAIN = re.compile(r"(https?)://([a-z0-9.:-]+)((?:/\w[\w.~-]*)*)", re.ASCII)
"""An address that every reader takes apart alike: no user, nothing quoted, no query, no dot segment."""

_NETLOC = re.compile(r"[A-Za-z0-9.\[\]:_-]+", re.ASCII)


class AllowedHosts:
    """The hosts of a policy, as `host`, `host:port` or `[ipv6]:port`; remembers what it judged."""

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts
        self._good: set[tuple[str, str]] = set()

    @property
    def contacted(self) -> tuple[str, ...]:
        """Scheme, host and port of every address that passed."""
        return tuple(sorted(f"{scheme}://{netloc}" for scheme, netloc in self._good.copy()))

    def check(self, url: str) -> None:
        """Allow only https, or loopback, on a host that the policy names.

        Raises:
            RefusedError: scheme, user info, host or port is not allowed.
        """
        parts, climbs = _split(url)
        place = parts[:2]
        if place not in self._good:
            self._judge(parts)
            self._good.add(place)
        if climbs:
            raise RefusedError(HOSTS_RULE, "the URL's path climbs, so that it is not known where it leads")

    def _judge(self, parts: SplitResult) -> None:
        if parts.scheme not in _DEFAULT_PORTS:
            raise RefusedError(HOSTS_RULE, f"scheme {parts.scheme!r} is not allowed")
        if parts.username is not None or parts.password is not None:
            raise RefusedError(HOSTS_RULE, "a URL with user name or password is not allowed")
        if not _NETLOC.fullmatch(parts.netloc):
            raise RefusedError(HOSTS_RULE, "the URL's host is not written in plain letters, digits and dots")
        host, port = _host_and_port(parts)
        if not {host, f"{host}:{port}"} & self._hosts:
            raise RefusedError(HOSTS_RULE, f"{host}:{port} is not in [hosts] allow of gates/money.toml")
        if parts.scheme == "http" and not is_loopback(host):
            raise RefusedError(HOSTS_RULE, f"{host}:{port} is asked over plain http; use https")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`: what a redirect may never change.

    Raises:
        RefusedError: it cannot be read.
    """
    return _origin_of(*_split(url)[0][:2])


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


@lru_cache(maxsize=64)
def _origin_of(scheme: str, netloc: str) -> tuple[str, str, int]:
    return (scheme, *_host_and_port(SplitResult(scheme, netloc, "", "", "")))


@lru_cache(maxsize=512)
def _split(url: str) -> tuple[SplitResult, bool]:
    """The parts of `url`, and whether its path climbs."""
    if plain := _PLAIN.fullmatch(url):  # nearly all are, and this is a fraction of the work of `urlsplit`
        scheme, netloc, path = plain.groups()
        return SplitResult(scheme, netloc, path, "", ""), False
    # urlsplit drops tabs and line breaks without a word, and other readers take a backslash for a slash.
    if "\\" in url or not url.isprintable() or " " in url:
        raise RefusedError(HOSTS_RULE, "the URL holds a backslash, white space or a control character")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RefusedError(HOSTS_RULE, "the URL cannot be read") from None
    return parts, _CLIMBS.search(parts.path) is not None


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError:
        raise RefusedError(HOSTS_RULE, "the URL's port is no number") from None
    host = parts.hostname or ""
    written = f"[{host}]" if ":" in host else host
    return written, port if port is not None else _DEFAULT_PORTS.get(parts.scheme, 0)


def is_loopback(host: str) -> bool:
    """Whether `host` is written as a loopback address; a name is none, since it may resolve to anything."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Base:
    """An API's base address; tells which requests belong to it."""

    def __init__(self, url: str) -> None:
        self._origin = origin(url)
        self._path = _split(url)[0].path.rstrip("/")
        self._below = f"{self._path}/"

    def path_of(self, url: str) -> str | None:
        """The path of `url` below this base, or None when it belongs elsewhere."""
        scheme, netloc, path, _, _ = _split(url)[0]
        if _origin_of(scheme, netloc) != self._origin:
            return None
        path = path or "/"
        return path[len(self._path) :] if path.startswith(self._below) else None

    def same_origin(self, url: str) -> bool:
        """Whether `url` is on this base's scheme, host and port, wherever its path leads."""
        return origin(url) == self._origin

"""The address of a database, from an environment variable that may hold a password."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from billing_canary.telemetry.kind import UnanswerableError

SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_SECRET_OPTIONS = ("password", "sslpassword", "passfile", "sslkey")


def is_sqlite(variable: str, value: str) -> bool:
    """Whether `value` names an SQLite file; else it names a PostgreSQL server.

    Raises:
        UnanswerableError: it is neither, or a character in it would be taken for a part of the address.
    """
    if value.startswith(SQLITE) and len(value) > len(SQLITE):
        return True
    if not value.startswith(_POSTGRES):
        fix = "write sqlite:///PATH or postgresql://user:password@host/database"
        raise UnanswerableError(f"{variable} names no database that can be read; {fix}")
    if not _is_plain(value):
        fix = "write it percent-encoded, e.g. %40 for @ and %2F for /"
        raise UnanswerableError(f"{variable} has a character that its parts must not hold; {fix}")
    return False


def _is_plain(value: str) -> bool:
    """Whether the password cannot spill into the host: libpq would quote that in its messages."""
    netloc = value.partition("://")[2].partition("/")[0].partition("?")[0]
    user, at, hosts = netloc.rpartition("@")
    ports = [host.rpartition(":")[2] for host in hosts.split(",") if ":" in host.rpartition("]")[2]]
    tail = value.partition("://")[2].removeprefix(netloc)
    odd = any(character.isspace() for character in value) or "#" in value
    return (
        not odd
        and "@" not in user
        and "@" not in tail.partition("?")[0]
        and (bool(at) or ":" not in user)
        and all(port == "" or (port.isascii() and port.isdigit()) for port in ports)
    )


def secrets_of(value: str) -> tuple[str, ...]:
    """Whatever of the address `value` must never be shown."""
    if value.startswith(SQLITE):
        return ()
    try:
        parts = urlsplit(value)
        options = dict(parse_qsl(parts.query))
    except ValueError:
        return (value,)
    user, password = parts.netloc.rpartition("@")[0], parts.password or ""
    words = (value, user if password else "", password, unquote(password))
    return words + tuple(options.get(name, "") for name in _SECRET_OPTIONS)

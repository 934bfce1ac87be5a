"""Values of a target file that stand in environment variables, and which variables were used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from billing_canary.config import Table
from billing_canary.errors import RefusedError
from billing_canary.guard.keys import check_used_secret

_URL = re.compile(r"https?://[^/@?#\s]+(/[^?#\s]*)?")


class EnvironmentValues:
    """Reads values written as `{ env = "NAME" }`; problems are noted in the table that holds them.

    Attributes:
        used: value by name of every variable that was read and is set.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.used: dict[str, str] = {}

    def required(self, table: Table, key: str) -> str:
        """The value of `key`; a plain string is taken as it is."""
        return self._read(table, key, may_be_unset=False)

    def optional(self, table: Table, key: str) -> str | None:
        """The same for a key that may be absent, or whose table may say `optional = true` beside `env`."""
        return (self._read(table, key, may_be_unset=True) or None) if key in table.data else None

    def url(self, table: Table, key: str) -> str:
        """The URL in `key`, without a slash at its end."""
        url = self.required(table, key)
        if url:
            check_url(table, key, url)
        return url.rstrip("/")

    def _read(self, table: Table, key: str, *, may_be_unset: bool) -> str:
        if isinstance(table.data.get(key), str):
            return table.get(key, str)
        written = table.table(key, required=True)
        variable = written.get("env", str)
        no = False
        optional = may_be_unset and written.get("optional", bool, no)
        written.finish()
        found = self._environ.get(variable, "").strip()
        if found:
            self.used[variable] = found
        elif variable and not optional:
            fix = f"set {variable}"
            table.problem(key, f"needs the environment variable {variable}, which is not set", fix)
        return found


def check_url(table: Table, key: str, url: str) -> None:
    """Note a problem when `url` is more or less than scheme, host and path."""
    if not (_URL.fullmatch(url) and _has_host_and_port(url)):
        fix = "write https://host or https://host/path"
        table.problem(key, "is no http(s) URL of a host and a path only", fix)


def _has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def refuse_live_keys(variables: Mapping[str, str]) -> None:
    """Look at every value that a run would use, by the name of its environment variable.

    Raises:
        RefusedError: at least one holds a live key; every name is told, and no value.
    """
    found: list[RefusedError] = []
    for name, value in variables.items():
        try:
            check_used_secret(name, value)
        except RefusedError as refusal:
            found.append(refusal)
    if found:
        reasons = "; ".join(refusal.reason for refusal in found)
        raise RefusedError(found[0].rule, reasons, ends_run=True)

"""The settings of each kind of source, as `gates/rollback.toml` holds them; no secret is among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Source:
    """One place that triggers read from.

    Attributes:
        name: as triggers name it.
        kind: as in `telemetry/registry.py`.
    """

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class BundlesSource(Source):
    """Our own recorded runs.

    Attributes:
        of: kind of bundle, such as "billing-canary".
        mode: "staging", "mock" or "any".
        newest: how many runs are looked at, newest first.
    """

    of: str
    mode: str
    newest: int


@dataclass(frozen=True, kw_only=True)
class PrometheusSource(Source):
    """A server that speaks Prometheus' HTTP API.

    Attributes:
        url_env: variable that holds its address; a user and password in it are sent as basic
            authentication.
        token_env: variable that holds a bearer token, or "".
        timeout_s: for one question, all its requests together.
    """

    url_env: str
    token_env: str
    timeout_s: int


@dataclass(frozen=True, kw_only=True)
class SqlSource(Source):
    """An SQLite or PostgreSQL database; it is only read.

    Attributes:
        dsn_env: variable that holds `sqlite:///PATH` or `postgresql://...`.
        statement_timeout_ms: for each statement.
        times: what `:start` and `:end` are: "rfc3339" or "epoch" (whole seconds).
    """

    dsn_env: str
    statement_timeout_ms: int
    times: str


@dataclass(frozen=True, kw_only=True)
class FileSource(Source):
    """A JSON or CSV file that another tool writes.

    Attributes:
        path: relative to the project, or "" when `path_env` says it.
        format: "json" or "csv".
        columns: name in the file by our name, where they differ.
        rows: member of the JSON document that holds the rows; "" when the document is the list.
        written_at: member of the JSON document that says when it was written, or "".
        max_age_s: how old that may be.
    """

    path: str
    path_env: str
    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    written_at: str = ""
    max_age_s: int = 0


@dataclass(frozen=True, kw_only=True)
class AuditLogSource(Source):
    """The incidents of the project's own audit log."""

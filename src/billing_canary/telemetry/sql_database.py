"""One open database, read-only, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from billing_canary.telemetry.kind import Asking
from billing_canary.telemetry.settings import SqlSource
from billing_canary.telemetry.sql_address import is_sqlite

Parameters = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What one statement answered: the columns' names in lower case, and at most so many rows as asked."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


class Database(Protocol):
    """Asks one statement after the other; all of them see the same state."""

    def instant(self, seconds: int) -> object:
        """An instant as this database's parameter, where the source's times are RFC 3339."""
        ...

    def query(self, text: str, parameters: Parameters, most: int) -> Rows:
        """The first `most` rows. Raises UnanswerableError."""
        ...


@contextmanager
def opened(source: SqlSource, asking: Asking) -> Iterator[Database]:
    """The database that `source` names, in a transaction that reads only and is rolled back.

    Raises:
        UnanswerableError: it cannot be opened, or its driver is not installed.
    """
    value = asking.variable(source.dsn_env)
    if is_sqlite(source.dsn_env, value):
        from billing_canary.telemetry.sqlite_database import open_sqlite  # noqa: PLC0415 - one of two drivers

        with open_sqlite(source, value, asking.root) as sqlite:
            yield sqlite
    else:
        from billing_canary.telemetry.postgres_database import open_postgres  # noqa: PLC0415 - an extra

        with open_postgres(source, value) as postgres:
            yield postgres

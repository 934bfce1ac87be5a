"""PostgreSQL through psycopg 3: a read-only transaction with a statement timeout, rolled back at the end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing_canary.telemetry.kind import UnanswerableError
from billing_canary.telemetry.settings import SqlSource
from billing_canary.telemetry.sql_database import Parameters, Rows
from billing_canary.telemetry.sql_text import for_psycopg, without_end

if TYPE_CHECKING:
    import psycopg

_CONNECT_S = 5
_GRACE_S = 2.0
"""How much longer than its statement timeout a server may keep silent before the connection is cut."""

_NO_DRIVER = (
    "PostgreSQL needs the psycopg driver, which is not installed; pip install 'billing-canary[postgres]'"
)


class PostgresDatabase:
    """One connection, inside a transaction that can only read."""

    def __init__(self, connection: psycopg.Connection, source: SqlSource) -> None:
        self._connection, self._source = connection, source
        self._silence_s = source.statement_timeout_ms / 1000 + _GRACE_S

    def limit(self) -> None:
        """Set the statement timeout, for this transaction alone.

        Raises:
            UnanswerableError: the server does not let it.
        """
        milliseconds = str(self._source.statement_timeout_ms)
        set_it = "SELECT set_config('statement_timeout', :start, true)"
        self.query(set_it, {"start": milliseconds}, 1)

    def instant(self, seconds: int) -> object:
        """A timestamptz."""
        return datetime.fromtimestamp(seconds, UTC)

    def query(self, text: str, parameters: Parameters, most: int) -> Rows:
        """The first `most` rows.

        Raises:
            UnanswerableError: the statement is wrong, writes, takes too long, or the connection ends.
        """
        import psycopg  # noqa: PLC0415 - an extra

        timer = threading.Timer(self._silence_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            return self._query(text, parameters, most)
        except (psycopg.Error, UnicodeError, ValueError, OverflowError) as error:
            raise UnanswerableError(self._why(error)) from error
        finally:
            timer.cancel()

    def _query(self, text: str, parameters: Parameters, most: int) -> Rows:
        sent = for_psycopg(without_end(text)).encode()
        # DECLARE ... CURSOR takes a single statement, and none that writes; no more than `most` rows leave
        # the server.
        with self._connection.cursor("canary") as cursor:
            cursor.execute(sent, dict(parameters))
            columns = tuple(column.name.lower() for column in cursor.description or ())
            return Rows(columns=columns, rows=tuple(cursor.fetchmany(most)))

    def _cut(self) -> None:
        """End a connection that says nothing any more; the statement then fails."""
        import psycopg  # noqa: PLC0415 - an extra

        with (
            suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self._connection.fileno())) as held,
        ):
            held.shutdown(socket.SHUT_RDWR)

    def _why(self, error: Exception) -> str:
        name = type(error).__name__
        said = " ".join(str(error).split())[:500]
        if name == "QueryCanceled":
            fix = "make it cheaper (an index), or raise statement_timeout_ms"
            return f"PostgreSQL: {said} (after {self._source.statement_timeout_ms} ms); {fix}"
        if name == "ReadOnlySqlTransaction":
            return f"PostgreSQL: {said}: the statement does more than read; write a SELECT"
        return f"PostgreSQL: {name}: {said}; correct the query, or what the role may read"


@contextmanager
def open_postgres(source: SqlSource, dsn: str) -> Iterator[PostgresDatabase]:
    """The database of `dsn`, in a read-only transaction of which every statement sees one state.

    Raises:
        UnanswerableError: psycopg is not installed, or nobody answers there, or it does not let us in.
    """
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnanswerableError(_NO_DRIVER) from error
    try:
        connection = psycopg.connect(
            dsn, connect_timeout=_CONNECT_S, application_name="billing-canary", client_encoding="utf8"
        )
    except psycopg.Error as error:
        raise UnanswerableError(_refused(error, source.dsn_env)) from error
    with closing(connection):  # which rolls back
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        database = PostgresDatabase(connection, source)
        database.limit()
        yield database


def _refused(error: Exception, variable: str) -> str:
    if type(error).__name__ == "ProgrammingError":
        # libpq quotes the part that it could not read, and that could be half a password.
        return f"PostgreSQL: {variable} is no connection string; percent-encode what is special in its parts"
    said = " ".join(str(error).split())[:500]
    return f"PostgreSQL: cannot connect: {said}; check {variable} and the server"

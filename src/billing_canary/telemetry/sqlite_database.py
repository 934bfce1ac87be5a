"""SQLite, opened so that nothing can be written: a read-only file, and an authorizer that lets reads pass."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

from billing_canary.telemetry.kind import UnanswerableError
from billing_canary.telemetry.settings import SqlSource
from billing_canary.telemetry.sql_address import SQLITE
from billing_canary.telemetry.sql_database import Parameters, Rows
from billing_canary.telemetry.sql_text import without_end

_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_STEPS = 1000
"""Instructions of SQLite's machine between two looks at the clock: well under a millisecond."""

_LARGEST_VALUE = 64 * 1024 * 1024
"""Bytes of one value or row; a query must not fill the memory."""


class SqliteDatabase:
    """One SQLite file."""

    def __init__(self, connection: sqlite3.Connection, timeout_ms: int) -> None:
        self._connection, self._timeout_s = connection, timeout_ms / 1000
        self._deadline = 0.0
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("BEGIN")
        connection.set_authorizer(_authorize)
        connection.set_progress_handler(self._is_late, _STEPS)

    def instant(self, seconds: int) -> object:
        """RFC 3339 text without a fraction."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

    def query(self, text: str, parameters: Parameters, most: int) -> Rows:
        """The first `most` rows.

        Raises:
            UnanswerableError: the statement is wrong, writes or takes too long; the file is locked or broken.
        """
        self._deadline = time.monotonic() + self._timeout_s
        try:
            with closing(self._connection.execute(without_end(text), dict(parameters))) as cursor:
                columns = tuple(str(column[0]).lower() for column in cursor.description or ())
                return Rows(columns=columns, rows=tuple(cursor.fetchmany(most)))
        except (sqlite3.Error, sqlite3.Warning, OverflowError, MemoryError, UnicodeError) as error:
            raise UnanswerableError(self._why(error)) from error

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _why(self, error: Exception) -> str:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_INTERRUPT":
            fix = "make it cheaper (an index), or raise statement_timeout_ms"
            return f"SQLite: the statement took longer than {self._timeout_s:g} s; {fix}"
        if name.startswith("SQLITE_BUSY"):
            return f"SQLite: the database was locked for {self._timeout_s:g} s; ask again, or use WAL mode"
        if name.startswith("SQLITE_AUTH"):
            return f"SQLite: {error}: the statement does more than read; write a SELECT"
        return f"SQLite: {error}; correct the query or the file"


@contextmanager
def open_sqlite(source: SqlSource, address: str, root: Path) -> Iterator[SqliteDatabase]:
    """The file of `sqlite:///PATH`; relative to the project, `sqlite:////PATH` is absolute.

    Raises:
        UnanswerableError: it is no SQLite file that can be read.
    """
    path = root / unquote(address.removeprefix(SQLITE))
    if not _is_file(path):
        raise UnanswerableError(
            f"SQLite: the file that {source.dsn_env} names is not there, or cannot be read; correct the path"
        )
    wait_s = source.statement_timeout_ms / 1000
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(uri, timeout=wait_s, isolation_level=None, uri=True)
    except sqlite3.Error as error:
        raise UnanswerableError(f"SQLite: {error}; check the file that {source.dsn_env} names") from error
    with closing(connection):
        yield SqliteDatabase(connection, source.statement_timeout_ms)


def _is_file(path: Path) -> bool:
    """Whether it can be opened: a missing one must not be made, a FIFO must not be waited for."""
    try:
        return path.is_file()
    except OSError:
        return False


def _authorize(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and second == "load_extension":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY

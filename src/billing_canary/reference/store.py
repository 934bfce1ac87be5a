"""The backend's SQLite database: one connection, one lock, transactions that hold both."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA_VERSION = 2
"""Raised with every change of the tables."""

_SCHEMA = Path(__file__).with_name("schema.sql")

Row = sqlite3.Row


class Transaction:
    """What runs inside one database transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.callbacks: list[Callable[[], None]] = []

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, values)

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, if there is one."""
        row: Row | None = self.execute(sql, *values).fetchone()
        return row

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction is committed and the lock released; never on rollback."""
        self.callbacks.append(callback)


class Store:
    """The database at `path` (":memory:" keeps it in memory, gone when closed).

    Raises:
        sqlite3.Error: it cannot be opened, or another version of this service made it.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = Row
        self._require_own_version()
        self._connection.executescript(_SCHEMA.read_text(encoding="utf-8"))

    def _require_own_version(self) -> None:
        used = self._connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if used and version != SCHEMA_VERSION:
            self._connection.close()
            raise sqlite3.DatabaseError("another version of the service made this database")
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the lock and one write transaction; commit at the end, roll back on an exception."""
        transaction = Transaction(self._connection)
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield transaction
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        for callback in transaction.callbacks:
            callback()

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row of a query outside a transaction, if there is one."""
        with self._lock:
            row: Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: object) -> list[Row]:
        """Every row of a query outside a transaction."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the database; later calls fail."""
        with self._lock:
            self._connection.close()

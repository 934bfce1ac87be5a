"""Reading SQLite, and the text of queries for both databases."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.signals import ask, counted, level, problems_of, windows

from billing_canary.reading import Outcome, Reading
from billing_canary.telemetry.question import Question
from billing_canary.telemetry.sql_address import secrets_of
from billing_canary.telemetry.sql_text import for_psycopg
from billing_canary.telemetry.sqlite_database import SqliteDatabase

SETTINGS: Mapping[str, object] = {"kind": "sql", "dsn_env": "DSN"}
BETWEEN = "WHERE at >= :start AND at < :end"
COUNT = f"SELECT sum(ok) AS good, count(*) AS total FROM top_ups {BETWEEN}"  # noqa: S608 - fixed
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) AS value FROM n"
Read = Callable[..., Reading]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "billing shop.db"
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE top_ups (at TEXT, ok INTEGER, epoch INTEGER)")
        for second in range(0, 3600, 60):
            at = f"2026-07-01T11:{second // 60:02}:00Z"
            made.execute("INSERT INTO top_ups VALUES (?, ?, ?)", (at, second % 600 != 0, 1782903600 + second))
    return file


@pytest.fixture
def read(path: Path) -> Read:
    def read_(question: Question, **settings: object) -> Reading:
        return ask({**SETTINGS, **settings}, question, {"DSN": f"sqlite:///{path}"})

    return read_


def test_windows_are_counted(read: Read) -> None:
    reading = read(windows(query=COUNT))
    assert reading.outcome is Outcome.ANSWERED
    assert counted(reading) == [(None, 0, "good: NULL: no number; sum() over no row is NULL"), (54, 60, "")]


def test_bounds_can_be_seconds(read: Read) -> None:
    query = "SELECT count(*) AS total, 0 AS good FROM top_ups WHERE epoch >= :start AND epoch < :end"
    assert counted(read(windows(query=query), times="epoch")) == [(0, 0, ""), (0, 60, "")]


def test_a_path_can_be_relative_to_the_project(path: Path) -> None:
    reading = ask(SETTINGS, windows(query=COUNT), {"DSN": "sqlite:///billing%20shop.db"}, root=path.parent)
    assert reading.windows[1].total == 60


def test_levels_have_times_and_labels(read: Read) -> None:
    columns = "ok AS solvent, 'a' AS kind, count(*) AS value, min(at) AS at"
    query = f"SELECT {columns} FROM top_ups GROUP BY ok ORDER BY 1"  # noqa: S608 - fixed
    assert [(s.at, s.value, s.labels) for s in read(level(query)).samples] == [
        ("2026-07-01T11:00:00.000Z", "6", "kind=a,solvent=0"),
        ("2026-07-01T11:01:00.000Z", "54", "kind=a,solvent=1"),
    ]
    seconds = read(level("SELECT 1.5 AS value, epoch AS at FROM top_ups LIMIT 1")).samples[0]
    assert (seconds.at, seconds.value) == ("2026-07-01T11:00:00.000Z", "1.5")


def test_a_level_can_look_one_window_back(read: Read) -> None:
    query = f"SELECT count(*) AS value FROM top_ups {BETWEEN}"  # noqa: S608 - fixed
    assert read(level(query)).samples[0].value == "55"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 'five' AS value", "no number"),
        ("SELECT x'00' AS value", "no number"),
        ("SELECT 1 AS value, 'yesterday' AS at", "at is 'yesterday'"),
        ("SELECT 1 AS value, 1.5 AS at", "at is 1.5"),
        ("SELECT 1 AS value, 99999999999999 AS at", "at is 99999999999999"),
        ("SELECT 1 AS other", "one must be value"),
        ("SELECT nosuch FROM top_ups", "no such column"),
        ("SELECT", "incomplete input"),
        (ENDLESS.replace("sum(i)", "i"), "more than 1000 rows"),
        ("SELECT load_extension('x') AS value", "not authorized"),
        ("SELECT name AS value FROM pragma_database_list", "not authorized"),
        ("SELECT zeroblob(100000000) AS value", "too big"),
        ("SELECT CAST(x'ff' AS TEXT) AS value", "UTF-8"),
        ("WITH a AS (SELECT 1) DELETE FROM top_ups", "read"),
        ("WITH a AS (SELECT 1) INSERT INTO top_ups SELECT 1, 1, 1", "read"),
    ],
)
def test_what_cannot_be_read_fails_with_the_reason(read: Read, query: str, said: str) -> None:
    reading = read(level(query))
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("'5' AS good, 9 AS total", "good: good is '5', no whole number"),
        ("5.0 AS good, 9 AS total", "good: good is 5.0, no whole number"),
        ("-1 AS good, 9 AS total", "good: good is negative: -1"),
        ("10 AS good, 9 AS total", "good > total: 10 > 9"),
        ("NULL AS good, NULL AS total", "NULL: no number; sum() over no row is NULL"),
        ("total() AS good, 9 AS total", None),
    ],
)
def test_what_is_no_count_is_told(read: Read, columns: str, problem: str | None) -> None:
    reading = read(windows(query=f"SELECT {columns} WHERE :start < :end"))
    assert [window.problem for window in reading.windows] == [problem] * 2 or (
        problem is None and "SQLite: wrong number of arguments" in reading.problem
    )


def test_a_file_that_only_may_be_read_is_enough_and_stays_as_it_is(path: Path, read: Read) -> None:
    before = path.read_bytes()
    path.chmod(0o400)
    assert read(windows(query=COUNT)).outcome is Outcome.ANSWERED
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_endless_statement_is_stopped(read: Read) -> None:
    began = time.monotonic()
    reading = read(level(ENDLESS), statement_timeout_ms=200)
    assert "longer than 0.2 s" in reading.problem
    assert time.monotonic() - began < 2


def test_a_locked_database_is_told(path: Path, read: Read) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert (
            "was locked for 0.1 s"
            in read(level("SELECT count(*) AS value FROM top_ups"), statement_timeout_ms=100).problem
        )


def test_all_windows_see_one_state(path: Path, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    original, told = SqliteDatabase.instant, []
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("PRAGMA journal_mode = WAL")

    def write_between(self: SqliteDatabase, seconds: int) -> object:
        told.append(seconds)
        if len(told) == 3:
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("DELETE FROM top_ups")
        return original(self, seconds)

    monkeypatch.setattr(SqliteDatabase, "instant", write_between)
    assert read(windows(query=COUNT)).windows[1].total == 60


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "text.db").write_text("this is no database, but long enough to be looked at" * 20)
    os.mkfifo(tmp_path / "fifo.db")
    (tmp_path / "empty.db").touch()
    yield tmp_path
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text.db", "not a database"),
        ("fifo.db", "is not there"),
        ("missing.db", "is not there"),
        (".", "is not there"),
        ("empty.db", "no such table"),
    ],
)
def test_a_file_that_is_no_database_is_told(odd: Path, name: str, said: str) -> None:
    reading = ask(
        SETTINGS, level("SELECT count(*) AS value FROM top_ups"), {"DSN": f"sqlite:///{odd / name}"}
    )
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem


@pytest.mark.parametrize(
    "dsn",
    ["", "sqlite:///", "sqlite:///a%00b", "sqlite:///%FF", "sqlite:x", "mysql://a:hunter22@b/c", "hunter22"],
)
def test_an_address_that_names_no_database_is_told_and_not_shown(dsn: str) -> None:
    reading = ask(SETTINGS, level("SELECT 1 AS value"), {"DSN": dsn})
    assert reading.outcome is Outcome.FAILED
    assert "DSN" in reading.problem
    assert "hunter22" not in repr(reading)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    reading = ask(SETTINGS, level("SELECT 1 AS value"), {"DSN": "postgresql://canary@127.0.0.1/x"})
    assert "pip install 'billing-canary[postgres]'" in reading.problem


def test_every_spelling_of_a_password_is_secret() -> None:
    url = "postgresql://me:p%40ssword@db/x?sslpassword=other99"
    assert {"p%40ssword", "p@ssword", "other99", "me:p%40ssword", url} <= set(secrets_of(url))
    assert secrets_of("postgresql://[broken") == ("postgresql://[broken",)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a >= :start AND b < :end", "a >= %(start)s AND b < %(end)s"),
        ("':start' || \":end\" || a::start", "':start' || \":end\" || a::start"),
        ("x LIKE 'a%' AND 5 % 2 = :end", "x LIKE 'a%%' AND 5 %% 2 = %(end)s"),
        ("$$ :start $$ $t$ :end $$ $t$ :end", "$$ :start $$ $t$ :end $$ $t$ %(end)s"),
        ("E'it\\'s :start' :end", "E'it\\'s :start' %(end)s"),
        (
            "'it''s :start' :end -- :start\n:end /* :start */",
            "'it''s :start' %(end)s -- :start\n%(end)s /* :start */",
        ),
        ("at >= :start::timestamptz", "at >= %(start)s::timestamptz"),
        ("a[1:2]", "a[1:2]"),
    ],
)
def test_parameters_are_found_where_sql_has_them(text: str, sent: str) -> None:
    assert for_psycopg(text) == sent


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as value;",
        "-- why\n/* because */ (SELECT 1 AS value)",
        "WITH a AS (SELECT 1 AS value) SELECT * FROM a",
        "SELECT ';' AS a, 1 AS value -- ;",
        "VALUES (1)",
    ],
)
def test_one_reading_statement_may_be_asked(text: str) -> None:
    assert problems_of(SETTINGS, level(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "PRAGMA x",
        "COMMIT",
        "selects",
        "SELECT 1; COMMIT",
        "EXPLAIN SELECT 1",
        "-- SELECT 1",
        "ATTACH 'a' AS b",
    ],
)
def test_other_statements_may_not(text: str) -> None:
    assert problems_of(SETTINGS, level(text)) != []

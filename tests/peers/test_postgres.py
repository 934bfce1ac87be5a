"""Reading a real PostgreSQL: what it counts, and that nothing in it can be changed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping

import pytest
from tests.fakes.server import unused_port
from tests.fakes.signals import NOW, ask, counted, level, windows
from tests.peers.postgres_server import PASSWORD, PASSWORD_IN_URL, Postgres

from billing_canary.reading import Outcome, Reading
from billing_canary.telemetry.kind import UnanswerableError
from billing_canary.telemetry.postgres_database import open_postgres
from billing_canary.telemetry.question import Question
from billing_canary.telemetry.settings import SqlSource

SETTINGS = {"kind": "sql", "dsn_env": "DSN"}
COUNT = """
    SELECT count(*) FILTER (WHERE ok) AS good, count(*) AS total -- what: a :: cast, 'a :text', 100 %
    FROM top_ups WHERE at >= :start AND at < :end AND note NOT LIKE 'no:such%'
"""


@pytest.fixture(scope="module", autouse=True)
def _tables(postgres: Postgres) -> None:
    postgres.run(
        "CREATE TABLE top_ups (at timestamptz, ok boolean, note text, amount bigint)",
        """INSERT INTO top_ups SELECT timestamptz '2026-07-01T10:00:00Z' + n * interval '30 seconds',
           n % 10 <> 0, '', 1 FROM generate_series(0, 239) AS n""",
        "CREATE TABLE nothing (value integer)",
        "CREATE SEQUENCE numbers",
    )


Read = Callable[..., Reading]


@pytest.fixture
def read(postgres: Postgres) -> Read:
    def read_(question: Question, settings: Mapping[str, object] = SETTINGS) -> Reading:
        return ask(settings, question, {"DSN": postgres.dsn()})

    return read_


def test_windows_are_counted(read: Read) -> None:
    reading = read(windows(query=COUNT))
    assert reading.outcome is Outcome.ANSWERED, reading.problem
    assert counted(reading) == [(108, 120, ""), (108, 120, "")]
    assert reading.question == COUNT


def test_bounds_can_be_seconds(read: Read) -> None:
    query = """SELECT count(*) FILTER (WHERE ok) AS good, count(*) AS total FROM top_ups
               WHERE extract(epoch FROM at) >= :start AND extract(epoch FROM at) < :end"""
    assert counted(read(windows(query=query), {**SETTINGS, "times": "epoch"})) == [(108, 120, "")] * 2


def test_sums_are_counts_although_they_are_numeric(read: Read) -> None:
    query = "SELECT sum(amount) AS total, sum(amount) FILTER (WHERE ok) AS good FROM top_ups"
    assert counted(read(windows(query=f"{query} WHERE at >= :start AND at < :end"))) == [(108, 120, "")] * 2


@pytest.mark.parametrize(
    ("good", "problem"),
    [
        ("sum(value)", "good: NULL: no number; sum() over no row is NULL"),
        ("'5'::text", "good: good is '5', no whole number"),
        ("5.5::float8", "good: good is 5.5, no whole number"),
        ("1.5::numeric", "good: good is Decimal('1.5'), no whole number"),
        ("'NaN'::numeric", "good: good is Decimal('NaN'), no whole number"),
        ("true", "good: good is True, no whole number"),
        ("-1", "good: good is negative: -1"),
        ("11", "good > total: 11 > 10"),
    ],
)
def test_what_is_no_count_is_told(read: Read, good: str, problem: str) -> None:
    rows = "(SELECT 10 AS total) AS one LEFT JOIN nothing ON value > 0"
    limited = f"{rows} WHERE :start::timestamptz < :end GROUP BY total"
    reading = read(windows(query=f"SELECT {good} AS good, total FROM {limited}"))  # noqa: S608 - fixed above
    assert [window.problem for window in reading.windows] == [problem] * 2
    assert {window.total for window in reading.windows} == {10}


@pytest.mark.parametrize(("many", "problem"), [(0, "gap: no row"), (3, "several rows where one is wanted")])
def test_a_window_is_one_row(read: Read, many: int, problem: str) -> None:
    rows = f"generate_series(1, {many}) WHERE :start::timestamptz < :end"
    reading = read(windows(query=f"SELECT 1 AS good, 1 AS total FROM {rows}"))  # noqa: S608 - a number
    assert [window.problem for window in reading.windows] == [problem] * 2


def test_other_columns_fail(read: Read) -> None:
    reading = read(windows(query="SELECT 1 AS ok, :start::text, :end::text"))
    assert reading.outcome is Outcome.FAILED
    assert "not good and total" in reading.problem


def test_levels_have_labels_and_times(read: Read) -> None:
    reading = read(
        level("SELECT 'eu,1' AS queue, 3 AS shard, 1.50 AS value, at FROM top_ups ORDER BY at LIMIT 1")
    )
    assert [(s.at, s.value, s.labels) for s in reading.samples] == [
        ("2026-07-01T10:00:00.000Z", "1.50", 'queue="eu,1",shard=3')
    ]
    assert read(level("SELECT count(*) AS value FROM top_ups")).samples[0].at == NOW


def test_nothing_is_empty(read: Read) -> None:
    assert read(level("SELECT value FROM nothing")).outcome is Outcome.EMPTY
    assert read(level("SELECT max(value) AS value FROM nothing")).outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT generate_series(1, 1001) AS value", "more than 1000 rows"),
        ("SELECT 1 AS valeu", "one must be value"),
        ("SELECT 1 AS value, 2 AS value", "none twice"),
        ("SELECT 'x' AS value", "no number; CAST it"),
        ("SELECT now()::timestamp AS at, 1 AS value", "at is"),
        ("SELECT * FROM (VALUES (1), (NULL)) AS t (value)", "NULL in some rows"),
        ("SELECT nosuch FROM top_ups", 'column "nosuch" does not exist'),
        ("SELECT FROM FROM", "syntax error"),
        ("SELECT 1/0 AS value", "division by zero"),
        (
            "WITH gone AS (DELETE FROM top_ups RETURNING 1) SELECT 1 AS value FROM gone",
            "data-modifying",
        ),
        ("SELECT nextval('numbers') AS value", "does more than read"),
        ("SELECT set_config('transaction_read_only', 'off', true)::int AS value", "read-write mode"),
    ],
)
def test_what_cannot_be_read_fails_with_the_servers_words(read: Read, query: str, said: str) -> None:
    reading = read(level(query))
    assert reading.outcome is Outcome.FAILED
    assert said in reading.problem


def test_a_second_statement_does_not_get_past_the_transaction(postgres: Postgres) -> None:

    source = SqlSource(name="db", kind="sql", dsn_env="DSN", statement_timeout_ms=2000, times="epoch")
    for text in ("COMMIT; DELETE FROM top_ups", "DELETE FROM top_ups", "COMMIT; COMMIT"):
        with open_postgres(source, postgres.dsn()) as database, pytest.raises(UnanswerableError):
            database.query(text, {}, 1)
    assert (
        ask(SETTINGS, level("SELECT count(*) AS value FROM top_ups"), {"DSN": postgres.dsn()})
        .samples[0]
        .value
        == "240"
    )


def test_a_slow_statement_is_stopped(read: Read) -> None:
    began = time.monotonic()
    reading = read(level("SELECT 1 AS value FROM pg_sleep(30)"), {**SETTINGS, "statement_timeout_ms": 200})
    assert "statement timeout" in reading.problem
    assert "raise statement_timeout_ms" in reading.problem
    assert time.monotonic() - began < 5


def test_many_rows_are_not_fetched(read: Read) -> None:
    began = time.monotonic()
    reading = read(level("SELECT generate_series(1, 500000000) AS value"))
    assert reading.outcome is Outcome.FAILED
    assert "more than 1000 rows" in reading.problem
    assert time.monotonic() - began < 3


def test_a_wrong_password_is_told_and_not_shown(postgres: Postgres) -> None:
    reading = ask(SETTINGS, level("SELECT 1 AS value"), {"DSN": postgres.dsn("wr0ngpassword")})
    assert "password authentication failed" in reading.problem
    assert "wr0ngpassword" not in repr(reading)


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://canary:{PASSWORD}@127.0.0.1/postgres",
        f"postgresql://canary:{PASSWORD_IN_URL}@127.0.0.1:port/postgres",
        f"postgresql://canary:{PASSWORD_IN_URL}@127.0.0.1/postgres?nosuch=1",
        f"postgresql://canary:{PASSWORD_IN_URL}@127.0.0.1/postgres?port=x{PASSWORD_IN_URL}",
        "postgresql://canary:s3cret/of@127.0.0.1/postgres",
        "postgresql://canary:s3cret of@127.0.0.1/postgres",
        "mysql://canary:s3cret@127.0.0.1/",
    ],
)
def test_a_wrong_address_is_told_and_nothing_of_it_is_shown(dsn: str) -> None:
    reading = ask(SETTINGS, level("SELECT 1 AS value"), {"DSN": dsn})
    assert reading.outcome is Outcome.FAILED
    assert "DSN" in reading.problem
    assert "s3cret" not in repr(reading)


def test_nobody_there_is_told() -> None:
    dsn = f"postgresql://canary:{PASSWORD_IN_URL}@127.0.0.1:{unused_port()}/postgres"
    reading = ask(SETTINGS, level("SELECT 1 AS value"), {"DSN": dsn})
    assert "Connection refused" in reading.problem
    assert PASSWORD_IN_URL not in repr(reading)


def test_a_server_that_falls_silent_is_told() -> None:
    server = Postgres()
    try:
        source = SqlSource(name="db", kind="sql", dsn_env="DSN", statement_timeout_ms=300, times="epoch")
        with open_postgres(source, server.dsn()) as database:
            backend = int(str(database.query("SELECT pg_backend_pid() AS value", {}, 1).rows[0][0]))
            os.kill(backend, signal.SIGSTOP)
            began = time.monotonic()
            try:
                with pytest.raises(UnanswerableError, match="PostgreSQL: OperationalError"):
                    database.query("SELECT 1 AS value", {}, 1)
                assert time.monotonic() - began < 6
            finally:
                os.kill(backend, signal.SIGCONT)
    finally:
        server.stop()

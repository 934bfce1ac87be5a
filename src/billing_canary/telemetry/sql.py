"""SQLite and PostgreSQL as a source: one statement a window, or rows of levels; only ever read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billing_canary.config import Table
from billing_canary.telemetry.kind import Answer, Asking, SourceKind, Wrong, answered
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.settings import SqlSource
from billing_canary.telemetry.settings_checks import number, variable

_TIMEOUT_MS = range(1, 600_001)


def _load(table: Table, name: str) -> SqlSource:
    return SqlSource(
        name=name,
        kind="sql",
        dsn_env=variable(table, "dsn_env"),
        statement_timeout_ms=number(table, "statement_timeout_ms", 5000, _TIMEOUT_MS),
        times=table.one_of("times", ("rfc3339", "epoch"), "rfc3339"),
    )


def _wrong(_source: SqlSource, question: Question) -> Iterator[Wrong]:
    from billing_canary.telemetry.sql_text import text_problems  # noqa: PLC0415 - only a policy needs it

    if "query" in question.texts:
        yield from text_problems(question.texts["query"], windows=question.form is Form.WINDOWS)


def _shown(_source: SqlSource, asking: Asking) -> str:
    return asking.question.texts["query"]


def _read(source: SqlSource, asking: Asking) -> Answer:
    # Database drivers are slow to import, and most commands never ask.
    from billing_canary.telemetry.sql_answers import read_level, read_windows  # noqa: PLC0415
    from billing_canary.telemetry.sql_database import opened  # noqa: PLC0415

    with opened(source, asking) as database:
        if asking.question.form is Form.LEVEL:
            return answered(samples=read_level(database, source, asking))
        return answered(windows=read_windows(database, source, asking))


def _secrets(source: SqlSource, environ: Mapping[str, str]) -> tuple[str, ...]:
    from billing_canary.telemetry.sql_address import secrets_of  # noqa: PLC0415 - with urllib

    return secrets_of(environ.get(source.dsn_env, "").strip())


SQL = SourceKind(
    name="sql",
    load=_load,
    forms={Form.WINDOWS: (("query",),), Form.LEVEL: (("query",),)},
    wrong=_wrong,
    shown=_shown,
    read=_read,
    secrets=_secrets,
)

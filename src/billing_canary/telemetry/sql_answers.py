"""What rows of a database mean: counts of windows, or levels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from billing_canary.clock import utc_text
from billing_canary.reading import Sample, Window
from billing_canary.telemetry.count_window import Count, count_from, window
from billing_canary.telemetry.instants import Span, closed_spans, seconds
from billing_canary.telemetry.kind import MOST_ROWS, Asking, UnanswerableError
from billing_canary.telemetry.labels import labels_text
from billing_canary.telemetry.settings import SqlSource
from billing_canary.telemetry.sql_database import Database, Rows

_COLUMNS = ("good", "total")


def read_windows(database: Database, source: SqlSource, asking: Asking) -> tuple[Window, ...]:
    """One row `good`, `total` for each closed window.

    Raises:
        UnanswerableError: as `Database.query`, or the statement answers other columns.
    """
    spans = closed_spans(asking.question, asking.now)
    return tuple(_window(database, source, asking, span) for span in spans)


def _window(database: Database, source: SqlSource, asking: Asking, span: Span) -> Window:
    epoch = source.times == "epoch"
    bounds = {"start": span.start, "end": span.end}
    given = {name: at if epoch else database.instant(at) for name, at in bounds.items()}
    found = database.query(asking.question.texts["query"], given, 2)
    if sorted(found.columns) != sorted(_COLUMNS):
        fix = "name them: SELECT count(*) FILTER (WHERE ok) AS good, count(*) AS total"
        raise UnanswerableError(f"the statement answers {_names(found)}, not good and total; {fix}")
    if len(found.rows) != 1:
        problem = "gap: no row" if not found.rows else "several rows where one is wanted"
        return window(span, Count(), Count(), problem)
    row = dict(zip(found.columns, found.rows[0], strict=True))
    good, total = (count_from(_whole(row[name]), name) for name in _COLUMNS)
    return window(span, good, total)


def _whole(value: object) -> object:
    """`value`, as an integer where it is one: PostgreSQL's sum() of integers is numeric."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return value


def read_level(database: Database, source: SqlSource, asking: Asking) -> tuple[Sample, ...]:
    """One sample a row: `value`, `at` where there is such a column, every other column a label.

    Rows whose value is NULL say nothing: without any other row the answer is empty.

    Raises:
        UnanswerableError: as `Database.query`, or the rows are no levels.
    """
    found = database.query(asking.question.texts["query"], _bounds(database, source, asking), MOST_ROWS + 1)
    if len(found.rows) > MOST_ROWS:
        raise UnanswerableError(f"more than {MOST_ROWS} rows; aggregate or LIMIT them")
    if "value" not in found.columns or len(set(found.columns)) < len(found.columns):
        fix = "SELECT wallet, count(*) AS value ... GROUP BY wallet"
        raise UnanswerableError(
            f"the statement answers {_names(found)}; one must be value, none twice: {fix}"
        )
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    told = [row for row in rows if row["value"] is not None]
    if told and len(told) < len(rows):
        raise UnanswerableError(
            "value is NULL in some rows; leave them out, or write what they mean: coalesce()"
        )
    return tuple(_sample(row, asking) for row in told)


def _bounds(database: Database, source: SqlSource, asking: Asking) -> Mapping[str, object]:
    """For a level, `:end` is now and `:start` one window's length before."""
    end = int(asking.now)
    bounds = {"start": end - asking.question.window_s, "end": end}
    return {name: at if source.times == "epoch" else database.instant(at) for name, at in bounds.items()}


def _sample(row: Mapping[str, object], asking: Asking) -> Sample:
    labels = {
        key: str(value) for key, value in row.items() if key not in {"at", "value"} and value is not None
    }
    at = _time(row["at"]) if "at" in row else asking.now_text
    return Sample(at=at, value=_number(row["value"]), labels=labels_text(labels))


def _number(value: object) -> str:
    if type(value) in {int, float, Decimal}:
        return str(value)
    raise UnanswerableError(f"value is {value!r:.60}, no number; CAST it")


def _time(value: object) -> str:
    try:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return utc_text(value.timestamp())
        if type(value) is int:
            return utc_text(value)
        if isinstance(value, str):
            return utc_text(seconds(value))
    except (ValueError, OverflowError, OSError):
        pass
    fix = "answer RFC 3339 with its zone, timestamptz, or whole seconds since the epoch"
    raise UnanswerableError(f"at is {value!r:.60}, no instant; {fix}")


def _names(found: Rows) -> str:
    return f"the columns {', '.join(found.columns)[:200]}" if found.columns else "no columns"

"""What rows of a file mean: windows, levels or incidents. Their own times count, never the file's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing_canary.clock import utc_text
from billing_canary.reading import IncidentSeen, Outcome, Sample, Window
from billing_canary.telemetry.count_window import Count, count_from, window
from billing_canary.telemetry.file_rows import Row
from billing_canary.telemetry.instants import Span, closed_spans, seconds
from billing_canary.telemetry.kind import (
    MOST_ROWS,
    TOLERATED_SKEW_S,
    Answer,
    Asking,
    UnanswerableError,
    answered,
)
from billing_canary.telemetry.question import Form

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?|NaN|[+-]?Inf(inity)?", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_SEVERITY = re.compile(r"(?:sev|severity|p|s)?[ -]?([1-9])", re.ASCII | re.IGNORECASE)
_YES = frozenset({"true", "yes", "y", "1", "open"})
_NO = frozenset({"false", "no", "n", "0", "closed", "resolved"})


def answer(rows: Sequence[Row], asking: Asking) -> Answer:
    """What `rows` say to the question.

    Raises:
        UnanswerableError: a row that cannot be understood.
    """
    form = asking.question.form
    if form is Form.WINDOWS:
        return answered(windows=_windows(rows, asking))
    if form is Form.LEVEL:
        return answered(samples=_samples(rows, asking))
    return Answer(outcome=Outcome.ANSWERED, incidents=_incidents(rows))


# --- Windows


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """One row of a windows file."""

    start: float
    end: float
    row: Row
    late: bool
    """Whether it stands after a row of a later time."""


def _windows(rows: Sequence[Row], asking: Asking) -> tuple[Window, ...]:
    counted = tuple(_counted(rows))
    newest = max((each.end for each in counted), default=0.0)
    skew = ""
    if newest > asking.now + TOLERATED_SKEW_S:
        skew = f"clock skew: a row ends at {utc_text(newest)}, {newest - asking.now:.0f} s from now"
    return tuple(_matched(span, counted, skew) for span in closed_spans(asking.question, asking.now))


def _counted(rows: Sequence[Row]) -> Iterator[_Counted]:
    latest = float("-inf")
    for row in rows:
        start, end = _time(row, "start"), _time(row, "end")
        if end <= start:
            raise UnanswerableError(f"{row.place} ends before it starts; correct the tool that writes it")
        yield _Counted(start=start, end=end, row=row, late=start < latest)
        latest = max(latest, start)


def _matched(span: Span, counted: Sequence[_Counted], skew: str) -> Window:
    touching = [each for each in counted if each.start < span.end and each.end > span.start]
    exact = [each for each in touching if each.start == span.start and each.end == span.end]
    if len(exact) != 1 or len(touching) != 1:
        return window(span, Count(), Count(), _why_not(touching, exact))
    row, late = exact[0].row, exact[0].late
    good, total = (_count(row, name) for name in ("good", "total"))
    return window(span, good, total, skew or ("out of order" if late else ""))


def _why_not(touching: Sequence[_Counted], exact: Sequence[_Counted]) -> str:
    if not touching:
        return "gap"
    if len(exact) == len(touching):
        return f"duplicate: {len(exact)} rows"
    other = next(each for each in touching if each not in exact)
    return f"overlap: a row from {utc_text(other.start)} to {utc_text(other.end)}"


def _count(row: Row, name: str) -> Count:
    value = row.cell(name)
    if row.textual:
        value = int(value) if _WHOLE.fullmatch(value) else value or None
    return count_from(value, name)


# --- Levels


def _samples(rows: Sequence[Row], asking: Asking) -> tuple[Sample, ...]:
    """The latest row of each series."""
    latest: dict[str, tuple[float, Sample]] = {}
    for row in rows:
        at, sample = _sample(row, asking)
        before = latest.get(sample.labels)
        if before is not None and before[0] == at and before[1].value != sample.value:
            raise UnanswerableError(f"{row.place} says another value for the same time; keep one")
        if before is None or at > before[0]:
            latest[sample.labels] = (at, sample)
    if len(latest) > MOST_ROWS:
        raise UnanswerableError(f"{len(latest)} series, at most {MOST_ROWS} are read; aggregate them")
    return tuple(latest[labels][1] for labels in sorted(latest))


def _sample(row: Row, asking: Asking) -> tuple[float, Sample]:
    at, value = _time(row, "at"), row.cell("value")
    text = value if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise UnanswerableError(
            f"{row.place}: value is {value!r:.60}, no number; correct the tool that writes it"
        )
    if at > asking.now + TOLERATED_SKEW_S:
        message = f"clock skew: {row.place} is {at - asking.now:.0f} s from now"
        raise UnanswerableError(f"{message}; synchronise both clocks (NTP)")
    return at, Sample(
        at=utc_text(at), value=text, labels=_text(row, "labels") if "labels" in row.cells else ""
    )


# --- Incidents


def _incidents(rows: Sequence[Row]) -> tuple[IncidentSeen, ...]:
    found: dict[str, IncidentSeen] = {}
    for row in rows:
        incident = _incident(row)
        if incident.id in found:
            raise UnanswerableError(
                f"{row.place}: incident {incident.id!r} stands there twice; keep one row of it"
            )
        found[incident.id] = incident
    return tuple(found.values())


def _incident(row: Row) -> IncidentSeen:
    id_ = row.cell("id")
    return IncidentSeen(
        id=str(id_) if type(id_) is int else _text(row, "id"),
        severity=_severity(row),
        billing=_yes(row, "billing"),
        open=_yes(row, "open"),
        title=_text(row, "title"),
        opened_at=utc_text(_time(row, "opened_at")),
    )


def _severity(row: Row) -> int:
    value = row.cell("severity")
    found = _SEVERITY.fullmatch(str(value)) if type(value) in {int, str} else None
    if found is None:
        raise UnanswerableError(f"{row.place}: severity is {value!r:.60}; write 1 (the worst) to 9, or Sev-1")
    return int(found[1])


def _yes(row: Row, name: str) -> bool:
    value = row.cell(name)
    word = value.strip().lower() if isinstance(value, str) else value
    if isinstance(word, bool):
        return word
    if word in _YES or word in _NO:
        return word in _YES
    raise UnanswerableError(f"{row.place}: {name} is {value!r:.60}; write true or false")


def _time(row: Row, name: str) -> float:
    value = row.cell(name)
    try:
        return seconds(value if isinstance(value, str) else repr(value))
    except (ValueError, OverflowError) as error:
        raise UnanswerableError(f"{row.place}: {name}: {error}") from error


def _text(row: Row, name: str) -> str:
    value: Any = row.cell(name)
    if isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        from billing_canary.telemetry.labels import labels_text  # noqa: PLC0415 - few files have objects

        return labels_text(value)
    if not isinstance(value, str) or (name == "id" and not value):
        raise UnanswerableError(f"{row.place}: {name} is {value!r:.60}; write text")
    return value

"""The series of an instant query's answer, with the shape checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing_canary.telemetry.kind import MOST_ROWS, UnanswerableError
from billing_canary.telemetry.labels import labels_text

_SCALAR_PARTS = 2


@dataclass(frozen=True, kw_only=True)
class Point:
    """One series: `labels` without the metric's name, the time in seconds, and the value as it was said."""

    labels: str
    at: float
    value: str


def points(data: Mapping[str, Any]) -> tuple[Point, ...]:
    """Every series of a vector, or the one value of a scalar.

    Raises:
        UnanswerableError: the query answers something else, or too many series.
    """
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar":
        return (_point("", result),)
    if kind != "vector" or not isinstance(result, list):
        message = f"the query answers a {str(kind)[:20]}, not an instant vector"
        raise UnanswerableError(f"{message}; aggregate over the range, e.g. max_over_time(...)")
    if len(result) > MOST_ROWS:
        raise UnanswerableError(
            f"{len(result)} series, at most {MOST_ROWS} are read; narrow it or aggregate: sum, topk"
        )
    return tuple(_series(result))


def one_value(data: Mapping[str, Any]) -> str | None:
    """The value of the only series; None when there is none.

    Raises:
        UnanswerableError: as `points`, or there are several.
    """
    found = points(data)
    if len(found) > 1:
        shown = "; ".join(f"{{{point.labels}}}" for point in found[:3])
        fix = "aggregate with sum(...)"
        raise UnanswerableError(f"{len(found)} series where one is wanted ({shown[:200]}); {fix}")
    return found[0].value if found else None


def _series(result: list[Any]) -> Iterator[Point]:
    for entry in result:
        metric = entry.get("metric") if isinstance(entry, dict) else None
        if not isinstance(metric, dict) or not all(isinstance(value, str) for value in metric.values()):
            raise _shape()
        yield _point(labels_text(metric), entry.get("value"))


def _point(labels: str, value: Any) -> Point:
    if (
        isinstance(value, list)
        and len(value) == _SCALAR_PARTS
        and type(value[0]) in {int, float}
        and isinstance(value[1], str)
    ):
        return Point(labels=labels, at=float(value[0]), value=value[1])
    raise _shape()


def _shape() -> UnanswerableError:
    fix = "native histograms are not read; check that the server is Prometheus"
    return UnanswerableError(f"a series of the answer has no plain value; {fix}")

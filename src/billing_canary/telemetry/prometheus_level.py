"""Levels of Prometheus: the value of each series now."""

from __future__ import annotations

from billing_canary.clock import utc_text
from billing_canary.reading import Sample
from billing_canary.telemetry.kind import Asking, UnanswerableError
from billing_canary.telemetry.prometheus_counts import is_selector
from billing_canary.telemetry.prometheus_http import Api
from billing_canary.telemetry.prometheus_series import Point, points


def read_level(api: Api, asking: Asking) -> tuple[Sample, ...]:
    """Every series of the query; the time of a plain selector's sample is when it was scraped.

    An instant query answers the newest sample of the last five minutes and calls it the value now. For a
    plain selector its true time can be had, so that a trigger sees that a value is old.

    Raises:
        UnanswerableError: as `Api.query` and `points`.
    """
    query = asking.question.texts["query"]
    found = points(api.query(query, asking.now))
    times = _scraped(api, query, asking.now) if found and is_selector(query) else {}
    return tuple(_sample(point, times) for point in found)


def _scraped(api: Api, selector: str, now: float) -> dict[str, float]:
    found = {point.labels: point.value for point in points(api.query(f"timestamp({selector})", now))}
    try:
        return {labels: float(value) for labels, value in found.items()}
    except ValueError:
        raise UnanswerableError(
            "timestamp() answers no number; check that the server is Prometheus"
        ) from None


def _sample(point: Point, times: dict[str, float]) -> Sample:
    at = times.get(point.labels, point.at)
    try:
        return Sample(at=utc_text(at), value=point.value, labels=point.labels)
    except (ValueError, OverflowError, OSError):
        raise UnanswerableError(
            f"a series has the time {at!r}; check that the server is Prometheus"
        ) from None

"""Closed windows of Prometheus, counted exactly from raw counters, or as an expression says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing_canary.reading import Window
from billing_canary.telemetry.count_window import Count, window
from billing_canary.telemetry.instants import Span, closed_spans
from billing_canary.telemetry.kind import Asking, UnanswerableError
from billing_canary.telemetry.prometheus_counts import WINDOW, count_of, is_selector
from billing_canary.telemetry.prometheus_http import Api
from billing_canary.telemetry.prometheus_series import one_value, points

_DAY = "86400s"
_WHOLE = "; increase() and rate() extrapolate: write both as plain selectors, which are counted exactly"


def read_windows(api: Api, asking: Asking) -> tuple[Window, ...]:
    """The windows of `asking`, with what `good` and `total` counted in each.

    Raises:
        UnanswerableError: as `Api.query`, `points` and `one_value`.
    """
    counters = {key: _counter(api, text) for key, text in asking.question.texts.items()}
    spans = closed_spans(asking.question, asking.now)
    return tuple(window(span, counters["good"](span), counters["total"](span)) for span in spans)


def _counter(api: Api, text: str) -> Callable[[Span], Count]:
    return _Counter(api, text).count if is_selector(text) else _expression(api, text)


def _expression(api: Api, text: str) -> Callable[[Span], Count]:
    def count(span: Span) -> Count:
        query = text.replace(WINDOW, f"{span.end - span.start}s")
        value = one_value(api.query(query, span.end))
        if value is None:
            return Count(problem="gap")
        number, problem = count_of(value)
        advice = _WHOLE if problem.startswith("not a whole") else ""
        return Count(number=number, problem=problem + advice)

    return count


class _Counter:
    """The raw counters of one selector. Differences between two of their values are whole numbers.

    `increase()` is not used: it extrapolates to the bounds of its range, so 3 events can come out as 3.13.
    """

    def __init__(self, api: Api, selector: str) -> None:
        self._api, self._selector = api, selector.strip()
        self._known: dict[tuple[str, int], Mapping[str, str]] = {}

    def count(self, span: Span) -> Count:
        """How much all series together went up within `span`."""
        start, end = self._values("{}", span.start), self._values("{}", span.end)
        if not start or not end:
            # All of them begin or end in it: how much came before or after cannot be told.
            return Count(problem="gap")
        problem = self._reset(span, start) or self._missed(span, start, end)
        if problem:
            return Count(problem=problem)
        if start.keys() - end.keys():
            end = {**self._over("last_over_time", span), **end}
        return _increase(start, end)

    def _reset(self, span: Span, start: Mapping[str, str]) -> str:
        """Which counter began anew: inside, or between the value at the start and the first inside."""
        lowest = self._over("min_over_time", span)
        fell = [key for key in start.keys() & lowest.keys() if _number(lowest[key]) < _number(start[key])]
        again = [key for key, resets in self._over("resets", span).items() if _number(resets) > 0]
        told = sorted({*fell, *again})
        return f"counter reset: {{{told[0][:120]}}}" if told else ""

    def _missed(self, span: Span, start: Mapping[str, str], end: Mapping[str, str]) -> str:
        """Which series has no value at the start, but had one before: what it counted is unknown."""
        new = end.keys() - start.keys()
        before = self._values(f"last_over_time({{}}[{_DAY}])", span.start) if new else {}
        late = sorted(new & before.keys())
        return f"gap: no value at the start of {{{late[0][:120]}}}" if late else ""

    def _over(self, function: str, span: Span) -> Mapping[str, str]:
        return self._values(f"{function}({{}}[{span.end - span.start}s])", span.end)

    def _values(self, form: str, at: int) -> Mapping[str, str]:
        known = self._known.get((form, at))
        if known is None:
            query = form.format(self._selector)
            known = {point.labels: point.value for point in points(self._api.query(query, at))}
            self._known[form, at] = known
        return known


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UnanswerableError(f"a value is {text!r:.60}; check that the server is Prometheus") from None


def _increase(start: Mapping[str, str], end: Mapping[str, str]) -> Count:
    """A series that is new in the window counts from zero, one that ended up to its last value."""
    added = 0
    for key, last in end.items():
        after, problem = count_of(last)
        before, other = count_of(start.get(key, "0"))
        if after is None or before is None:
            return Count(problem=f"{problem or other}: {{{key[:120]}}}")
        if after < before:
            return Count(problem=f"counter reset: {{{key[:120]}}}")
        added += after - before
    return Count(number=added)

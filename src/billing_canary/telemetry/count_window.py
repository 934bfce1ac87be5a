"""A window from two counts, whatever they were counted with."""

from __future__ import annotations

from dataclasses import dataclass

from billing_canary.reading import Window
from billing_canary.telemetry.instants import Span


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of events, or why there is none."""

    number: int | None = None
    problem: str = ""


def window(span: Span, good: Count, total: Count, problem: str = "") -> Window:
    """The window `span`; its problem is the given one, else the counts' own, else that they contradict."""
    return Window(
        start=span.start_text,
        end=span.end_text,
        good=good.number,
        total=total.number,
        problem=problem or _problem(good, total),
    )


def _problem(good: Count, total: Count) -> str:
    if good.problem == total.problem:
        return good.problem or _contradiction(good, total)
    told = [f"{name}: {count.problem}" for name, count in (("good", good), ("total", total)) if count.problem]
    return "; ".join(told)


def _contradiction(good: Count, total: Count) -> str:
    if good.number is not None and total.number is not None and good.number > total.number:
        return f"good > total: {good.number} > {total.number}"
    return ""


def count_from(value: object, name: str) -> Count:
    """`value` of a row as a count: a whole number, at least zero."""
    if value is None:
        return Count(problem="NULL: no number; sum() over no row is NULL")
    if type(value) is not int:
        return Count(problem=f"{name} is {value!r:.60}, no whole number")
    return Count(number=value) if value >= 0 else Count(problem=f"{name} is negative: {value}")

"""What a trigger wants to know of a source, in words that fit every kind of source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """The shape of the answer; it says which part of a `Reading` is filled."""

    WINDOWS = "windows"
    """Successes and attempts of closed windows."""
    LEVEL = "level"
    """The latest value of one or more series."""
    RUNS = "runs"
    INCIDENTS = "incidents"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    Attributes:
        texts: what is sent, by part: "good" and "total" for windows, "query" for a level; in a query of
            Prometheus `{window}` is the window's length, in SQL `:start` and `:end` are its bounds.
        window_s: length of a window; windows are aligned to the epoch, so that two evaluations see the same.
        windows: how many closed windows, the newest last.
        delay_s: a window counts as closed this long after its end, since telemetry arrives late.
    """

    trigger: str
    form: Form
    texts: Mapping[str, str] = field(default_factory=dict)
    window_s: int = 3600
    windows: int = 2
    delay_s: int = 60

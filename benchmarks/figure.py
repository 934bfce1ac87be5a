"""What a measurement comes to: figures, each with its spread, its goal and its base."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

COLUMNS = f"{'figure':<42}{'median':>9}{'least':>9}{'most':>9}{'goal':>9}  unit, base"
"""The head above lines of `Figure.line`."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Something that can be measured, and how good it is meant to be.

    Attributes:
        unit: begins with `x` where the value is a ratio to the base.
        base: what the value is held against; for an absolute value, what it was taken of.
        goal: None where the value is only told.
        at_least: whether the goal is a minimum; else it is a maximum.
    """

    name: str
    unit: str
    base: str
    goal: float | None = None
    at_least: bool = False

    @property
    def limit(self) -> str:
        """The goal as text; empty where there is none."""
        return "" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:g}"

    def of(self, values: Sequence[float]) -> Figure:
        """The figure for `values`, one of each round."""
        return Figure(metric=self, median=statistics.median(values), least=min(values), most=max(values))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured metric: the median, the least and the most over the rounds."""

    metric: Metric
    median: float
    least: float
    most: float

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal and the median misses it."""
        goal = self.metric.goal
        if goal is None:
            return False
        return self.median < goal if self.metric.at_least else self.median > goal

    def line(self) -> str:
        """The figure in the columns of `COLUMNS`."""
        values = f"{self.median:>9.2f}{self.least:>9.2f}{self.most:>9.2f}"
        about = f"{self.metric.unit}, {self.metric.base}{': missed' if self.is_missed else ''}"
        return f"{self.metric.name:<42}{values}{self.metric.limit:>9}  {about}"

    def document(self) -> dict[str, object]:
        """The figure for a program."""
        spread = {"median": self.median, "least": self.least, "most": self.most}
        return {**asdict(self.metric), **spread, "missed": self.is_missed}

"""A measurement: what it is called, what it measures, and how it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure, Metric


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How a measurement is to be taken.

    Attributes:
        scratch: an empty folder of this measurement alone.
        rounds: how often to measure; a long measurement takes a part of it.
        scale: the part of the full size of generated data, at most 1; goals hold for the full size.
        say: shows a line to people, such as that an optional peer is left out.
    """

    scratch: Path
    rounds: int
    scale: float
    say: Callable[[str], None]

    def sized(self, full: int, least: int = 1) -> int:
        """How much of something whose full size is `full`."""
        return max(least, round(full * self.scale))

    def some_rounds(self, part: int) -> int:
        """Rounds of a long measurement: one of `part`, and at least one."""
        return max(1, self.rounds // part)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """An entry of the registry.

    Attributes:
        name: what `--only` calls it.
        take: measures; yields each figure as soon as it is known.
        metrics: what it measures; a figure may carry a name in place of a metric's words in capitals.
    """

    name: str
    take: Callable[[Setup], Iterator[Figure]]
    metrics: tuple[Metric, ...]

    @property
    def title(self) -> str:
        """What it is about, in a sentence."""
        return (self.take.__doc__ or "").partition("\n")[0]

"""Coverage that is told line by line: how LCOV and Cobertura records become counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_canary.module_coverage import ModuleMeasure
from billing_canary.suite.coverage_source import unreadable
from billing_canary.suite.stretches import stretches

_MOST_PROBLEMS = 3


@dataclass(kw_only=True)
class FileLines:
    """The records of one file while they are read.

    Attributes:
        hits: how often each line ran.
        exits: line to (exits, taken).
        excused: covered branches that no record names, such as those that `# pragma: no branch` excuses.
        problems: what is wrong in the records; with one of them nothing here counts.
    """

    hits: dict[int, int] = field(default_factory=dict)
    exits: dict[int, tuple[int, int]] = field(default_factory=dict)
    excused: int = 0
    problems: list[str] = field(default_factory=list)

    def ran(self, line: int, hits: int) -> None:
        """Line `line` ran `hits` times more."""
        self.hits[line] = self.hits.get(line, 0) + hits

    @property
    def last_line(self) -> int:
        """The last line that ran; 0 when none did."""
        return max((line for line, hits in self.hits.items() if hits), default=0)

    def measured(self) -> ModuleMeasure:
        """The counts. Neither format tells which lines are excluded."""
        if self.problems:
            return unreadable("; ".join(self.problems[:_MOST_PROBLEMS]))
        missing = [line for line, hits in self.hits.items() if not hits]
        return ModuleMeasure(
            lines_covered=len(self.hits) - len(missing),
            lines_total=len(self.hits),
            branches_covered=sum(taken for _, taken in self.exits.values()) + self.excused,
            branches_total=sum(every for every, _ in self.exits.values()) + self.excused,
            excluded=None,
            missing_lines=stretches(self.hits, missing),
            partial=tuple(
                (line, every, taken) for line, (every, taken) in sorted(self.exits.items()) if taken < every
            ),
        )

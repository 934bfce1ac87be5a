"""LCOV tracefiles, as c8, nyc, vitest, gcov and `coverage lcov` write them.

Counts are taken from the records of lines (DA) and branches (BRDA). A record that disagrees with its own
totals (LF, LH, BRF, BRH), or that is cut off, does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import ModuleMeasure
from billing_canary.suite.coverage_lines import FileLines
from billing_canary.suite.coverage_source import (
    LARGEST_DOCUMENT,
    LARGEST_LINE,
    ROOT_ONLY,
    too_large,
    whole_number,
)

_LONGEST_RECORD = 100_000
"""Characters; a longer line holds no path and no number."""

_TOTALS = ("LF", "LH", "BRF", "BRH")
_BRANCH_FIELDS = 4

Branch = tuple[int, str, str, int]
"""Line, block, branch, and which of several with the same names in one record."""


class LcovFile:
    """An LCOV tracefile; read once for its names, and once more for each gated module."""

    kind = "LCOV"
    bases = ROOT_ONLY

    def __init__(self, file: Path) -> None:
        too_large(file, LARGEST_DOCUMENT)
        self._file = file
        self._names: dict[str, None] = {}
        self.has_branches = False
        for key, value in _records(file):
            if key == "SF":
                self._names[value] = None
            elif key == "BRDA":
                self.has_branches = True

    def names(self) -> Collection[str]:
        """The source files (SF)."""
        return self._names.keys()

    def measure(self, name: str, source: Path, *, ends: bool) -> ModuleMeasure:  # noqa: ARG002 - LCOV has no ends
        """The counts of one file; records of several tests are added up."""
        return self._lines(name).measured()

    def last_line(self, name: str) -> int:
        """The last line that ran; 0 when none did."""
        return self._lines(name).last_line

    def _lines(self, name: str) -> FileLines:
        lines, branches, record = FileLines(), Counter[Branch](), None
        for key, value in _records(self._file):
            if key == "SF":
                _cut_off(record, lines)
                record = _Record() if value == name else None
            elif key == "end_of_record" and record is not None:
                record.close(lines, branches)
                record = None
            elif record is not None:
                record.add(key, value)
        _cut_off(record, lines)
        lines.exits = _exits(branches)
        return lines


class _Record:
    """One section of a file, up to its end_of_record."""

    def __init__(self) -> None:
        self._hits: dict[int, int] = {}
        self._branches: dict[Branch, int] = {}
        self._totals: dict[str, int] = {}
        self._problems: list[str] = []

    def add(self, key: str, value: str) -> None:
        if key == "DA":
            self._line(value)
        elif key == "BRDA":
            self._branch(value)
        elif key in _TOTALS:
            number = whole_number(value)
            if number is None:
                self._problems.append(f"{key}:{value[:40]} is no count")
            else:
                self._totals[key] = number

    def close(self, lines: FileLines, branches: Counter[Branch]) -> None:
        """Put what was read into `lines` and `branches`, once its totals agree."""
        hit = sum(1 for hits in self._hits.values() if hits)
        taken = sum(1 for times in self._branches.values() if times)
        self._agree("LF", len(self._hits))
        self._agree("LH", hit)
        self._excuse(lines, len(self._branches), taken)
        for line, hits in self._hits.items():
            lines.ran(line, hits)
        branches.update(self._branches)
        lines.problems += self._problems

    def _line(self, value: str) -> None:
        number, _, rest = value.partition(",")
        line, hits = whole_number(number, LARGEST_LINE), whole_number(rest.partition(",")[0])
        if not line or hits is None or line in self._hits:
            self._problems.append(f"DA:{value[:40]} is no line with a count, or stands there twice")
        else:
            self._hits[line] = hits

    def _branch(self, value: str) -> None:
        # The branch's own name may hold commas.
        fields = value.split(",", 2)
        name, _, times = fields[-1].rpartition(",")
        line = whole_number(fields[0], LARGEST_LINE)
        count = 0 if times == "-" else whole_number(times)
        if len(fields) != _BRANCH_FIELDS - 1 or not line or count is None:
            self._problems.append(f"BRDA:{value[:40]} is no branch with a count")
            return
        again = 0
        while (line, fields[1], name, again) in self._branches:
            again += 1
        self._branches[line, fields[1], name, again] = count

    def _agree(self, key: str, counted: int) -> None:
        if self._totals.get(key, counted) != counted:
            self._problems.append(f"{key} is {self._totals[key]}, but {counted} are recorded")

    def _excuse(self, lines: FileLines, total: int, taken: int) -> None:
        found, hit = self._totals.get("BRF", total), self._totals.get("BRH", taken)
        if found - hit != total - taken or found < total:
            self._problems.append(f"BRF and BRH are {found} and {hit}, but {total} and {taken} are recorded")
        else:
            lines.excused = max(lines.excused, found - total)


def _cut_off(record: _Record | None, lines: FileLines) -> None:
    if record is not None:
        lines.problems.append("its record has no end_of_record: the file is cut off")


def _exits(branches: Counter[Branch]) -> dict[int, tuple[int, int]]:
    exits: dict[int, tuple[int, int]] = {}
    for (line, *_), times in branches.items():
        every, taken = exits.get(line, (0, 0))
        exits[line] = (every + 1, taken + (times > 0))
    return exits


def _records(file: Path) -> Iterator[tuple[str, str]]:
    """Every line as (key, value).

    Raises:
        EvidenceError: a line of absurd length.
    """
    with file.open(encoding="utf-8", errors="replace", newline="\n") as stream:
        while line := stream.readline(_LONGEST_RECORD):
            if len(line) == _LONGEST_RECORD:
                raise EvidenceError(f"{file} holds a line of more than {_LONGEST_RECORD} characters")
            key, _, value = line.strip().partition(":")
            yield key, value

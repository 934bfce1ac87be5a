"""Cobertura XML, as coverage.py, istanbul, gocover-cobertura and coverlet write it."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import CoverageStatus, ModuleMeasure
from billing_canary.suite.coverage_lines import FileLines
from billing_canary.suite.coverage_source import (
    LARGEST_DOCUMENT,
    LARGEST_LINE,
    ROOT_ONLY,
    too_large,
    whole_number,
)
from billing_canary.suite.strict_xml import Attributes, read_xml

_CONDITIONS = re.compile(r"[^()]*\((\d{1,9})/(\d{1,9})\)", re.ASCII)
"""The value of condition-coverage, e.g. "50% (1/2)"; the percentage is rounded, so it is not read."""


class CoberturaFile:
    """A Cobertura report; read once for its names, and once more for each gated module.

    Attributes:
        bases: the folders that file names are relative to.
    """

    kind = "Cobertura XML"

    def __init__(self, file: Path) -> None:
        too_large(file, LARGEST_DOCUMENT)
        self._file = file
        survey = _Survey(file)
        read_xml(file, survey)
        self._names = survey.names
        self.bases = tuple(survey.bases) or ROOT_ONLY
        self.has_branches = survey.has_branches

    def names(self) -> Collection[str]:
        """The file name of each class."""
        return self._names.keys()

    def measure(self, name: str, source: Path, *, ends: bool) -> ModuleMeasure:  # noqa: ARG002 - told as text only
        """The counts of one file; several classes of one file are added up."""
        found = self._lines(name)
        if found.clash:
            detail = f"two classes tell about line {found.clash} of {name}: one of them is another file"
            return ModuleMeasure(problem=CoverageStatus.AMBIGUOUS, detail=detail)
        return found.lines.measured()

    def last_line(self, name: str) -> int:
        """The last line that ran; 0 when none did."""
        return self._lines(name).lines.last_line

    def _lines(self, name: str) -> _OneFile:
        found = _OneFile(name)
        read_xml(self._file, found)
        return found


class _Survey:
    """Names, bases, and whether any line has branches."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._root = ""
        self._source: list[str] | None = None
        self.names: dict[str, None] = {}
        self.bases: list[str] = []
        self.has_branches = False

    def start(self, name: str, attributes: Attributes) -> None:
        if not self._root:
            self._root = name
            if name != "coverage":
                raise EvidenceError(
                    f"{self._file} is XML, but no Cobertura report: it begins with <{name[:40]}>"
                )
        if name == "class":
            self.names[attributes.get("filename", "")] = None
        elif name == "source":
            self._source = []
        elif name == "line" and attributes.get("branch", "").lower() == "true":
            self.has_branches = True

    def end(self, name: str) -> None:
        if name == "source" and self._source is not None:
            self.bases.append("".join(self._source).strip())
            self._source = None

    def text(self, text: str) -> None:
        if self._source is not None:
            self._source.append(text)


class _OneFile:
    """The lines of one file. Those below <methods> are told again below <lines>, so they are passed over."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inside = False
        self._methods = 0
        self._class: set[int] = set()
        self.lines = FileLines()
        self.clash = 0

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "class":
            self._inside = attributes.get("filename") == self._name
            self._class = set()
        elif name == "methods":
            self._methods += 1
        elif name == "line" and self._inside and not self._methods:
            self._line(attributes)

    def end(self, name: str) -> None:
        if name == "class":
            self._inside = False
        elif name == "methods":
            self._methods -= 1

    def text(self, text: str) -> None:
        """Lines hold no text."""

    def _line(self, attributes: Attributes) -> None:
        number = whole_number(attributes.get("number", ""), LARGEST_LINE)
        hits = whole_number(attributes.get("hits", ""))
        if not number or hits is None:
            told = f"number={attributes.get('number')!r} hits={attributes.get('hits')!r}"
            self.lines.problems.append(f"<line {told[:80]}> is no line with a count")
            return
        if number in self._class:
            self.lines.problems.append(f"line {number} stands there twice")
        elif number in self.lines.hits:
            self.clash = number
        self._class.add(number)
        self.lines.ran(number, hits)
        if attributes.get("branch", "").lower() == "true":
            self._branches(number, attributes.get("condition-coverage", ""))

    def _branches(self, number: int, told: str) -> None:
        found = _CONDITIONS.fullmatch(told)
        taken, every = map(int, found.groups()) if found else (1, 0)
        if taken > every:
            self.lines.problems.append(f'line {number}: condition-coverage="{told[:40]}" holds no counts')
        else:
            self.lines.exits[number] = (every, taken)

"""coverage.py's own data file, read through its documented interface only.

The configuration of the measured project is never used: an `omit` or an exclusion in it could hide
code from the gate. Each gated module is looked at alone, under the path of its source here, so that two
modules cost the same in a project of 2,000, and data of another checkout need no mapping.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage import Coverage, CoverageData
from coverage.exceptions import CoverageException
from coverage.plugin import FileReporter

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import ModuleMeasure
from billing_canary.suite.coverage_source import ROOT_ONLY, unreadable
from billing_canary.suite.stretches import stretches

if TYPE_CHECKING:
    from coverage.types import TMorf

_FORCED = "COVERAGE_FORCE_CONFIG"
"""coverage.py reads a configuration file that this variable names, whatever its caller asked for."""

_HEADER = 100
"""Bytes of a SQLite header (sqlite.org/fileformat.html, 1.3)."""


class DataFile:
    """One coverage.py data file; nothing is written to it."""

    kind = "coverage.py data"
    bases = ROOT_ONLY

    def __init__(self, file: Path) -> None:
        _must_be_whole(file)
        _must_hold_coverage(file)
        self._data = CoverageData(str(file))
        try:
            self._data.read()
            self.has_branches = self._data.has_arcs()
            self._names = self._data.measured_files()
        except (CoverageException, sqlite3.Error) as error:
            raise EvidenceError(f"{file} is no readable coverage data: {error}") from error
        self._analyser = _analyser()

    def names(self) -> Collection[str]:
        """The measured files."""
        return self._names

    def measure(self, name: str, source: Path, *, ends: bool) -> ModuleMeasure:
        """Counts from `analysis2` and `branch_stats`; the ends of branches cost one more analysis."""
        tracer = self._data.file_tracer(name)
        if tracer:
            return unreadable(f"it was measured by the plugin {tracer}, whose counts cannot be repeated here")
        try:
            self._load(name, str(source))
            found = self._counts(str(source))
            missing = tuple(_ends(self._analyser, str(source))) if ends and found.partial else ()
        except (CoverageException, sqlite3.Error) as error:
            return unreadable(str(error))
        return _with_ends(found, missing)

    def last_line(self, name: str) -> int:
        """The last line that ran; 0 when none did."""
        return max(self._data.lines(name) or (), default=0)

    def _load(self, name: str, source: str) -> None:
        data = self._analyser.get_data()
        if self.has_branches:
            data.add_arcs({source: self._data.arcs(name) or []})
        else:
            data.add_lines({source: self._data.lines(name) or []})

    def _counts(self, source: str) -> ModuleMeasure:
        _, statements, excluded, missing, _ = self._analyser.analysis2(source)
        exits = self._analyser.branch_stats(source) if self.has_branches else {}
        return ModuleMeasure(
            lines_covered=len(statements) - len(missing),
            lines_total=len(statements),
            branches_covered=sum(taken for _, taken in exits.values()),
            branches_total=sum(every for every, _ in exits.values()),
            excluded=len(excluded),
            missing_lines=stretches(statements, missing),
            partial=tuple(
                (line, every, taken) for line, (every, taken) in sorted(exits.items()) if taken < every
            ),
        )


def _must_hold_coverage(file: Path) -> None:
    """coverage.py would write its tables into any other database that it is given.

    Raises:
        EvidenceError: no database, or none of coverage.py.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("SELECT version FROM coverage_schema").fetchone()
    except sqlite3.Error as error:
        raise EvidenceError(f"{file} is a database, but no coverage data: {error}") from error


def _must_be_whole(file: Path) -> None:
    """SQLite reads a database whose end is cut off, as long as nobody asks for what stood there.

    Raises:
        EvidenceError: the file is shorter than its own header says.
    """
    with file.open("rb") as stream:
        head = stream.read(_HEADER)
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    # 1 stands for 65,536; the count of pages holds only where its stamp is that of the last change.
    expected = (65_536 if page == 1 else page) * pages
    if len(head) < _HEADER or (head[24:28] == head[92:96] and file.stat().st_size < expected):
        raise EvidenceError(f"{file} is cut off: {file.stat().st_size} bytes of {expected}")


def _analyser() -> Coverage:
    with _not_forced():
        return _Analyser(data_file=None, config_file=False)


class _Analyser(Coverage):
    """Parses a source once for the questions about it that follow each other.

    Nothing rests on the overridden method, which is no part of the documented interface: without it,
    each question would parse the source again, and come to the same counts.
    """

    _last: tuple[TMorf, FileReporter] | None = None

    def _get_file_reporter(self, morf: TMorf) -> FileReporter:
        if self._last is None or self._last[0] != morf:
            self._last = (morf, super()._get_file_reporter(morf))
        return self._last[1]


@contextmanager
def _not_forced() -> Iterator[None]:
    forced = os.environ.pop(_FORCED, None)
    try:
        yield
    finally:
        if forced is not None:
            os.environ[_FORCED] = forced


def _ends(analyser: Coverage, source: str) -> Iterator[tuple[int, int]]:
    """From and to line of each missing branch: only the JSON report tells the ends."""
    import json  # noqa: PLC0415 - only a module with gaps needs them
    import tempfile  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        analyser.json_report([source], outfile=str(report))
        files: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    for entry in files.values():
        for start, end in entry.get("missing_branches", ()):
            yield int(start), int(end)


def _with_ends(found: ModuleMeasure, missing: tuple[tuple[int, int], ...]) -> ModuleMeasure:
    from dataclasses import replace  # noqa: PLC0415 - only where there are some

    return replace(found, missing_branches=missing) if missing else found

"""The report of `coverage json`; its summaries must agree with its own lists, or they do not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import ModuleMeasure
from billing_canary.strict_json import parse
from billing_canary.suite.coverage_source import LARGEST_LINE, ROOT_ONLY, too_large, unreadable
from billing_canary.suite.stretches import stretches

_LARGEST = 256 * 1024 * 1024
"""Bytes; the whole document is held in memory."""

_OLDER = "it is of a coverage.py older than 7.0, or was edited"


class JsonReport:
    """A report of `coverage json`, any of its formats that list branches."""

    kind = "coverage.py JSON"
    bases = ROOT_ONLY

    def __init__(self, file: Path) -> None:
        too_large(file, _LARGEST)
        document = parse(file.read_bytes(), str(file))
        meta = document.get("meta") if isinstance(document, dict) else None
        files = document.get("files") if isinstance(document, dict) else None
        if not isinstance(meta, dict) or not isinstance(files, dict):
            raise EvidenceError(f"{file} is JSON, but no report of 'coverage json': it lacks meta and files")
        self.has_branches = meta.get("branch_coverage") is True
        self._files: dict[str, Any] = files

    def names(self) -> Collection[str]:
        """The reported files."""
        return self._files.keys()

    def measure(self, name: str, source: Path, *, ends: bool) -> ModuleMeasure:  # noqa: ARG002 - all stand there
        """The counts of one file."""
        try:
            return _measure(self._files[name], has_branches=self.has_branches)
        except (KeyError, TypeError, ValueError) as error:
            return unreadable(f"its entry in the report does not fit together: {error}; {_OLDER}")

    def last_line(self, name: str) -> int:
        """The last line that ran; 0 when none is told."""
        entry = self._files[name]
        lines = entry.get("executed_lines") if isinstance(entry, dict) else None
        sane = [line for line in lines if type(line) is int] if isinstance(lines, list) else []
        return max(sane, default=0)


def _measure(entry: dict[str, Any], *, has_branches: bool) -> ModuleMeasure:
    summary = entry["summary"]
    executed, missing, excluded = (
        _lines(entry, key) for key in ("executed_lines", "missing_lines", "excluded_lines")
    )
    _agree(summary, "covered_lines", len(executed))
    _agree(summary, "missing_lines", len(missing))
    _agree(summary, "num_statements", len(executed | missing))
    _agree(summary, "num_statements", len(executed) + len(missing))
    covered, total, taken, not_taken = _branches(entry, summary) if has_branches else (0, 0, [], [])
    return ModuleMeasure(
        lines_covered=len(executed),
        lines_total=len(executed) + len(missing),
        branches_covered=covered,
        branches_total=total,
        excluded=len(excluded),
        missing_lines=stretches(executed | missing, missing),
        partial=_partial(taken, not_taken),
        missing_branches=tuple(sorted(not_taken)),
    )


def _lines(entry: dict[str, Any], key: str) -> set[int]:
    lines = entry[key]
    if not isinstance(lines, list) or not all(type(n) is int and 0 < n <= LARGEST_LINE for n in lines):
        raise ValueError(f"{key} is no list of line numbers")
    if len(set(lines)) != len(lines):
        raise ValueError(f"{key} names a line twice")
    return set(lines)


Branch = tuple[int, int]


def _branches(entry: dict[str, Any], summary: dict[str, Any]) -> tuple[int, int, list[Branch], list[Branch]]:
    taken, missing = _ends(entry, "executed_branches"), _ends(entry, "missing_branches")
    total, covered = _number(summary, "num_branches"), _number(summary, "covered_branches")
    if total - covered != len(missing):
        raise ValueError(f"{total - covered} branches are missing, but {len(missing)} are listed")
    # A branch that `# pragma: no branch` excuses counts as covered, and is in neither list.
    if covered < len(taken):
        raise ValueError(f"{covered} branches are covered, but {len(taken)} are listed")
    return covered, total, taken, missing


def _ends(entry: dict[str, Any], key: str) -> list[Branch]:
    pairs = entry[key]
    if not isinstance(pairs, list):
        raise TypeError(f"{key} is no list")
    found = [(start, end) for start, end in pairs if type(start) is int and type(end) is int]
    if len(found) != len(pairs) or len(set(found)) != len(found):
        raise ValueError(f"{key} holds something else than distinct pairs of line numbers")
    return found


def _partial(taken: list[Branch], missing: list[Branch]) -> tuple[tuple[int, int, int], ...]:
    went, not_went = Counter(start for start, _ in taken), Counter(start for start, _ in missing)
    return tuple((line, went[line] + count, went[line]) for line, count in sorted(not_went.items()))


def _number(summary: dict[str, Any], key: str) -> int:
    value = summary[key]
    if type(value) is not int or value < 0:
        raise ValueError(f"summary.{key} is {value!r}")
    return value


def _agree(summary: dict[str, Any], key: str, counted: int) -> None:
    if _number(summary, key) != counted:
        raise ValueError(f"summary.{key} is {summary[key]}, but {counted} are listed")

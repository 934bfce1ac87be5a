"""The nouns of the coverage gate: a gated module, what data say about it, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CoverageStatus(StrEnum):
    """The verdicts of the coverage gate on one module, each with its own fix."""

    PASS = "pass"  # noqa: S105 - a status, no password
    BELOW = "below"
    MISSING = "missing"
    """The module is not among the measured files."""
    NO_BRANCH_DATA = "no-branch-data"
    NO_BRANCHES = "no-branches"
    """The module has no branch, and the gate does not call it branchless."""
    STALE = "stale"
    """The source changed after the run."""
    AMBIGUOUS = "ambiguous"
    """Two measured files map to one gated path."""
    UNREADABLE = "unreadable"
    NO_LINES = "no-lines"
    """The module has no line that counts: 0 of 0 shows nothing."""
    EXCLUDED = "excluded"
    """More lines are excluded from measuring than the gate allows."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Covered of total, and the minimum in per cent as the exact decimal text that was written."""

    covered: int
    total: int
    minimum: str
    status: CoverageStatus

    @property
    def percent(self) -> str:
        """The ratio for people, cut to two digits: never rounded up to a minimum that it does not reach."""
        if not self.total:
            return "n/a"
        hundredths = 10_000 * self.covered // self.total
        return f"{hundredths // 100}.{hundredths % 100:02}"


@dataclass(frozen=True, kw_only=True)
class ModuleCoverage:
    """What one gated module came to.

    Attributes:
        module: path as the gate names it, with forward slashes, relative to the project's root.
        role: the gate's short name for it, e.g. "routers".
        excluded: lines that the configuration excludes; shown, since they hide code.
        missing_lines: first and last line of each uncovered stretch.
        missing_branches: from line, to line (negative: leaves the function); empty where only `partial` is
            known.
        partial: line, exits and exits taken of each line where not every exit was taken.
        overrides: environment variables that changed its minimum, with the file's value and the used one.
        notes: what else a reader must know, e.g. that nothing could tell whether the source changed.
    """

    module: str
    role: str
    line: Counts
    branch: Counts
    status: CoverageStatus
    reason: str
    fix: str
    excluded: int = 0
    missing_lines: tuple[tuple[int, int], ...] = ()
    missing_branches: tuple[tuple[int, int], ...] = ()
    partial: tuple[tuple[int, int, int], ...] = ()
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GatedModule:
    """One module that `gates/coverage.toml` names.

    Attributes:
        role: its short name, which the environment variables that override its floors carry.
        module: path as reports show it, with forward slashes, relative to the project's root where it lies
            there, else to the folder that it is imported from.
        file: absolute path of its source on this machine.
        line: minimum in per cent, exact decimal text.
        branch: the same for branches.
        file_line: the minimum that the file states, before any override.
        file_branch: the same for branches.
        branchless: whether the gate vouches that it has no branch.
        max_excluded: most lines that may be excluded from measuring; None for any number.
        overrides: what changed a minimum, one sentence each.
    """

    role: str
    module: str
    file: str
    line: str
    branch: str
    file_line: str
    file_branch: str
    branchless: bool = False
    max_excluded: int | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModuleMeasure:
    """What coverage data say about one gated module; nothing is judged here.

    Attributes:
        problem: why there are no counts, or why they do not count; None when they do.
        detail: the sentence behind `problem`.
        excluded: lines that the configuration excludes; None where the format does not tell.
        partial: (line, exits, taken) of each line where not every exit was taken.
        missing_branches: from line, to line; empty where nobody asked for the ends.
        notes: what else a reader must know.
    """

    problem: CoverageStatus | None = None
    detail: str = ""
    lines_covered: int = 0
    lines_total: int = 0
    branches_covered: int = 0
    branches_total: int = 0
    excluded: int | None = 0
    missing_lines: tuple[tuple[int, int], ...] = ()
    partial: tuple[tuple[int, int, int], ...] = ()
    missing_branches: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

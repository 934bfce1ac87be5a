"""What every reader of coverage data answers, and the limits that hold for data from outside."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import CoverageStatus, ModuleMeasure

LARGEST_DOCUMENT = 512 * 1024 * 1024
"""Bytes of a streamed document; a project of 2,000 modules takes a tenth of it."""

LARGEST_LINE = 10_000_000
"""No source file is that long; a larger line number is nonsense."""

ROOT_ONLY: tuple[str, ...] = (".",)
"""Bases of data whose relative names start from the project's root."""

LARGEST_COUNT_DIGITS = 18
"""A hit count that is longer is nonsense, and Python's own limit on digits would raise another error."""


class CoverageSource(Protocol):
    """Coverage data that can be asked about one file after the other.

    Attributes:
        kind: what it is, for people.
        has_branches: whether branches were measured at all.
        bases: folders that relative names start from, absolute or relative to the project's root.
    """

    kind: str
    has_branches: bool
    bases: tuple[str, ...]

    def names(self) -> Collection[str]:
        """The measured files as the data name them."""
        ...

    def measure(self, name: str, source: Path, *, ends: bool) -> ModuleMeasure:
        """The counts of the measured file `name`, whose source on this machine is `source`.

        `ends` asks for the ends of missing branches too, where that costs more.
        """
        ...

    def last_line(self, name: str) -> int:
        """The last line of `name` that ran; 0 when none did."""
        ...


def unreadable(detail: str) -> ModuleMeasure:
    """A module about which the data say nothing that counts."""
    return ModuleMeasure(problem=CoverageStatus.UNREADABLE, detail=detail)


def too_large(file: Path, limit: int) -> None:
    """Stop before reading a document that is larger than `limit` bytes.

    Raises:
        EvidenceError: it is.
    """
    size = file.stat().st_size
    if size > limit:
        raise EvidenceError(f"{file} has {size} bytes; at most {limit} are read")


def whole_number(text: str, largest: int | None = None) -> int | None:
    """The number in `text` if it is a plain, sane one of zero or more; else None."""
    if not (text.isascii() and text.isdigit()) or len(text) > LARGEST_COUNT_DIGITS:
        return None
    number = int(text)
    return None if largest is not None and number > largest else number

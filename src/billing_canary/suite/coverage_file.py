"""Coverage data in whatever format they come, told apart by their content."""

from __future__ import annotations

import stat
from pathlib import Path

from billing_canary.errors import EvidenceError
from billing_canary.suite.coverage_source import CoverageSource

_HEAD = 4096
_SQLITE = b"SQLite format 3\0"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LCOV = (b"TN:", b"SF:", b"#")
KNOWN = "coverage.py data, 'coverage json', Cobertura XML or LCOV"


def open_coverage(file: Path) -> CoverageSource:
    """The reader for `file`; its name plays no part.

    Raises:
        EvidenceError: it cannot be read, is of no known format, or not of the format that it begins like.
    """
    head = _head(file)
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if head.startswith(_SQLITE):
        from billing_canary.suite.coverage_data import DataFile  # noqa: PLC0415 - loads coverage.py

        return DataFile(file)
    if text.startswith(b"{"):
        from billing_canary.suite.coverage_json import JsonReport  # noqa: PLC0415 - each format loads its own

        return JsonReport(file)
    if text.startswith(b"<") or head.startswith(_UTF_16):
        from billing_canary.suite.coverage_xml import CoberturaFile  # noqa: PLC0415 - the same

        return CoberturaFile(file)
    if text.startswith(_LCOV):
        from billing_canary.suite.coverage_lcov import LcovFile  # noqa: PLC0415 - the same

        return LcovFile(file)
    what = "is empty" if not head else "is of no known format"
    raise EvidenceError(f"{file} {what}; {KNOWN} can be read")


def _head(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise EvidenceError(f"{file} is no regular file")
        with file.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        raise EvidenceError(f"{file} cannot be read: {error.strerror}") from error

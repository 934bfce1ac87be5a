"""Reading JUnit XML from outside: as a stream, within limits, and without entities.

Counts come from the test cases themselves. What the file says in its attributes is held against them:
a file that claims failures which it does not show is no green file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from billing_canary.tier import JUnitCounts, TestCase

MOST_CASES = 20_000
"""Cases of each sort, bad and other, that are kept one by one; all are counted."""

_SIZE_LIMIT = 256_000_000
_CHUNK = 1 << 16
_DEEPEST = 100
_LONGEST_TOKEN = 4_000_000
"""Bytes of one tag: the parser holds it in memory whole."""

_LONGEST_NAME = 500
_LONGEST_MESSAGE = 2_000
_ROOTS = frozenset({"testsuites", "testsuite"})
_BAD = {"failure": "failed", "error": "error", "skipped": "skipped"}
_RETRIED = frozenset({"flakyFailure", "flakyError"})
"""Surefire's words for a test that failed first and passed when it was run again."""

_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "suppressed"})
_COUNTED = ("tests", "failures", "errors", "skipped")
_RANK = ("passed", "skipped", "failed", "error")


class JUnitError(Exception):
    """The file is no JUnit that could be trusted; the message says why."""


@dataclass(frozen=True, kw_only=True)
class JUnitReport:
    """What a JUnit file holds.

    Attributes:
        cases: at most `MOST_CASES` that failed or broke, and as many others.
        timestamps: when its suites say that they started, as written.
    """

    counts: JUnitCounts
    cases: tuple[TestCase, ...]
    timestamps: tuple[str, ...]


def read_junit(file: Path, suite: str) -> JUnitReport:
    """The report in `file`, whose cases are of the suite called `suite`.

    Raises:
        JUnitError: it is too large, no JUnit, has a DTD, or contradicts itself.
        OSError: it cannot be read.
    """
    reader = _Reader(suite)
    with file.open("rb") as stream:
        fed = 0
        while data := stream.read(_CHUNK):
            fed += len(data)
            if fed > _SIZE_LIMIT:
                raise JUnitError(f"is larger than {_SIZE_LIMIT} bytes")
            reader.feed(data)
            if fed - reader.place > _LONGEST_TOKEN:
                raise JUnitError(f"has a tag of more than {_LONGEST_TOKEN} bytes")
    return reader.report()


class _Reader:
    """Follows the parser through the file; nothing but the present case and the kept ones is in memory."""

    def __init__(self, suite: str) -> None:
        self._suite = suite
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._path: list[str] = []
        self._told = dict.fromkeys(_COUNTED, 0)
        self._root: Mapping[str, int] = self._told
        self._counted = dict.fromkeys((*_RANK, "flaky"), 0)
        self._bad: list[TestCase] = []
        self._other: list[TestCase] = []
        self._timestamps: list[str] = []
        self._case: _Case | None = None

    @property
    def place(self) -> int:
        """How far the parser has come, in bytes."""
        return int(self._parser.CurrentByteIndex)

    def feed(self, data: bytes, *, last: bool = False) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise JUnitError(f"is no XML: {error}") from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know
            raise JUnitError(f"cannot be decoded: {error}") from None

    def report(self) -> JUnitReport:
        self.feed(b"", last=True)
        counts = self._counts()
        cases = (*self._bad, *self._other)
        return JUnitReport(counts=counts, cases=cases, timestamps=tuple(self._timestamps))

    def _counts(self) -> JUnitCounts:
        seen = self._counted
        total = sum(seen[outcome] for outcome in _RANK)
        if self._told["tests"] > 0 and not total:
            raise JUnitError(f"says {self._told['tests']} tests but holds none")
        shown = seen["failed"] + seen["error"]
        claimed = max(told["failures"] + told["errors"] for told in (self._told, self._root))
        # Where it claims more than it shows, the claim counts: a failure must not get lost on the way.
        return JUnitCounts(
            tests=total,
            failures=seen["failed"] + max(0, claimed - shown),
            errors=seen["error"],
            skipped=seen["skipped"],
            flaky=seen["flaky"],
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self._path and tag not in _ROOTS:
            raise JUnitError(f"is no JUnit: its root is <{tag[:60]}>")
        if len(self._path) >= _DEEPEST:
            raise JUnitError(f"is nested deeper than {_DEEPEST} levels")
        if tag == "testsuites":
            self._root = {name: _count(name, attributes) for name in _COUNTED}
        elif tag == "testsuite":
            self._suite_starts(attributes)
        elif tag == "testcase":
            self._case = _Case(attributes)
        elif self._case is not None:
            self._case.holds(tag, attributes)
            self._parser.CharacterDataHandler = self._case.says if tag in _BAD else None
        self._path.append(tag)

    def _suite_starts(self, attributes: Mapping[str, str]) -> None:
        told = {name: _count(name, attributes) for name in _COUNTED}
        if "testsuite" not in self._path:  # an outer suite's numbers hold those of the inner ones
            for name, number in told.items():
                self._told[name] += number
            self._timestamps.extend([attributes["timestamp"][:60]] if "timestamp" in attributes else [])

    def _end(self, tag: str) -> None:
        self._path.pop()
        self._parser.CharacterDataHandler = None
        if tag.rpartition(":")[2] == "testcase" and self._case is not None:
            self._keep(self._case.finished(self._suite))
            self._counted["flaky"] += self._case.retried
            self._case = None

    def _keep(self, case: TestCase) -> None:
        self._counted[case.outcome] += 1
        kept = self._bad if case.outcome in {"failed", "error"} else self._other
        if len(kept) < MOST_CASES:
            kept.append(case)


class _Case:
    """One test case while it is read."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("name", "")[:_LONGEST_NAME]
        of = attributes.get("classname", "")[:_LONGEST_NAME]
        self._name = f"{of}::{name}" if of else name
        self._duration_ms = _milliseconds(attributes.get("time", "0"))
        not_run = {attributes.get("status", "").lower(), attributes.get("result", "").lower()} & _NOT_RUN
        self._outcome = "skipped" if not_run else "passed"
        self._message = ""
        self._text = ""
        self.retried = False

    def holds(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element inside the case."""
        self.retried = self.retried or tag in _RETRIED
        outcome = _BAD.get(tag)
        if outcome is not None and _RANK.index(outcome) > _RANK.index(self._outcome):
            self._outcome = outcome
            self._message = attributes.get("message", "")[:_LONGEST_MESSAGE]

    def says(self, text: str) -> None:
        """Text inside a failure."""
        if len(self._text) < _LONGEST_MESSAGE:
            self._text += text[:_LONGEST_MESSAGE]

    def finished(self, suite: str) -> TestCase:
        message = self._message or self._text.strip()[:_LONGEST_MESSAGE]
        return TestCase(
            suite=suite,
            name=self._name,
            outcome=self._outcome,
            duration_ms=self._duration_ms,
            message=message if self._outcome != "passed" else "",
        )


def _refuse_doctype(*_: object) -> None:
    raise JUnitError("has a document type declaration, which no JUnit needs and entities hide in")


def _count(name: str, attributes: Mapping[str, str]) -> int:
    text = attributes.get(name, "0").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 - digits of a sane count
        raise JUnitError(f"says {name}={text[:40]!r}, which is no count")
    return int(text)


def _milliseconds(text: str) -> int:
    """Seconds as some reporter wrote them; 0 for what cannot be a duration."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0
    return round(seconds * 1000) if math.isfinite(seconds) and 0 <= seconds < 1e9 else 0  # noqa: PLR2004 - 30 years

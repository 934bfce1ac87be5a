"""What an attempt left behind: its report, what pytest's witness says, and its artifacts."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from billing_canary.suite.command import PreparedSuite
from billing_canary.suite.freshness import is_fresh, tells_older
from billing_canary.suite.junit_reader import JUnitError, JUnitReport, read_junit
from billing_canary.tier import JUnitCounts, SuiteAttempt, SuiteReason

_LARGEST_INVALID = 10_000_000


class LogSize(Protocol):
    """What a whole log was, before it was shortened."""

    @property
    def true_bytes(self) -> int:
        """Bytes."""
        ...

    @property
    def true_sha256(self) -> str:
        """Hash of them."""
        ...


class LogSink(Protocol):
    """Takes a suite's output as it comes."""

    def write(self, data: bytes) -> None:
        """Add `data`; never raises, since a suite must not die of its log."""
        ...

    def close(self) -> LogSize:
        """Finish the log. Raises EvidenceError when it could not be written."""
        ...


class Recorder(Protocol):
    """Where evidence goes; paths are relative to the bundle."""

    def log(self, path: str) -> LogSink:
        """A new log."""
        ...

    def keep(self, path: str, source: Path, kind: str) -> None:
        """Copy `source` into the bundle, its secrets masked."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an attempt's command ended.

    Attributes:
        exit_code: None when it could not be started; `detail` then says why.
        left: processes that it left behind and that were killed.
    """

    exit_code: int | None
    timed_out: bool
    duration_ms: int
    detail: str = ""
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class Concluded:
    """An attempt with the times that its report gives for its own start, as written."""

    attempt: SuiteAttempt
    timestamps: tuple[str, ...]


def kept_name(suite: str, number: int, ending: str) -> str:
    """The name under which a file of an attempt is kept: "topup.xml", "topup.2.xml" for a rerun."""
    return f"{suite}.{number}{ending}" if number > 1 else f"{suite}{ending}"


def conclude(prepared: PreparedSuite, ending: Ending, log: LogSize, recorder: Recorder) -> Concluded:
    """Read what the attempt left behind, and keep it in the bundle."""
    name, number = prepared.suite.name, prepared.number
    report, problem, detail = _report(prepared)
    if report is not None or _is_worth_keeping(prepared.junit, problem):
        recorder.keep(f"junit/{kept_name(name, number, '.xml')}", prepared.junit, "junit")
    witnessed = _witness(prepared.witness)
    attempt = SuiteAttempt(
        exit_code=ending.exit_code,
        timed_out=ending.timed_out,
        junit=None if report is None else _with_retries(report.counts, witnessed.retried or 0),
        junit_problem=problem,
        detail="; ".join(filter(None, (ending.detail, detail, _left_behind(ending.left)))),
        cases=() if report is None else report.cases,
        missing_artifacts=_missing_artifacts(prepared, recorder),
        log=f"logs/{kept_name(name, number, '.log')}",
        log_bytes=log.true_bytes,
        log_sha256=log.true_sha256,
        duration_ms=ending.duration_ms,
        collected=witnessed.collected,
        finished=witnessed.finished,
    )
    return Concluded(attempt=attempt, timestamps=() if report is None else report.timestamps)


def _is_worth_keeping(junit: Path, problem: SuiteReason | None) -> bool:
    """Whether a person would open it to see what is wrong with it."""
    return problem is SuiteReason.JUNIT_INVALID and junit.stat().st_size <= _LARGEST_INVALID


def _report(prepared: PreparedSuite) -> tuple[JUnitReport | None, SuiteReason | None, str]:
    shown = prepared.suite.junit or "the JUnit file"
    if not _is_regular(prepared.junit):
        return None, SuiteReason.JUNIT_MISSING, f"{shown} was not written"
    if not is_fresh(prepared.junit, prepared.mark):
        return None, SuiteReason.JUNIT_STALE, f"{shown} is older than the suite's start"
    try:
        report = read_junit(prepared.junit, prepared.suite.name)
    except JUnitError as error:
        return None, SuiteReason.JUNIT_INVALID, f"{shown} {error}"
    except OSError as error:
        return None, SuiteReason.JUNIT_INVALID, f"{shown} cannot be read: {error.strerror}"
    old = [told for told in report.timestamps if tells_older(told, prepared.mark)]
    if old:
        return None, SuiteReason.JUNIT_STALE, f"{shown} says that it is of {old[0]}, before the suite's start"
    return report, None, ""


def _is_regular(file: Path) -> bool:
    """Whether a file stands there itself: no link to one, no FIFO that would keep its reader waiting."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False


@dataclass(frozen=True, kw_only=True)
class _Witnessed:
    """What the witness says of a pytest run; None where it says nothing."""

    collected: int | None = None
    finished: int | None = None
    retried: int | None = None


def _witness(file: Path | None) -> _Witnessed:
    try:
        seen = json.loads(file.read_bytes()) if file is not None else {}
    except (OSError, ValueError):
        return _Witnessed()
    told = (
        {name: value for name, value in seen.items() if type(value) is int} if isinstance(seen, dict) else {}
    )
    names = ("collected", "finished", "retried")
    return _Witnessed(**{name: told.get(name) for name in names})


def _with_retries(counts: JUnitCounts, retried: int) -> JUnitCounts:
    return replace(counts, flaky=counts.flaky + retried)


def _left_behind(left: int) -> str:
    if not left:
        return ""
    return f"it left {left} process{'es' if left > 1 else ''} behind, killed at its end"


def _missing_artifacts(prepared: PreparedSuite, recorder: Recorder) -> tuple[str, ...]:
    """Names of required files that this attempt did not write; the others are kept."""
    missing = []
    for path in prepared.suite.artifacts:
        file = prepared.cwd / path
        if _is_regular(file) and is_fresh(file, prepared.mark):
            recorder.keep(f"artifacts/{prepared.suite.name}.{prepared.number}/{path}", file, "artifact")
        else:
            missing.append(path)
    return tuple(missing)

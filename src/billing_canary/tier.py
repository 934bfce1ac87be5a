"""The nouns of confidence tiers: a suite, a tier of suites, and what running them showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from billing_canary.verdict import Status

if TYPE_CHECKING:  # loaded for tiers that gate coverage only
    from billing_canary.module_coverage import ModuleCoverage


class SuiteReason(StrEnum):
    """Why a suite is not a plain pass, one distinct word each."""

    PASSED = "passed"
    FLAKY = "flaky"
    """A rerun passed after a failure; never a plain pass."""
    TEST_FAILURES = "test-failures"
    EXIT_CODE = "exit-code"
    """The command failed although its JUnit shows no failure."""
    JUNIT_FAILURES = "junit-failures"
    """The command ended with 0 although its JUnit shows failures or errors."""
    JUNIT_MISSING = "junit-missing"
    JUNIT_STALE = "junit-stale"
    """The JUnit file is older than the suite's start."""
    JUNIT_INVALID = "junit-invalid"
    NO_TESTS = "no-tests"
    ALL_SKIPPED = "all-skipped"
    """Every test was skipped, or failed as expected: nothing was shown."""
    TOO_FEW_TESTS = "too-few-tests"
    ARTIFACT_MISSING = "artifact-missing"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    """Ended by a signal."""
    CANNOT_START = "cannot-start"
    NOT_RUN = "not-run"
    """Left out after --fail-fast, or the run was interrupted before it."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One command of a tier, in any language.

    Attributes:
        command: argument list; it is never given to a shell unless it names one.
        cwd: folder that it runs in, relative to the project's root.
        environment: variables beside the inherited ones.
        timeout_s: it is ended, with everything it started, after this long.
        weight: expected seconds, for ordering and sharding while no duration is known.
        junit: path of its JUnit file; "" for pytest, where we add the option ourselves.
        adds_junit: whether the command is pytest, so that `--junitxml` is added.
        coverage: whether it runs under coverage.py (Python suites only).
        min_tests: fewer tests than this that really ran are a failure.
        artifacts: files that it must have written, relative to `cwd`; they are copied into the bundle.
        expects: what it must come to; anything but "passed" is for tiers that check the harness alone.
    """

    name: str
    title: str
    command: tuple[str, ...]
    cwd: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 600.0
    weight: float = 1.0
    junit: str = ""
    adds_junit: bool = False
    coverage: bool = False
    min_tests: int = 1
    artifacts: tuple[str, ...] = ()
    expects: SuiteReason = SuiteReason.PASSED


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A named set of suites.

    Attributes:
        coverage_gate: whether gates/coverage.toml must hold as well.
        checks_harness: whether its suites show that the harness tells good from bad; such a tier says
            nothing about billing.
    """

    name: str
    title: str
    suites: tuple[Suite, ...]
    coverage_gate: bool
    checks_harness: bool = False


@dataclass(frozen=True, kw_only=True)
class TestCase:
    """One test as its JUnit tells it. `outcome`: "passed", "failed", "error" or "skipped"."""

    __test__ = False  # pytest must not collect it

    suite: str
    name: str
    outcome: str
    duration_ms: int
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class JUnitCounts:
    """What a JUnit file holds, counted from its cases, not from its attributes.

    Attributes:
        flaky: tests that failed first and passed when the suite itself ran them again.
    """

    tests: int
    failures: int
    errors: int
    skipped: int
    flaky: int = 0

    @property
    def ran(self) -> int:
        """Tests that really ran."""
        return self.tests - self.skipped


@dataclass(frozen=True, kw_only=True)
class SuiteAttempt:
    """One run of a suite's command, as the runner saw it; nothing is judged here.

    Attributes:
        exit_code: the command's exit code; negative is the signal that ended it; None when it did not start.
        timed_out: whether it was ended for taking too long.
        junit: what its JUnit file holds; None when there is none that counts.
        junit_problem: `junit-missing`, `junit-stale` or `junit-invalid` with the detail, or "".
        missing_artifacts: required files that it did not write.
        log: path of its log inside the bundle.
        log_bytes: true size of what it wrote, before the cap.
        log_sha256: hash of all that it wrote.
        collected: tests that pytest itself set out to run; None for other commands, or when it did not say.
        finished: of these, how many it brought to their end.
    """

    exit_code: int | None
    timed_out: bool
    junit: JUnitCounts | None
    junit_problem: SuiteReason | None
    detail: str
    cases: tuple[TestCase, ...]
    missing_artifacts: tuple[str, ...]
    log: str
    log_bytes: int
    log_sha256: str
    duration_ms: int
    collected: int | None = None
    finished: int | None = None


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """What one suite came to. `attempts`: the runs in order; reruns only when asked for."""

    name: str
    title: str
    status: Status
    reason: SuiteReason
    detail: str
    tests: int
    failures: int
    skipped: int
    duration_ms: int
    min_tests: int
    attempts: tuple[SuiteAttempt, ...]
    expects: SuiteReason = SuiteReason.PASSED

    @property
    def as_expected(self) -> bool:
        """Whether it came to exactly what is expected of it."""
        return self.reason is self.expects


@dataclass(frozen=True, kw_only=True)
class TierRun:
    """Everything that one run of a tier saw: what the gate judges and the bundle records.

    Attributes:
        jobs: suites at once.
        coverage: gated modules; empty when the tier has no coverage gate.
        coverage_gate: whether the tier needs the coverage gate to hold.
        slowest: the slowest tests.
        newly_failing: tests that passed in the last comparable run and fail now; None when there is none.
        shard: (k, n) when this is one of n shards.
        notes: why the run ended early.
        checks_harness: as in `Tier`.
    """

    run_id: str
    tier: str
    suites: tuple[SuiteResult, ...]
    jobs: int
    coverage_gate: bool
    coverage: tuple[ModuleCoverage, ...]
    slowest: tuple[TestCase, ...]
    newly_failing: tuple[str, ...] | None
    shard: tuple[int, int] | None
    started_at: str
    finished_at: str
    duration_ms: int
    notes: tuple[str, ...] = ()
    checks_harness: bool = False

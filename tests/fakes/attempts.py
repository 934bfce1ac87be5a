"""One good attempt at a suite, for judging what is changed in it."""

from __future__ import annotations

from dataclasses import replace

from billing_canary.tier import JUnitCounts, SuiteAttempt

COUNTS = JUnitCounts(tests=5, failures=0, errors=0, skipped=1)
GOOD = SuiteAttempt(
    exit_code=0,
    timed_out=False,
    junit=COUNTS,
    junit_problem=None,
    detail="",
    cases=(),
    missing_artifacts=(),
    log="logs/a.log",
    log_bytes=0,
    log_sha256="0" * 64,
    duration_ms=10,
)


def counts(**changes: int) -> JUnitCounts:
    """What the JUnit of `GOOD` holds, with changes."""
    return replace(COUNTS, **changes)

"""One suite's report handed in by another."""

from __future__ import annotations

from dataclasses import replace

from billing_canary.suite.attempt import Concluded
from billing_canary.tier import SuiteAttempt, SuiteReason


class Reports:
    """The reports of a run; none counts for two suites."""

    def __init__(self) -> None:
        self._owners: dict[tuple[object, ...], str] = {}

    def owned(self, suite: str, concluded: Concluded) -> SuiteAttempt:
        """The attempt of `suite`, without its report where that is the one of another suite.

        The same tests with the same times, started at the same instant, are the same report; the suite
        that ended first owns it. Reports that tell no instant are not compared: small ones look alike.
        """
        attempt = concluded.attempt
        if not concluded.timestamps:
            return attempt
        cases = tuple((case.name, case.outcome, case.duration_ms) for case in attempt.cases)
        owner = self._owners.setdefault((concluded.timestamps, cases), suite)
        if owner == suite:
            return attempt
        return replace(
            attempt,
            junit=None,
            cases=(),
            junit_problem=SuiteReason.JUNIT_INVALID,
            detail=f"its JUnit file is the one of suite {owner}",
        )

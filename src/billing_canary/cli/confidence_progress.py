"""What a person sees while suites run, and the run's own log."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

from billing_canary.artifact.log_file import LogFile
from billing_canary.artifact.render.text import counted, duration
from billing_canary.clock import SystemClock, utc_text
from billing_canary.gate.suite import judge_attempt
from billing_canary.project import Project
from billing_canary.tier import Suite, SuiteAttempt, SuiteReason, Tier


class TierProgress:
    """One live line on a terminal; elsewhere a line for each suite that ended. All of it on stderr."""

    def __init__(self, tier: Tier, log: LogFile, *, quiet: bool) -> None:
        self._tier = tier
        self._log = log
        self._quiet = quiet
        self._ended = 0
        self._stream = sys.stderr
        # A CI system may offer a terminal, but its log keeps every state of the line.
        self._live = sys.stderr.isatty() and not quiet and not os.environ.get("CI")

    def begin(self, project: Project, jobs: int) -> None:
        """Say what is about to run."""
        files = project.files
        self._say(f"project: {files.root} ({files.origin})")
        self._say(f"tier:    {self._tier.name}, {len(self._tier.suites)} suites, {jobs} at once")

    def started(self, suite: Suite, number: int) -> None:
        """An attempt started."""
        again = f" again, attempt {number}" if number > 1 else ""
        self._note(f"{suite.name} started{again}: {' '.join(suite.command)}")

    def ended(self, suite: Suite, attempt: SuiteAttempt) -> None:
        """An attempt ended."""
        self._ended += 1
        reason, detail = judge_attempt(attempt, suite.min_tests)
        told = f"{reason}: {suite.name} in {duration(attempt.duration_ms)}"
        if attempt.junit is not None:
            told += f", {counted(attempt.junit.tests, 'test')}"
        if reason is not SuiteReason.PASSED and detail:
            told += f": {detail}"
        self._note(told)
        self._clear()
        self._say(told if reason is suite.expects is SuiteReason.PASSED else _expected(told, suite, reason))

    def tick(self, running: Mapping[str, float]) -> None:
        """About once a second: who runs."""
        if self._live and running:
            told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in running.items())
            line = f"{self._ended}/{len(self._tier.suites)} {told}"
            self._stream.write(f"\r\x1b[K{line[:78]}")
            self._stream.flush()

    def end(self) -> None:
        """All suites ended."""
        self._clear()

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _note(self, text: str) -> None:
        self._log.write(f"{utc_text(SystemClock().now())} {text}\n")

    def _say(self, text: str) -> None:
        if not self._quiet:
            click.echo(text, file=self._stream)


def _expected(told: str, suite: Suite, reason: SuiteReason) -> str:
    if suite.expects is SuiteReason.PASSED:
        return told
    return f"{told} ({'as expected' if reason is suite.expects else f'expected {suite.expects}'})"

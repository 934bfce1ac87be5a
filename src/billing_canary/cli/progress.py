"""What a person sees while a run goes on: a counter on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import os
import sys

import click

from billing_canary.model import ProbeResult, Status
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.target import Target


class Counter:
    """One line that is written over on a terminal (`live`); nothing at all elsewhere or when quiet."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._done = 0
        # A CI system may offer a terminal, but its log keeps every state of the line.
        self.live = sys.stderr.isatty() and not quiet and not os.environ.get("CI")
        self._stream = sys.stderr

    def step(self, what: str) -> None:
        """One more is done; `what` was the last."""
        self._done += 1
        if self.live:
            self._stream.write(f"\r\x1b[K{self._done}/{self._total} {what[:60]}")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class CanaryProgress:
    """Progress of one canary run."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._counter = Counter(total, quiet=quiet)
        self._target: Target | None = None
        self._stream = sys.stderr  # while probes run, sys.stderr is the run's log

    def begin(self, project: Project) -> None:
        """Say which project's files are used."""
        files = project.files
        self._say(f"project: {files.root} ({files.origin})")

    def connected(self, target: Target) -> None:
        """Say against what the probes run."""
        self._target = target
        self._say(f"target:  {target.settings.name} at {target.settings.base_url}, run {target.run_id}")

    def planned(self, planned: tuple[Money, ...]) -> None:
        """Show the planned spend against the caps, before the first call."""
        caps = self._target.guard.policy.per_run if self._target is not None else {}
        parts = [f"{money} of at most {caps.get(money.currency, 'nothing')}" for money in planned]
        self._say(f"planned: {', '.join(parts) or 'no spend'}; {self._total} probes")

    def result(self, result: ProbeResult) -> None:
        """One probe ended; what is not right is said at once."""
        if result.status not in {Status.PASS, Status.SKIP} and not self._quiet:
            self._counter.clear()
            self._say(f"{result.status.value}: {result.id}: {result.reason}")
        self._counter.step(result.id)

    def end(self) -> None:
        """All probes ended."""
        self._counter.clear()

    def _say(self, text: str) -> None:
        if not self._quiet:
            click.echo(text, file=self._stream)

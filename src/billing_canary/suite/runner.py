"""Running suites side by side: the longest first, each in a session of its own and within its time."""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from billing_canary.suite.attempt import Ending, LogSink, Recorder, conclude, kept_name
from billing_canary.suite.command import Cover, PreparedSuite, prepare
from billing_canary.suite.copies import Reports
from billing_canary.suite.keeper_link import CannotStartError, Ended, KeeperLink
from billing_canary.suite.output import Output
from billing_canary.tier import Suite, SuiteAttempt

GRACE_S = 1.5
"""What a suite that took too long has between SIGTERM and SIGKILL."""

_TICK_S = 1.0


class Progress(Protocol):
    """Hears what happens while suites run."""

    def started(self, suite: Suite, number: int) -> None:
        """An attempt started; `number` counts from 1."""
        ...

    def ended(self, suite: Suite, attempt: SuiteAttempt) -> None:
        """An attempt ended."""
        ...

    def tick(self, running: Mapping[str, float]) -> None:
        """About once a second: the suites that run, and for how many seconds."""
        ...


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """How suites are to be run.

    Attributes:
        suites: in the order in which they are started.
        jobs: how many at once.
        reruns: how often a suite that did not pass is tried again.
        fail_fast: start no further suite once one has not passed.
        passed: whether an attempt is good; judging is not the runner's.
        root: the project's folder.
        work: a folder of this run alone, for files that suites write.
        mark: a word of this run alone, by which its processes are known.
        cover: measures coverage; None when nothing asks for it.
    """

    suites: tuple[Suite, ...]
    jobs: int
    reruns: int
    fail_fast: bool
    passed: Callable[[Suite, SuiteAttempt], bool]
    root: Path
    work: Path
    mark: str
    cover: Cover | None = None


def longest_first(suites: Iterable[Suite], durations_ms: Mapping[str, int]) -> tuple[Suite, ...]:
    """`suites` by last known duration, by weight where none is known: nobody waits for a late giant."""

    def expected(suite: Suite) -> float:
        return durations_ms.get(suite.name, suite.weight * 1000)

    return tuple(sorted(suites, key=expected, reverse=True))


def run_suites(plan: RunPlan, recorder: Recorder, progress: Progress) -> dict[str, tuple[SuiteAttempt, ...]]:
    """Run every suite of `plan`; its attempts by name. A suite that was left out has none.

    Raises:
        EvidenceError: the process that starts them was killed, or evidence could not be written.
    """
    with KeeperLink.start(plan.mark) as keeper, selectors.DefaultSelector() as selector:
        return _Pool(plan, keeper, selector, recorder, progress).run()


@dataclass(kw_only=True)
class _Running:
    """An attempt under way."""

    prepared: PreparedSuite
    pid: int
    output: Output
    started: float
    deadline: float
    stopping: bool = False


class _Pool:
    def __init__(
        self,
        plan: RunPlan,
        keeper: KeeperLink,
        selector: selectors.BaseSelector,
        recorder: Recorder,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._keeper = keeper
        self._selector = selector
        self._recorder = recorder
        self._progress = progress
        self._waiting: deque[tuple[Suite, int]] = deque((suite, 1) for suite in plan.suites)
        self._running: dict[int, _Running] = {}
        self._attempts: dict[str, list[SuiteAttempt]] = {suite.name: [] for suite in plan.suites}
        self._reports = Reports()

    def run(self) -> dict[str, tuple[SuiteAttempt, ...]]:
        self._selector.register(self._keeper, selectors.EVENT_READ)
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self._plan.jobs:
                self._start(*self._waiting.popleft())
            if self._running:
                self._wait()
                self._end_overdue()
        return {name: tuple(attempts) for name, attempts in self._attempts.items()}

    def _start(self, suite: Suite, number: int) -> None:
        plan = self._plan
        prepared = prepare(suite, number, root=plan.root, work=plan.work, cover=plan.cover)
        sink = self._recorder.log(f"logs/{kept_name(suite.name, number, '.log')}")
        output = Output(sink)
        started = time.monotonic()
        self._progress.started(suite, number)
        try:
            pid = self._keeper.launch(
                prepared.call.argv,
                cwd=prepared.cwd,
                env=prepared.call.env,
                mark=f"{suite.name}.{number}",
                output=output.write_end,
            )
        except CannotStartError as error:
            output.drain()
            ending = Ending(exit_code=None, timed_out=False, duration_ms=0, detail=str(error))
            self._conclude(prepared, ending, sink)
            return
        output.close_write_end()
        self._selector.register(output, selectors.EVENT_READ)
        self._running[pid] = _Running(
            prepared=prepared, pid=pid, output=output, started=started, deadline=started + suite.timeout_s
        )

    def _wait(self) -> None:
        """Until something is heard, or the next suite is overdue."""
        now = time.monotonic()
        nearest = min(running.deadline for running in self._running.values()) - now
        patience = 0.0 if self._keeper.has_news else max(0.0, min(nearest, _TICK_S))
        for key, _ in self._selector.select(patience):
            if isinstance(key.fileobj, Output) and not key.fileobj.read():
                self._selector.unregister(key.fileobj)
        self._progress.tick(
            {run.prepared.suite.name: time.monotonic() - run.started for run in self._running.values()}
        )
        for ended in self._keeper.ended():
            self._end(ended)

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if now < running.deadline:
                continue
            if not running.stopping:
                running.stopping = True
                self._keeper.stop(running.pid)
            else:
                self._keeper.kill(running.pid)
            running.deadline = now + GRACE_S

    def _end(self, ended: Ended) -> None:
        running = self._running.pop(ended.pid)
        took = time.monotonic() - running.started
        if running.output.is_open:
            self._selector.unregister(running.output)
        running.output.drain()
        ending = Ending(
            exit_code=ended.code,
            timed_out=running.stopping,
            duration_ms=round(took * 1000),
            detail=f"ended after {running.prepared.suite.timeout_s:g} s" if running.stopping else "",
            left=ended.left,
        )
        if self._waiting and not self._plan.fail_fast:  # nobody waits while a report is read
            self._start(*self._waiting.popleft())
        self._conclude(running.prepared, ending, running.output.sink)

    def _conclude(self, prepared: PreparedSuite, ending: Ending, sink: LogSink) -> None:
        suite = prepared.suite
        attempt = self._reports.owned(suite.name, conclude(prepared, ending, sink.close(), self._recorder))
        self._attempts[suite.name].append(attempt)
        self._progress.ended(suite, attempt)
        if self._plan.passed(suite, attempt):
            return
        if prepared.number <= self._plan.reruns:
            self._waiting.appendleft((suite, prepared.number + 1))
        elif self._plan.fail_fast:
            self._waiting.clear()

"""Running probes side by side: one that hangs or crashes harms no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from queue import Empty, Queue
from threading import Event, Thread

from billing_canary.clock import utc_text
from billing_canary.guard.permit import Permit, current_permit
from billing_canary.model import Evidence, ProbeResult, Status
from billing_canary.money import Money
from billing_canary.probe.account_log import AccountLog, NoAccountLog
from billing_canary.probe.clean_up import CleanUp
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.excuses import excuse
from billing_canary.probe.outcome import Ending, conclude
from billing_canary.probe.registry import Phase, Probe, own_servers
from billing_canary.redact import Redactor
from billing_canary.target.settings import TargetSettings
from billing_canary.target.target import Target

_MS = 1000
_PHASES = ((Phase.FIRST, 1), (Phase.TOGETHER, None), (Phase.ALONE, 1), (Phase.LAST, 1))
"""Phases in order, with the number of probes that run at once (None: as many as allowed)."""


def planned_spend(probe: Probe, settings: TargetSettings) -> tuple[Money, ...]:
    """The money that `probe` plans to move at most at this target."""
    currency = probe.spends.currency or settings.currency
    if not moves_money(probe) or currency not in settings.amounts:
        return ()
    more = Money(minor=probe.spends.minor_units, currency=currency)
    return (settings.amounts[currency] * probe.spends.payments + more,)


def moves_money(probe: Probe) -> bool:
    """Whether `probe` plans to move any money."""
    return bool(probe.spends.payments or probe.spends.minor_units)


def skip_reason(probe: Probe, settings: TargetSettings, mode: str) -> str:
    """Why `probe` cannot run here, or "" when it can."""
    if mode not in probe.modes:
        return f"runs in mode {' and '.join(probe.modes)} only"
    missing = [need.value for need in probe.needs if need not in settings.operations]
    if missing:
        return f"the target maps no {', '.join(missing)}"
    currency = probe.spends.currency
    if currency and currency not in settings.amounts:
        return f"the target names no amount in {currency}"
    return ""


@dataclass(frozen=True, kw_only=True)
class _Running:
    """A probe that has been started, and when its time is over on the monotonic clock."""

    probe: Probe
    context: ProbeContext
    permit: Permit
    started: float
    started_at: str
    deadline: float


class ProbeRunner:
    """Runs the selected probes against one target.

    Args:
        target: the system under test.
        mode: the run's mode; where the servers are not the run's own, probes that move money run one
            after the other, whatever else runs beside them.
        redact: masks secrets in all that a probe says.
        workers: how many probes run at once in the phase where they may.
        on_result: told each result as it comes, in the runner's own thread.
        accounts: told each account that is opened or closed, in the thread of the probe.
    """

    def __init__(  # noqa: PLR0913 - keywords, each of them one decision of the caller
        self,
        *,
        target: Target,
        mode: str,
        redact: Redactor,
        workers: int,
        on_result: Callable[[ProbeResult], None],
        accounts: AccountLog | None = None,
    ) -> None:
        self._target = target
        self._clock = target.clock
        self._mode = mode
        self._redact = redact
        self._workers = workers
        # Elsewhere a run that is stopped half-way must leave at most one payment half-done.
        self._one_spender = not own_servers(mode)
        self._accounts = accounts or NoAccountLog()
        self._clean_up = CleanUp(target, redact, self._accounts)
        self._on_result = on_result
        self._finished: Queue[tuple[_Running, Ending]] = Queue()
        self._permits: list[Permit] = []

    def run(self, probes: Sequence[Probe]) -> tuple[ProbeResult, ...]:
        """Every probe's result, in the order of `probes`.

        An interrupt ends every probe; what they opened is closed first where the servers outlive the run.
        """
        results: dict[str, ProbeResult] = {}
        try:
            for phase, limit in _PHASES:
                due = [probe for probe in probes if probe.phase is phase]
                for result in self._run_phase(due, limit or self._workers):
                    results[result.id] = result
        except KeyboardInterrupt:
            for permit in self._permits:
                permit.revoke()
            if not own_servers(self._mode):
                self._clean_up.finish()
            raise
        self._clean_up.finish()
        return tuple(results[probe.id] for probe in probes)

    def _run_phase(self, probes: list[Probe], workers: int) -> list[ProbeResult]:
        results: list[ProbeResult] = []
        # A probe that needs more operations takes longer; begun first, it does not end last and alone.
        waiting = sorted(probes, key=lambda probe: len(probe.needs), reverse=True)[::-1]
        running: dict[str, _Running] = {}
        while waiting or running:
            # Started threads wait for each other: else the first ones at work delay the start of the rest.
            gate = Event()
            while len(running) < workers and (probe := self._next(waiting, running)) is not None:
                reason = skip_reason(probe, self._target.settings, self._mode)
                if reason:
                    results.append(self._announce(self._skipped(probe, reason)))
                else:
                    running[probe.id] = self._start(probe, gate)
            gate.set()
            if running:
                results.extend(self._collect(running))
        return results

    def _next(self, waiting: list[Probe], running: Mapping[str, _Running]) -> Probe | None:
        """Take the next probe that may start now out of `waiting`."""
        spending = self._one_spender and any(moves_money(run.probe) for run in running.values())
        for probe in reversed(waiting):
            if not (spending and moves_money(probe)):
                waiting.remove(probe)
                return probe
        return None

    def _start(self, probe: Probe, gate: Event) -> _Running:
        started = self._clock.monotonic()
        run = _Running(
            probe=probe,
            context=ProbeContext(self._target, probe.id, self._redact, self._accounts),
            permit=Permit(),
            started=started,
            started_at=utc_text(self._clock.now()),
            deadline=started + self._target.settings.patience.probe,
        )
        self._permits.append(run.permit)
        self._clean_up.watch(run.context)
        # A daemon: a probe that never returns must not keep the process alive.
        Thread(target=copy_context().run, args=(self._work, run, gate), name=probe.id, daemon=True).start()
        return run

    def _work(self, run: _Running, gate: Event) -> None:
        gate.wait()
        current_permit.set(run.permit)
        error: BaseException | None = None
        try:
            run.probe.run(run.context)
        except BaseException as caught:  # noqa: BLE001 - a probe may raise anything, SystemExit included
            error = caught
        ending = conclude(run.context.rows, error, self._redact)
        ending = self._hold_to_plan(run, ending)
        self._finished.put((run, self._cleaned(run, ending)))

    def _hold_to_plan(self, run: _Running, ending: Ending) -> Ending:
        """A pass that moved more than was shown before the start is no pass."""
        planned = {money.currency: money for money in planned_spend(run.probe, self._target.settings)}
        over = [money for money in self._spent(run) if money > planned.get(money.currency, money * 0)]
        if not over or ending.status is not Status.PASS:
            return ending
        reason = f"it moved {', '.join(map(str, over))}, more than it planned"
        return replace(ending, status=Status.ERROR, reason=reason)

    def _spent(self, run: _Running) -> tuple[Money, ...]:
        prefix = run.context.key_prefix
        return self._target.guard.ledger.total_of(lambda key: key.startswith(prefix))

    def _cleaned(self, run: _Running, ending: Ending) -> Ending:
        """Close what the probe opened, whatever became of it; a failed clean-up is evidence of its own."""
        failures = self._clean_up.close_all(run.context)
        if not failures:
            return ending
        claim = "The accounts of this probe are closed after it"
        row = Evidence(
            claim=claim, expected="ok", observed="; ".join(failures), held=False, source="clean-up"
        )
        status = Status.ERROR if ending.status is Status.PASS else ending.status
        reason = f"{ending.reason}; clean-up failed: {failures[0]}"
        return replace(ending, status=status, reason=reason, evidence=(*ending.evidence, row))

    def _collect(self, running: dict[str, _Running]) -> list[ProbeResult]:
        """Wait for the next end or the next deadline, and take what is due."""
        next_deadline = min(run.deadline for run in running.values())
        try:
            run, ending = self._finished.get(timeout=max(next_deadline - self._clock.monotonic(), 0.0))
        except Empty:
            return [self._time_out(running.pop(run.probe.id)) for run in self._overdue(running)]
        if running.pop(run.probe.id, None) is None:
            return []  # it came back after its time was over and its result was taken
        return [self._announce(self._result(run, ending))]

    def _overdue(self, running: dict[str, _Running]) -> list[_Running]:
        now = self._clock.monotonic()
        return [run for run in running.values() if run.deadline <= now]

    def _time_out(self, run: _Running) -> ProbeResult:
        run.permit.revoke()
        limit = self._target.settings.patience.probe
        reason = f"it did not end within {limit:g} s"
        ending = Ending(status=Status.ERROR, reason=reason, evidence=run.context.rows)
        return self._announce(self._result(run, ending))

    def _skipped(self, probe: Probe, reason: str) -> ProbeResult:
        now = self._clock.monotonic()
        run = _Running(
            probe=probe,
            context=ProbeContext(self._target, probe.id, self._redact),
            permit=Permit(),
            started=now,
            started_at=utc_text(self._clock.now()),
            deadline=now,
        )
        result = self._result(run, Ending(status=Status.SKIP, reason=reason, evidence=()), attempts=0)
        return replace(result, not_applicable=excuse(probe.id, self._target.settings))

    def _announce(self, result: ProbeResult) -> ProbeResult:
        self._on_result(result)
        return result

    def _result(self, run: _Running, ending: Ending, attempts: int = 1) -> ProbeResult:
        probe = run.probe
        return ProbeResult(
            id=probe.id,
            title=probe.title,
            surface=probe.surface,
            severity=probe.severity,
            owner=probe.owner,
            status=ending.status,
            reason=ending.reason,
            evidence=ending.evidence,
            planned=planned_spend(probe, self._target.settings),
            spend=self._spent(run),
            attempts=attempts,
            flaky=ending.flaky,
            duration_ms=round((self._clock.monotonic() - run.started) * _MS),
            started_at=run.started_at,
        )

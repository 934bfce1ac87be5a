"""The detection matrix: every known fault alone, and the healthy service, against all probes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from billing_canary.clock import Clock, utc_text
from billing_canary.errors import BillingCanaryError, wrong_call
from billing_canary.model import CanaryRun, FaultMatrix, FaultResult, Status
from billing_canary.probe.canary import CanaryPlan, run_canary
from billing_canary.probe.loader import load_probes
from billing_canary.project import Project
from billing_canary.redact import Redactor
from billing_canary.reference.faults import FAULTS, catalogue
from billing_canary.reference.faults.registry import Fault
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService

HEALTHY = "healthy"
_MS = 1000
_RUNS_PER_CORE = 2
"""A run waits more than it computes, so each core carries two."""


@dataclass(frozen=True, kw_only=True)
class MatrixPlan:
    """What to try: faults by id, and how often the healthy service."""

    run_id: str
    project: Project
    faults: tuple[Fault, ...]
    healthy_runs: int
    jobs: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run of all probes, with one fault or none, in a process of its own."""

    fault: str
    root: Path
    bundled: bool


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What came of one trial; `broke` says why there is no run."""

    fault: str
    run: CanaryRun | None
    broke: str
    duration_ms: int


def default_jobs() -> int:
    """Trials at once that keep this machine's cores busy."""
    return max(2, (os.cpu_count() or 1) * _RUNS_PER_CORE)


def chosen_faults(ids: Sequence[str]) -> tuple[Fault, ...]:
    """The faults called `ids`; the whole catalogue when there is none.

    Raises:
        ProjectError: an id that the catalogue does not have.
    """
    unknown = [fault for fault in ids if fault not in FAULTS]
    if unknown:
        fix = f"use one of {', '.join(FAULTS)}"
        raise wrong_call("--only", f"unknown fault {', '.join(unknown)}", fix)
    return tuple(FAULTS[fault] for fault in dict.fromkeys(ids)) if ids else catalogue()


def run_matrix(plan: MatrixPlan, clock: Clock, on_trial: Callable[[TrialResult], None]) -> FaultMatrix:
    """Try every fault of `plan` and the healthy service; `on_trial` is told each as it ends."""
    started, started_at = clock.monotonic(), utc_text(clock.now())
    names = [HEALTHY] * plan.healthy_runs + [fault.id for fault in plan.faults]
    trials = [Trial(fault=name, root=plan.project.root, bundled=plan.project.bundled) for name in names]
    results = _run_trials(trials, plan.jobs, on_trial)
    healthy = [result for result in results if result.fault == HEALTHY]
    by_fault = {result.fault: result for result in results}
    return FaultMatrix(
        run_id=plan.run_id,
        faults=tuple(_fault_result(fault, by_fault[fault.id]) for fault in plan.faults),
        healthy_runs=len(healthy),
        healthy_alarms=tuple(alarm for result in healthy for alarm in alarms(result)),
        started_at=started_at,
        finished_at=utc_text(clock.now()),
        duration_ms=round((clock.monotonic() - started) * _MS),
    )


def _run_trials(
    trials: Sequence[Trial], jobs: int, on_trial: Callable[[TrialResult], None]
) -> list[TrialResult]:
    context = multiprocessing.get_context("spawn")
    results: list[TrialResult] = []
    workers = min(jobs, len(trials))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        futures: list[Future[TrialResult]] = [pool.submit(run_trial, trial) for trial in trials]
        try:
            for future in as_completed(futures):
                results.append(future.result())
                on_trial(results[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()  # what they found would not be recorded any more
            raise
    return results


def _end_with_parent() -> None:
    """End this worker when its parent is killed: nothing else would tell it, and it would stay for ever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def run_trial(trial: Trial) -> TrialResult:
    """Run all probes of the project once, with the trial's fault switched on."""
    from billing_canary.clock import SystemClock  # noqa: PLC0415 - a worker process makes its own

    clock = SystemClock()
    started = clock.monotonic()
    run, broke = None, ""
    try:
        run = _run_once(trial)
    except BillingCanaryError as error:
        broke = str(error)
    duration_ms = round((clock.monotonic() - started) * _MS)
    return TrialResult(fault=trial.fault, run=run, broke=broke, duration_ms=duration_ms)


def _run_once(trial: Trial) -> CanaryRun:
    faults = () if trial.fault == HEALTHY else (trial.fault,)
    with MockService(build_id="matrix", faults=faults) as service:
        project = Project(trial.root, "matrix", bundled=trial.bundled)
        probes = load_probes(project)
        target = connect_mock(project, service.environment(), f"matrix-{trial.fault}", Wishes())
        try:
            redact = Redactor(target.settings.all_secrets)
            return run_canary(target, CanaryPlan(mode="mock", probes=probes, redact=redact))
        finally:
            target.close()


def alarms(result: TrialResult) -> tuple[str, ...]:
    """What was not a pass: in a healthy service each of these is a false alarm."""
    if result.run is None:
        return (f"the run broke: {result.broke}",)
    found = [f"{p.id}: {p.reason}" for p in result.run.probes if p.status not in {Status.PASS, Status.SKIP}]
    found += [
        f"{c.id}: {c.detail}" for c in result.run.safety_checks if c.status not in {Status.PASS, Status.SKIP}
    ]
    return tuple(found or (result.run.notes if not result.run.probes else ()))


def reveals(result: TrialResult) -> tuple[tuple[str, str], ...]:
    """Probe id and claim of every failed claim that names the trial's own fault."""
    probes = result.run.probes if result.run is not None else ()
    return tuple((p.id, row.claim) for p in probes for row in p.failed_claims if result.fault in row.reveals)


def _fault_result(fault: Fault, result: TrialResult) -> FaultResult:
    found = reveals(result)
    probes = result.run.probes if result.run is not None else ()
    return FaultResult(
        id=fault.id,
        title=fault.title,
        caught=bool(found),
        by=tuple(dict.fromkeys(probe for probe, _ in found)),
        claims=tuple(dict.fromkeys(claim for _, claim in found)),
        statuses={probe.id: probe.status.value for probe in probes},
        duration_ms=result.duration_ms,
    )

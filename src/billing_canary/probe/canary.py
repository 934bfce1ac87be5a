"""One canary run against a ready target: plan, prove the sandbox, ask for health, run the probes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from billing_canary.clock import utc_text
from billing_canary.errors import RefusedError
from billing_canary.model import CanaryRun, HealthCheck, ProbeResult, Status
from billing_canary.money import Money
from billing_canary.probe.registry import Probe
from billing_canary.probe.runner import ProbeRunner, planned_spend, skip_reason
from billing_canary.redact import Redactor
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.stripe_provider import ProviderError
from billing_canary.target.target import Target

WORKERS = 40
_MS = 1000


def _ignore(_: object) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Who is told what happens: the planned spend before the first call, each result as it comes."""

    planned: Callable[[tuple[Money, ...]], None] = _ignore
    result: Callable[[ProbeResult], None] = _ignore


@dataclass(frozen=True, kw_only=True)
class CanaryPlan:
    """What to run.

    Attributes:
        workers: probes at once where they may run side by side.
        require_sandbox: run only after the provider itself has said that it is in test mode.
    """

    mode: str
    probes: Sequence[Probe]
    redact: Redactor
    workers: int = WORKERS
    require_sandbox: bool = True
    progress: Progress = field(default_factory=Progress)


def run_canary(target: Target, plan: CanaryPlan) -> CanaryRun:
    """Everything that one run saw. A refusal by the guard is part of the result, not an exception."""
    clock = target.clock
    started, started_at = clock.monotonic(), utc_text(clock.now())
    notes: list[str] = []
    health = HealthCheck(status=Status.INCONCLUSIVE, detail="not asked: the guard refused the run")
    results: tuple[ProbeResult, ...] = ()
    try:
        _plan_spend(target, plan)
        health = _check_health(target)
        if health.status is not Status.FAIL:
            if plan.require_sandbox:
                _prove_sandbox(target)
            results = _run_probes(target, plan)
        else:
            notes.append("The target is not healthy or not reachable, so no probe was run")
    except RefusedError as refusal:
        notes.append(f"The guard refused the run: {plan.redact(str(refusal))}")
    return CanaryRun(
        run_id=target.run_id,
        mode=plan.mode,
        target=target.settings.name,
        health_check=health,
        safety_checks=target.guard.safety_checks(),
        probes=results,
        spend=target.guard.spend(),
        started_at=started_at,
        finished_at=utc_text(clock.now()),
        duration_ms=round((clock.monotonic() - started) * _MS),
        notes=tuple(notes),
    )


def _plan_spend(target: Target, plan: CanaryPlan) -> None:
    runnable = [probe for probe in plan.probes if not skip_reason(probe, target, plan.mode)]
    planned = target.guard.plan(money for probe in runnable for money in planned_spend(probe, target))
    plan.progress.planned(planned)


def _check_health(target: Target) -> HealthCheck:
    if Operation.READ_HEALTH not in target.settings.operations:
        return HealthCheck(status=Status.SKIP, detail="the target maps no read_health")
    try:
        answer = target.backend.health()
    except UnexpectedAnswerError as error:
        return HealthCheck(status=Status.FAIL, detail=str(error))
    status = Status.PASS if answer.outcome is Outcome.OK else Status.FAIL
    return HealthCheck(status=status, detail=str(answer))


def _prove_sandbox(target: Target) -> None:
    if target.provider is None:
        return
    try:
        target.provider.prove_sandbox()
    except ProviderError as error:
        target.guard.prove_sandbox(livemode=f"nothing ({error.code})")


def _run_probes(target: Target, plan: CanaryPlan) -> tuple[ProbeResult, ...]:
    runner = ProbeRunner(
        target=target,
        mode=plan.mode,
        redact=plan.redact,
        workers=plan.workers,
        on_result=plan.progress.result,
    )
    return runner.run(plan.probes)

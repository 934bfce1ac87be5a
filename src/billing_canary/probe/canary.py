"""One canary run against a ready target: plan, prove the sandbox, ask for health, run the probes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from billing_canary.clock import utc_text
from billing_canary.errors import RefusedError
from billing_canary.model import CanaryRun, HealthCheck, ProbeResult, Status
from billing_canary.money import Money
from billing_canary.probe.account_log import AccountLog, NoAccountLog
from billing_canary.probe.connectivity import Network, runner_network
from billing_canary.probe.refused import NOT_ASKED, refusal_note
from billing_canary.probe.registry import Probe, own_servers
from billing_canary.probe.runner import ProbeRunner, planned_spend, skip_reason
from billing_canary.probe.sweep import sweep
from billing_canary.redact import Redactor
from billing_canary.target.operations import Operation, Outcome, UnexpectedAnswerError
from billing_canary.target.stripe_provider import ProviderError
from billing_canary.target.target import Target

WORKERS = 40
_MS = 1000
_NOT_PROBED = {
    Status.FAIL: "The target is not healthy or not reachable, so no probe was run",
    Status.INCONCLUSIVE: "Whether the target is at fault cannot be told, so no probe was run",
}


def _ignore(_: object) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Who is told what happens: the planned spend before the first call, each account, each result."""

    planned: Callable[[tuple[Money, ...]], None] = _ignore
    result: Callable[[ProbeResult], None] = _ignore
    accounts: AccountLog = field(default_factory=NoAccountLog)


@dataclass(frozen=True, kw_only=True)
class CanaryPlan:
    """What to run.

    Attributes:
        mode: where the servers are not the run's own, it is shown that the runner has network, a provider
            is demanded, and probes that move money run one after the other.
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
    health = NOT_ASKED
    results: tuple[ProbeResult, ...] = ()
    try:
        _plan_spend(target, plan)
        health = check_health(target, Network.PRESENT if own_servers(plan.mode) else runner_network(target))
        if health.status in {Status.PASS, Status.SKIP}:
            if plan.require_sandbox:
                prove_sandbox(target, plan.mode)
            results = _run_probes(target, plan)
            if not own_servers(plan.mode):
                sweep(target, clock.now() - (clock.monotonic() - started))
        else:
            notes.append(_NOT_PROBED[health.status])
    except RefusedError as refusal:
        notes.append(refusal_note(refusal, plan.redact))
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
    runnable = [probe for probe in plan.probes if not skip_reason(probe, target.settings, plan.mode)]
    planned = target.guard.plan(
        money for probe in runnable for money in planned_spend(probe, target.settings)
    )
    plan.progress.planned(planned)


def check_health(target: Target, network: Network) -> HealthCheck:
    """The target's own word. One that does not answer is at fault only where the runner has network.

    Raises:
        RefusedError: the guard forbids to ask.
    """
    if network is Network.ABSENT:
        asked = ", ".join(target.settings.connectivity)
        detail = f"not asked: the runner reaches none of {asked}, so it has no network"
        return HealthCheck(status=Status.INCONCLUSIVE, detail=detail)
    if Operation.READ_HEALTH not in target.settings.operations:
        return HealthCheck(status=Status.SKIP, detail="the target maps no read_health")
    try:
        answer = target.backend.health()
    except UnexpectedAnswerError as error:
        return _silent(str(error), network)
    if answer.outcome is Outcome.UNANSWERED:
        return _silent(str(answer), network)
    status = Status.PASS if answer.outcome is Outcome.OK else Status.FAIL
    return HealthCheck(status=status, detail=str(answer))


def _silent(observed: str, network: Network) -> HealthCheck:
    if network is Network.PRESENT:
        return HealthCheck(status=Status.FAIL, detail=observed)
    detail = f"{observed}; whether the runner has network at all is not known: connectivity names no URL"
    return HealthCheck(status=Status.INCONCLUSIVE, detail=detail)


def prove_sandbox(target: Target, mode: str) -> None:
    """Ask the provider itself for its mode; without a provider only servers of the run's own are trusted.

    Raises:
        RefusedError: there is no proof.
    """
    if target.provider is None:
        if not own_servers(mode):
            target.guard.prove_sandbox(livemode="nothing: the target names no provider")
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
        accounts=plan.progress.accounts,
    )
    return runner.run(plan.probes)

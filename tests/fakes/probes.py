"""Probes made in a test, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billing_canary.model import ProbeResult, Severity
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.registry import MODES, Phase, Probe, Spends
from billing_canary.probe.runner import ProbeRunner
from billing_canary.redact import Redactor
from billing_canary.target.operations import Operation
from billing_canary.target.target import Target

Function = Callable[[ProbeContext], None]


def make_probe(  # noqa: PLR0913 - a probe's declaration is this list
    name: str,
    run: Function,
    *,
    needs: Sequence[Operation] = (),
    payments: int = 0,
    currency: str | None = None,
    phase: Phase = Phase.TOGETHER,
    modes: tuple[str, ...] = MODES,
) -> Probe:
    """A critical probe called `test.<name>`."""
    return Probe(
        id=f"test.{name}",
        title=f"{name} works",
        surface="test",
        severity=Severity.CRITICAL,
        owner="billing",
        needs=tuple(needs),
        spends=Spends(payments=payments, currency=currency),
        phase=phase,
        modes=modes,
        run=run,
    )


def fine(run: ProbeContext) -> None:
    """A probe that holds."""
    run.expect("One is one", 1, equals=1)


def run_probes(
    target: Target, *probes: Probe, workers: int = 8, mode: str = "mock"
) -> dict[str, ProbeResult]:
    """Run `probes`; results by name, in the order in which the runner gives them back."""
    runner = ProbeRunner(
        target=target,
        mode=mode,
        redact=Redactor(["tok-0-secret"]),
        workers=workers,
        on_result=lambda _: None,
    )
    return {result.id.removeprefix("test."): result for result in runner.run(probes)}

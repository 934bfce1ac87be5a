"""The run that the guard refused before there was a target to ask."""

from __future__ import annotations

from billing_canary.clock import Clock, utc_text
from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.model import CanaryRun, HealthCheck, Status
from billing_canary.redact import Redactor

NOT_ASKED = HealthCheck(status=Status.INCONCLUSIVE, detail="not asked: the guard refused the run")


def refusal_note(refusal: RefusedError, redact: Redactor) -> str:
    """Why a run has no results, in one sentence."""
    return f"The guard refused the run: {redact(str(refusal))}"


def refused_run(  # noqa: PLR0913 - what a run is made of
    refusal: RefusedError,
    guard: Guard,
    *,
    run_id: str,
    mode: str,
    target: str,
    redact: Redactor,
    clock: Clock,
) -> CanaryRun:
    """A run without a result; `guard` has recorded `refusal`. Nothing was sent."""
    now = utc_text(clock.now())
    return CanaryRun(
        run_id=run_id,
        mode=mode,
        target=target,
        health_check=NOT_ASKED,
        safety_checks=guard.safety_checks(),
        probes=(),
        spend=guard.spend(),
        started_at=now,
        finished_at=now,
        duration_ms=0,
        notes=(refusal_note(refusal, redact),),
    )

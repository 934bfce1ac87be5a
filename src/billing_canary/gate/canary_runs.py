"""Rules `canary-failed` and `canary-stale`: what our own canary runs say, and whether they still say it."""

from __future__ import annotations

from billing_canary.gate.trigger_finding import Finding, seconds_from, whole
from billing_canary.reading import Reading, RunSeen
from billing_canary.rollback import RollbackEvidence, Trigger, TriggerState
from billing_canary.verdict import Status

_VERIFIED = "verified"
_VOID = "invalidated"
"""Somebody declared the run void in the audit log: it counts neither for nor against."""

_CLOCKS_DIFFER_S = 300
"""A run that ended later than this after the judgement cannot be: a clock is wrong."""

_RUN_ONE = "run one with 'billing-canary probe'"


def canary_failed(_trigger: Trigger, reading: Reading, _evidence: RollbackEvidence) -> Finding:
    """Fired when the newest run failed; a newest one that cannot be trusted says nothing of the product."""
    limit = "the newest canary run must not fail"
    runs = sorted((run for run in reading.runs if run.state != _VOID), key=lambda run: run.started_at)
    if not runs:
        return _never(limit)
    newest = runs[-1]
    if newest.state != _VERIFIED:
        return Finding(
            state=TriggerState.ERROR,
            reason=f"the newest run is {newest.state}{_because(newest)}",
            measured=newest.run_id,
            limit=limit,
            fix=f"see 'billing-canary runs verify {newest.run_id}', then {_RUN_ONE}",
        )
    passed = [run.overall_status == Status.PASS for run in runs if run.state == _VERIFIED]
    return Finding(
        state=_STATES.get(newest.overall_status, TriggerState.INSUFFICIENT_DATA),
        reason=f"the newest run came to {newest.overall_status}{_because(newest)}",
        measured=f"{newest.run_id}: {newest.overall_status}",
        limit=limit,
        fix="" if newest.overall_status == Status.PASS else f"see its report; {_RUN_ONE} when it is mended",
        recovered=passed[-2:] == [True, True],
    )


_STATES = {Status.PASS.value: TriggerState.CLEAR, Status.FAIL.value: TriggerState.FIRED}


def canary_stale(trigger: Trigger, reading: Reading, evidence: RollbackEvidence) -> Finding:
    """Stale when no run that can be trusted ended within the last two intervals.

    Raises:
        ValueError: the end of a run is no instant.
    """
    interval = whole(trigger, "interval_s")
    limit = f"at most {2 * interval} s since the last verified run"
    ages = [seconds_from(run.finished_at, evidence.judged_at) for run in _verified(reading)]
    if not ages:
        return _never(limit)
    age = min(ages)
    if age < -_CLOCKS_DIFFER_S:
        reason = f"the newest run ended {-age:.0f} s after this judgement"
        return Finding(state=TriggerState.ERROR, reason=reason, limit=limit, fix="set the clocks right")
    late = age > 2 * interval
    return Finding(
        state=TriggerState.STALE if late else TriggerState.CLEAR,
        reason=f"the last verified run ended {age:.0f} s ago",
        measured=f"{age:.0f} s",
        limit=limit,
        fix=f"see why the canary no longer runs; {_RUN_ONE}" if late else "",
        recovered=not late,
    )


def _verified(reading: Reading) -> list[RunSeen]:
    return [run for run in reading.runs if run.state == _VERIFIED]


def _never(limit: str) -> Finding:
    return Finding(
        state=TriggerState.INSUFFICIENT_DATA,
        reason="there is no canary run that tells anything",
        limit=limit,
        fix=_RUN_ONE,
    )


def _because(run: RunSeen) -> str:
    return f": {run.reason}" if run.reason else ""

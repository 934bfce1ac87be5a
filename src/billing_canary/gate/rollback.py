"""Roll back or hold: every trigger by its rule, what fired earlier, and the recommendation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from billing_canary.gate.canary_runs import canary_failed, canary_stale
from billing_canary.gate.failure_ratio import failure_ratio
from billing_canary.gate.incidents import incident
from billing_canary.gate.levels import backlog, repeated
from billing_canary.gate.rearm import remembered
from billing_canary.gate.success_rate import success_rate
from billing_canary.gate.trigger_finding import Finding
from billing_canary.reading import Outcome, Reading
from billing_canary.rollback import (
    Recommendation,
    RollbackEvidence,
    RollbackPolicy,
    Trigger,
    TriggerResult,
    TriggerRule,
    TriggerState,
)
from billing_canary.verdict import Status

HOLD, ROLLBACK, UNKNOWN = "hold", "rollback", "unknown"

STATUSES: Mapping[str, Status] = {
    HOLD: Status.PASS,
    ROLLBACK: Status.FAIL,
    UNKNOWN: Status.INCONCLUSIVE,
}
"""The overall status of each verdict, for lists of runs and for exit codes."""

Rule = Callable[[Trigger, Reading, RollbackEvidence], Finding]

RULES: Mapping[TriggerRule, Rule] = {
    TriggerRule.CANARY_FAILED: canary_failed,
    TriggerRule.CANARY_STALE: canary_stale,
    TriggerRule.SUCCESS_RATE: success_rate,
    TriggerRule.FAILURE_RATIO: failure_ratio,
    TriggerRule.BACKLOG: backlog,
    TriggerRule.REPEATED: repeated,
    TriggerRule.INCIDENT: incident,
}
"""One rule for each kind of trigger."""

_TELL_OF_NONE = frozenset({TriggerRule.CANARY_FAILED, TriggerRule.CANARY_STALE})
"""Rules that say in their own words that there is nothing."""

_WORST_FIRST = (
    TriggerState.FIRED,
    TriggerState.ERROR,
    TriggerState.STALE,
    TriggerState.INSUFFICIENT_DATA,
)


def judge(policy: RollbackPolicy, evidence: RollbackEvidence) -> Recommendation:
    """The recommendation that follows from the evidence alone.

    One trigger fired is `rollback`. None fired, but one that is not clear, or no trigger at all, is
    `unknown`: nobody knows that all is well.
    """
    results = tuple(_result(trigger, evidence) for trigger in policy.triggers)
    return Recommendation(
        verdict=_verdict({result.state for result in results}),
        judged_at=evidence.judged_at,
        triggers=results,
        reasons=_reasons(results),
    )


def _verdict(states: set[TriggerState]) -> str:
    if TriggerState.FIRED in states:
        return ROLLBACK
    return HOLD if states == {TriggerState.CLEAR} else UNKNOWN


def _reasons(results: tuple[TriggerResult, ...]) -> tuple[str, ...]:
    if not results:
        return ("no trigger is configured: nothing was looked at",)
    told = [result for state in _WORST_FIRST for result in results if result.state is state]
    if not told:
        return (f"all {len(results)} triggers are clear",)
    return tuple(f"{result.id} {result.state}: {result.reason}" for result in told)


def _result(trigger: Trigger, evidence: RollbackEvidence) -> TriggerResult:
    reading = evidence.readings.get(trigger.id)
    finding = _finding(trigger, reading, evidence)
    result = TriggerResult(
        id=trigger.id,
        title=trigger.title,
        state=finding.state,
        rule=str(trigger.rule),
        measured=finding.measured,
        limit=finding.limit,
        evidence=f"readings.json, {trigger.id} from {trigger.source}",
        reason=finding.reason,
        fix=finding.fix,
    )
    firing = next((one for one in evidence.earlier if one.trigger == trigger.id), None)
    told = remembered(result, firing, evidence, recovered=finding.recovered)
    why = f"{told.reason}. {trigger.why}" if told.state is TriggerState.FIRED and trigger.why else told.reason
    return replace(told, reason=why)


def _finding(trigger: Trigger, reading: Reading | None, evidence: RollbackEvidence) -> Finding:
    if reading is None:
        return Finding(state=TriggerState.ERROR, reason="its source was not asked", fix="run it again")
    if reading.outcome is Outcome.FAILED:
        return Finding(
            state=TriggerState.ERROR,
            reason=f"{reading.source} could not be asked: {reading.problem}",
            fix=f"mend the source, or switch the trigger off with a reason ({trigger.place})",
        )
    if reading.outcome is Outcome.EMPTY and trigger.rule not in _TELL_OF_NONE:
        return Finding(
            state=TriggerState.INSUFFICIENT_DATA,
            reason=f"{reading.source} has nothing{_because(reading)}; that is no zero",
            fix="see what the query of this trigger answers; health must be a row of its answer",
        )
    try:
        return RULES[trigger.rule](trigger, reading, evidence)
    except (ValueError, ArithmeticError) as error:
        reason = f"the answer of {reading.source} cannot be used: {error}"
        return Finding(state=TriggerState.ERROR, reason=reason, fix="see readings.json of this run")


def _because(reading: Reading) -> str:
    return f": {reading.problem}" if reading.problem else ""

"""A trigger that fired stays fired until the numbers recover and somebody, or a new release, clears it."""

from __future__ import annotations

from dataclasses import replace

from billing_canary.rollback import EarlierFiring, RollbackEvidence, TriggerResult, TriggerState


def remembered(
    result: TriggerResult, earlier: EarlierFiring | None, evidence: RollbackEvidence, *, recovered: bool
) -> TriggerResult:
    """`result` in the light of an earlier firing.

    Args:
        result: what the rule alone says now.
        earlier: the firing that was not re-armed since, if there is one.
        evidence: when and of what this is judged.
        recovered: whether the numbers are good enough to re-arm it.
    """
    if result.state is TriggerState.FIRED:
        return replace(result, firing=_fired_now(result, earlier, evidence))
    if earlier is None:
        return result
    if recovered and earlier.cleared_by:
        return replace(result, reason=f"{result.reason}; re-armed, cleared by {earlier.cleared_by}")
    why = "nobody has cleared it" if recovered else f"not shown to have recovered: {result.reason}"
    return replace(
        result,
        state=TriggerState.FIRED,
        reason=f"fired at {earlier.fired_at} (run {earlier.run_id}) and stays fired: {why}",
        fix=result.fix if not recovered else _clear(result.id),
        firing=earlier,
    )


def _fired_now(
    result: TriggerResult, earlier: EarlierFiring | None, evidence: RollbackEvidence
) -> EarlierFiring:
    return EarlierFiring(
        trigger=result.id,
        run_id=evidence.run_id,
        fired_at=evidence.judged_at,
        commit=evidence.commit,
        since=evidence.judged_at if earlier is None else earlier.since,
    )


def _clear(trigger: str) -> str:
    return f"billing-canary triggers --clear {trigger} --by NAME --reason TEXT"

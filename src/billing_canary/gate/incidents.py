"""Rule `incident`: an open incident that is severe and touches billing."""

from __future__ import annotations

from billing_canary.gate.trigger_finding import Finding, whole
from billing_canary.reading import IncidentSeen, Reading
from billing_canary.rollback import RollbackEvidence, Trigger, TriggerState


def incident(trigger: Trigger, reading: Reading, _evidence: RollbackEvidence) -> Finding:
    """Fired while an incident with billing impact is open whose severity is at or above the policy's."""
    least = whole(trigger, "max_severity")
    severe = [seen for seen in reading.incidents if seen.open and seen.billing and seen.severity <= least]
    open_now = sum(seen.open for seen in reading.incidents)
    return Finding(
        state=TriggerState.FIRED if severe else TriggerState.CLEAR,
        reason="; ".join(map(_named, severe)) or f"none of {open_now} open incidents is both",
        measured=f"{len(severe)} of {open_now} open",
        limit=f"no open Sev-{least} or worse with billing impact",
        recovered=not severe,
    )


def _named(seen: IncidentSeen) -> str:
    return f"Sev-{seen.severity} {seen.id} ({seen.title}), open since {seen.opened_at}"

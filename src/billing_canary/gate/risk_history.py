"""Whether the surface of a change had billing incidents before, as the audit log tells it."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_canary.audit.views import Incident, incident_details
from billing_canary.release import ReleaseEvidence
from billing_canary.risk import Fact, RiskPolicy, derived, stated, unknown


def past_incidents(policy: RiskPolicy, evidence: ReleaseEvidence, logic: Fact[bool]) -> Fact[int]:
    """How many billing incidents the touched surface had; 0 where `logic` says that no billing is touched.

    An open incident counts, and one that was last heard of within the policy's days.
    """
    if logic.value is False:
        return derived(0, "the change touches no billing surface")
    if evidence.log.problems or evidence.rewritten:
        # No statement answers this: it would be what a forger of the log hopes for.
        return unknown("the audit log cannot be trusted")
    found = _recorded(policy, evidence)
    said = policy.stated.past_incidents
    if said is None or (found.value is not None and found.value >= said):
        return found
    return stated(said, f"{said} in [stated] of gates/risk.toml")


def _recorded(policy: RiskPolicy, evidence: ReleaseEvidence) -> Fact[int]:
    if not evidence.log.entries:
        return unknown("the audit log has no entries, so it tells of no history")
    since = datetime.fromisoformat(evidence.decided_at) - timedelta(days=policy.incident_days)
    named = [each.id for each in incident_details(evidence.log) if each.billing and _counts(each, since)]
    words = f"{len(named)} in {policy.incident_days} days in the audit log"
    return derived(len(named), f"{words}: {', '.join(named)}" if named else words)


def _counts(incident: Incident, since: datetime) -> bool:
    return incident.open or datetime.fromisoformat(incident.updated_at) >= since

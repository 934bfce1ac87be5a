"""The report of one evaluation of the rollback triggers, and how it stands in JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.head import ReportHead, closing, opening, read_head
from billing_canary.artifact.previous import PreviousRun
from billing_canary.artifact.trigger_readings import firing_of
from billing_canary.rollback import DisabledTrigger, Recommendation, TriggerResult, TriggerState
from billing_canary.verdict import Status, Verdict

KIND = "billing-triggers"

ROLLBACK_STEPS = (
    "Freeze the deploy pipeline and announce it in the incident channel.",
    "Revert to the last known-good release image or tag.",
    "Run the canary workflow and the synthetic staging probe again.",
    "Confirm the billing critical suite on the rollback candidate.",
    "Resume traffic only after all checks are green and the incident commander approves.",
)
"""The minimal procedure of the release runbook."""

_NEXT = {
    "rollback": ROLLBACK_STEPS,
    "hold": ("Nothing: keep what is running, and evaluate again within a window.",),
    "unknown": ("Do what each unclear trigger asks for: until then nobody knows whether to roll back.",),
}


@dataclass(frozen=True, kw_only=True)
class TriggersReport:
    """Everything that the report says; the renderers take this and nothing else.

    Attributes:
        verdict: the recommendation as an overall status, for lists of runs.
        running: the commit that was running, as far as it is known.
        since: start (RFC 3339 UTC) of the unbroken series of evaluations with this verdict; for a rollback,
            when the first of the triggers fired.
    """

    head: ReportHead
    run_id: str
    recommendation: Recommendation
    verdict: Verdict
    running: str | None
    disabled: tuple[DisabledTrigger, ...]
    notes: tuple[str, ...]
    since: str
    previous: PreviousRun | None
    started_at: str
    finished_at: str
    duration_ms: int

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do now, in order."""
        return _NEXT[self.recommendation.verdict]


def triggers_document(report: TriggersReport) -> dict[str, Any]:
    """`report` as the document of `triggers.json` (schema "triggers-report")."""
    told = report.recommendation
    return {
        **opening(report.head, report.run_id, report.verdict),
        "verdict": told.verdict,
        "judged_at": told.judged_at,
        "running_commit": report.running,
        "triggers": [{**asdict(trigger), "state": str(trigger.state)} for trigger in told.triggers],
        "disabled": [asdict(trigger) for trigger in report.disabled],
        "next_steps": list(report.next_steps),
        "notes": list(report.notes),
        "since": report.since,
        "previous": None
        if report.previous is None
        else {**asdict(report.previous), "changes": list(report.previous.changes)},
        **closing(report.head, report.started_at, report.finished_at, report.duration_ms),
    }


def read_triggers_report(document: Mapping[str, Any]) -> TriggersReport:
    """The report in `document`, which may come from outside.

    Raises:
        EvidenceError: it is not what the schema "triggers-report" asks for.
    """
    schema.validate(document, "triggers-report")
    reasons = tuple(document["reasons"])
    before = document["previous"]
    return TriggersReport(
        head=read_head(document),
        run_id=document["run_id"],
        recommendation=Recommendation(
            verdict=document["verdict"],
            judged_at=document["judged_at"],
            triggers=tuple(map(_trigger, document["triggers"])),
            reasons=reasons,
        ),
        verdict=Verdict(overall_status=Status(document["overall_status"]), reasons=reasons),
        running=document["running_commit"],
        disabled=tuple(map(_disabled, document["disabled"])),
        notes=tuple(document["notes"]),
        since=document["since"],
        previous=None if before is None else PreviousRun(**{**before, "changes": tuple(before["changes"])}),
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        duration_ms=document["duration_ms"],
    )


def _trigger(document: Mapping[str, Any]) -> TriggerResult:
    firing = document["firing"]
    return TriggerResult(
        id=document["id"],
        title=document["title"],
        state=TriggerState(document["state"]),
        rule=document["rule"],
        measured=document["measured"],
        limit=document["limit"],
        evidence=document["evidence"],
        reason=document["reason"],
        fix=document["fix"],
        firing=None if firing is None else firing_of(firing),
    )


def _disabled(document: Mapping[str, Any]) -> DisabledTrigger:
    return DisabledTrigger(
        id=document["id"], title=document["title"], reason=document["reason"], owner=document["owner"]
    )

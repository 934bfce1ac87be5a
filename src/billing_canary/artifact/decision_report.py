"""The report of a decision: what was decided, from what, and how it stands in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.head import ReportHead, closing, opening, read_head
from billing_canary.artifact.plain_values import from_plain
from billing_canary.release import Decision, ItemResult, RiskScore
from billing_canary.verdict import Status, Verdict

KIND = "billing-decisions"
MODE = "decision"
"""What stands under `mode` in the bundle of a decision."""


@dataclass(frozen=True, kw_only=True)
class DecisionReport:
    """Everything that the report says; the renderers take this and nothing else.

    Attributes:
        head: its commit is the candidate, which need not be checked out; `dirty` is None.
        title: the policy's.
        log_head: digest of the audit log's last entry; a later log must go on from it.
        since: start (RFC 3339 UTC) of the first of the unbroken series of such verdicts on this commit.
    """

    head: ReportHead
    run_id: str
    title: str
    environment: str
    decision: Decision
    log_head: str
    since: str
    started_at: str
    finished_at: str
    duration_ms: int
    missing_count: int = 0

    @property
    def verdict(self) -> Verdict:
        """The verdict as every kind of run has one."""
        return verdict_of(self.decision)


def verdict_of(decision: Decision) -> Verdict:
    """GO as a pass and NO-GO as a failure, with the blockers as its reasons."""
    if decision.blockers or decision.verdict != "GO":
        reasons = decision.blockers or ("no reason is recorded",)
        return Verdict(overall_status=Status.FAIL, reasons=reasons)
    count = sum(item.required for item in decision.items)
    return Verdict(overall_status=Status.PASS, reasons=(f"all {count} required items are green",))


def decision_document(report: DecisionReport) -> dict[str, Any]:
    """`report` as the document of `decision.json` (schema "decision")."""
    decision = report.decision
    return {
        **opening(report.head, report.run_id, report.verdict),
        "verdict": decision.verdict,
        "title": report.title,
        "environment": report.environment,
        "decided_at": decision.decided_at,
        "items": [asdict(item) for item in decision.items],
        "blockers": list(decision.blockers),
        "risk": {**asdict(decision.risk), "factors": [asdict(factor) for factor in decision.risk.factors]},
        "cites": list(decision.cites),
        "log_head": report.log_head,
        "since": report.since,
        **closing(report.head, report.started_at, report.finished_at, report.duration_ms),
    }


def read_decision_report(document: Mapping[str, Any]) -> DecisionReport:
    """The report in `document`, which may come from outside.

    Raises:
        EvidenceError: it is not what the schema "decision" asks for.
    """
    schema.validate(document, "decision")
    return DecisionReport(
        head=read_head(document),
        run_id=document["run_id"],
        title=document["title"],
        environment=document["environment"],
        decision=_decision(document),
        log_head=document["log_head"],
        since=document["since"],
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        duration_ms=document["duration_ms"],
        missing_count=document["missing_count"],
    )


def _decision(document: Mapping[str, Any]) -> Decision:
    items = document["items"]
    return Decision(
        verdict=document["verdict"],
        commit=document["commit"],
        decided_at=document["decided_at"],
        items=tuple(from_plain(ItemResult, item, f"$.items[{at}]") for at, item in enumerate(items)),
        blockers=tuple(document["blockers"]),
        risk=from_plain(RiskScore, document["risk"], "$.risk"),
        cites=tuple(document["cites"]),
    )

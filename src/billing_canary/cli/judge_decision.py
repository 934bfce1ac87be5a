"""A decision from its evidence alone: when it is made, and whenever it is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_canary.artifact.decision_evidence import RISK_COPY, Judged, read_evidence
from billing_canary.artifact.decision_report import read_decision_report, verdict_of
from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.gate.release import judge, judge_items
from billing_canary.gate.risk import judge_risk
from billing_canary.gate.risk_facts import facts_from
from billing_canary.release import Decision
from billing_canary.risk import RiskPolicy
from billing_canary.risk_policy import read_risk_policy
from billing_canary.verdict import Verdict


def judge_decision(judged: Judged, risk_policy: RiskPolicy) -> Decision:
    """The decision that follows from policy and evidence, with its risk beside it."""
    items = judge_items(judged.policy, judged.evidence)
    facts = facts_from(risk_policy, judged.policy, judged.evidence, items)
    return judge(judged.policy, judged.evidence, judge_risk(risk_policy, facts))


def decision_verdicts(folder: Path, document: Mapping[str, Any]) -> tuple[Verdict, Verdict]:
    """The recorded verdict of the decision in `folder`, and the one that its evidence leads to.

    Raises:
        EvidenceError: its evidence cannot be read, or leads to other items, risk or citations.
    """
    report, judged = read_decision_report(document), read_evidence(folder)
    try:
        risk_policy = read_risk_policy(folder / RISK_COPY, RISK_COPY)
    except ProjectError as error:
        raise EvidenceError(str(error)) from None
    again = judge_decision(judged, risk_policy)
    if report.verdict == verdict_of(again) and report.decision != again:
        raise EvidenceError("items, risk or citations are not what the recorded evidence leads to")
    if report.log_head != judged.evidence.log.head:
        raise EvidenceError("log_head is not the head of the recorded audit log")
    return report.verdict, verdict_of(again)

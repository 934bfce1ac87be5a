"""Judging a recorded run again: its verdict must follow from the evidence in its bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from billing_canary.artifact.canary_reading import read_canary_report
from billing_canary.artifact.faults_reading import read_faults_report
from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.reader import read_final
from billing_canary.artifact.tier_reading import read_tier_report
from billing_canary.artifact.verify import BundleState, Fault, FileProblem, Verification
from billing_canary.errors import EvidenceError
from billing_canary.gate import canary, faults, tier
from billing_canary.model import Verdict, worst


def verdict_problem(folder: Path, check: Verification) -> Verification:
    """`check`, turned to damaged when the recorded verdict is better than its evidence supports.

    A worse one is no contradiction: the run may have known of something that it did not record.
    """
    try:
        recorded, judged = _verdicts(folder)
    except EvidenceError as error:
        return _damaged(folder, check, Fault.UNREADABLE, str(error))
    if worst((recorded.overall_status, judged.overall_status)) is recorded.overall_status:
        return check
    detail = f"says {recorded.overall_status}, but its evidence says {judged.overall_status}: "
    return _damaged(folder, check, Fault.INCONSISTENT, f"{detail}{judged.reasons[0]}")


def _verdicts(folder: Path) -> tuple[Verdict, Verdict]:
    """The recorded verdict, and the one that the gate reaches from the same bundle."""
    document = read_final(folder).document
    missing = document["missing_count"]
    if folder.parent.name == "billing-faults":
        matrix = read_faults_report(document)
        return matrix.verdict, faults.judge(matrix.matrix, missing_count=missing)
    if folder.parent.name == "billing-confidence":
        summary = read_tier_report(document)
        return summary.verdict, tier.judge(summary.run, missing_count=missing)
    if folder.parent.name == "billing-triggers":
        from billing_canary.cli.rejudge_triggers import triggers_verdicts

        return triggers_verdicts(folder, document)
    if folder.parent.name == "billing-decisions":
        from billing_canary.cli.judge_decision import decision_verdicts

        return decision_verdicts(folder, document)
    report = read_canary_report(document)
    run = report.run
    judged = canary.judge(
        probes=run.probes,
        safety_checks=run.safety_checks,
        health_check=run.health_check,
        missing_count=missing,
        not_run="; ".join(run.notes),
    )
    return report.verdict, judged


def _damaged(folder: Path, check: Verification, problem: Fault, detail: str) -> Verification:
    found = FileProblem(path=KINDS[folder.parent.name].final, problem=problem, detail=detail)
    return replace(check, state=BundleState.DAMAGED, problems=(*check.problems, found))

"""Judging an evaluation of the triggers again, from the readings and the policy in its bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_canary.artifact.trigger_readings import read_readings
from billing_canary.artifact.triggers_report import read_triggers_report
from billing_canary.cli.triggers_run import POLICY_COPY
from billing_canary.errors import EvidenceError, ProjectError
from billing_canary.gate.rollback import STATUSES, judge
from billing_canary.rollback import Recommendation
from billing_canary.telemetry.rollback_policy import read_rollback_policy
from billing_canary.verdict import Verdict


def triggers_verdicts(folder: Path, document: Mapping[str, Any]) -> tuple[Verdict, Verdict]:
    """The recorded verdict of the evaluation in `folder`, and the one that its readings lead to.

    Raises:
        EvidenceError: its readings or its policy cannot be read, or lead to other states or firings: the
            next evaluation starts from those.
    """
    report, evidence = read_triggers_report(document), read_readings(folder).evidence
    if evidence.run_id != folder.name:
        raise EvidenceError(f"the readings are of run {evidence.run_id}")
    try:
        policy = read_rollback_policy(folder / POLICY_COPY, POLICY_COPY).policy
    except ProjectError as error:
        raise EvidenceError(str(error)) from None
    again, told = judge(policy, evidence), report.recommendation
    if _decisive(told) != _decisive(again):
        raise EvidenceError("states or firings are not what the recorded readings lead to")
    if report.verdict.overall_status is not STATUSES[told.verdict]:
        raise EvidenceError(f"overall_status is {report.verdict.overall_status}, but verdict {told.verdict}")
    return report.verdict, Verdict(overall_status=STATUSES[again.verdict], reasons=again.reasons)


def _decisive(told: Recommendation) -> list[object]:
    """What others rely on; words may differ from version to version."""
    return [told.verdict, told.judged_at, *((one.id, one.state, one.firing) for one in told.triggers)]

"""The detection matrix as a document: which known faults the probes notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.artifact.head import ReportHead, closing, opening
from billing_canary.model import FaultMatrix, FaultResult, Verdict


@dataclass(frozen=True, kw_only=True)
class FaultsReport:
    """Everything that the report about fault detection says."""

    head: ReportHead
    matrix: FaultMatrix
    verdict: Verdict


def faults_document(report: FaultsReport) -> dict[str, Any]:
    """`report` as the document of `faults.json` (schema "faults-report")."""
    matrix = report.matrix
    return {
        **opening(report.head, matrix.run_id, report.verdict),
        "faults": [_fault_document(fault) for fault in matrix.faults],
        "healthy": {"runs": matrix.healthy_runs, "alarms": list(matrix.healthy_alarms)},
        **closing(report.head, matrix.started_at, matrix.finished_at, matrix.duration_ms),
    }


def _fault_document(fault: FaultResult) -> dict[str, Any]:
    return {
        "id": fault.id,
        "title": fault.title,
        "caught": fault.caught,
        "by": list(fault.by),
        "claims": list(fault.claims),
        "statuses": dict(fault.statuses),
        "duration_ms": fault.duration_ms,
    }

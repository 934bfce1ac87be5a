"""Back from a detection matrix's JSON to the values that judges and renderers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.head import read_head
from billing_canary.model import FaultMatrix, FaultResult, Status, Verdict


def read_faults_report(document: Mapping[str, Any]) -> FaultsReport:
    """The report in `document`, which may come from outside.

    Raises:
        EvidenceError: it is not what the schema "faults-report" asks for.
    """
    schema.validate(document, "faults-report")
    return FaultsReport(
        head=read_head(document),
        matrix=FaultMatrix(
            run_id=document["run_id"],
            faults=tuple(map(_fault, document["faults"])),
            healthy_runs=document["healthy"]["runs"],
            healthy_alarms=tuple(document["healthy"]["alarms"]),
            started_at=document["started_at"],
            finished_at=document["finished_at"],
            duration_ms=document["duration_ms"],
        ),
        verdict=Verdict(
            overall_status=Status(document["overall_status"]), reasons=tuple(document["reasons"])
        ),
    )


def _fault(document: Mapping[str, Any]) -> FaultResult:
    return FaultResult(
        id=document["id"],
        title=document["title"],
        caught=document["caught"],
        by=tuple(document["by"]),
        claims=tuple(document["claims"]),
        statuses=dict(document["statuses"]),
        duration_ms=document["duration_ms"],
    )

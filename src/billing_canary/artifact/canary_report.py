"""The canary report: a run, its verdict and its surroundings, and how they stand in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from billing_canary.artifact.head import ReportHead, closing, opening
from billing_canary.artifact.money_json import money_document, money_documents
from billing_canary.artifact.previous import PreviousRun
from billing_canary.model import CanaryRun, Evidence, ProbeResult, SpendEntry, SpendReport, Verdict


@dataclass(frozen=True, kw_only=True)
class CanaryReport:
    """Everything that the canary's report says; the renderers take this and nothing else.

    Attributes:
        missing_count: required files of the bundle that are not there.
        fault_titles: fault id to title, for the faults that failed claims may reveal.
        since: start (RFC 3339 UTC) of the first of the unbroken series of runs with this status; None
            when no earlier run is known.
        previous: the run before this one of the same mode and target.
    """

    head: ReportHead
    run: CanaryRun
    verdict: Verdict
    missing_count: int = 0
    fault_titles: Mapping[str, str] = field(default_factory=dict)
    since: str | None = None
    previous: PreviousRun | None = None


def canary_document(report: CanaryReport) -> dict[str, Any]:
    """`report` as the document of `billing-canary-report.json` (schema "canary-report")."""
    run = report.run
    return {
        **opening(report.head, run.run_id, report.verdict),
        "target": run.target,
        "since": report.since,
        "previous": _previous_document(report.previous),
        "health_check": {"status": str(run.health_check.status), "detail": run.health_check.detail},
        "safety_checks": [{**asdict(check), "status": str(check.status)} for check in run.safety_checks],
        "probes": [_probe_document(probe) for probe in run.probes],
        "spend": _spend_document(run.spend),
        "notes": list(run.notes),
        "fault_titles": revealed_faults(report),
        **closing(report.head, run.started_at, run.finished_at, run.duration_ms),
    }


def revealed_faults(report: CanaryReport) -> dict[str, str]:
    """Id and title of each fault that a failed claim of this run reveals; "" for an unknown title."""
    ids = {fault for probe in report.run.probes for row in probe.failed_claims for fault in row.reveals}
    return {fault: report.fault_titles.get(fault, "") for fault in sorted(ids)}


def _previous_document(previous: PreviousRun | None) -> dict[str, Any] | None:
    if previous is None:
        return None
    return {**asdict(previous), "changes": list(previous.changes)}


def _probe_document(probe: ProbeResult) -> dict[str, Any]:
    return {
        "id": probe.id,
        "title": probe.title,
        "surface": probe.surface,
        "severity": str(probe.severity),
        "owner": probe.owner,
        "status": str(probe.status),
        "reason": probe.reason,
        "evidence": [_evidence_document(row) for row in probe.evidence],
        "planned": money_documents(probe.planned),
        "spend": money_documents(probe.spend),
        "attempts": probe.attempts,
        "flaky": probe.flaky,
        "duration_ms": probe.duration_ms,
        "started_at": probe.started_at,
        "not_applicable": asdict(probe.not_applicable) if probe.not_applicable else None,
    }


def _evidence_document(row: Evidence) -> dict[str, Any]:
    return {**asdict(row), "reveals": list(row.reveals)}


def _spend_document(spend: SpendReport) -> dict[str, Any]:
    return {
        "planned": money_documents(spend.planned),
        "moved": money_documents(spend.moved),
        "caps": {
            "per_run": money_documents(spend.caps_per_run),
            "per_call": money_documents(spend.caps_per_call),
        },
        "entries": [_entry_document(entry) for entry in spend.entries],
    }


def _entry_document(entry: SpendEntry) -> dict[str, Any]:
    return {
        **asdict(entry),
        "amount": money_document(entry.amount),
        "total": money_document(entry.total),
    }

"""Back from a canary report's JSON to the values that judges and renderers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.head import read_head
from billing_canary.artifact.money_json import read_amounts, read_money
from billing_canary.artifact.previous import PreviousRun
from billing_canary.errors import EvidenceError
from billing_canary.model import (
    CanaryRun,
    Evidence,
    HealthCheck,
    NotApplicable,
    ProbeResult,
    SafetyCheck,
    Severity,
    SpendEntry,
    SpendReport,
    Status,
    Verdict,
)


def read_canary_report(document: Mapping[str, Any]) -> CanaryReport:
    """The report in `document`, which may come from outside.

    Raises:
        EvidenceError: it is not what the schema "canary-report" asks for, or holds an unknown currency.
    """
    schema.validate(document, "canary-report")
    try:
        run = _run(document)
    except ValueError as error:
        raise EvidenceError(f"canary report {document['run_id']}: {error}") from error
    return CanaryReport(
        head=read_head(document),
        run=run,
        verdict=Verdict(
            overall_status=Status(document["overall_status"]), reasons=tuple(document["reasons"])
        ),
        missing_count=document["missing_count"],
        fault_titles=dict(document.get("fault_titles", {})),
        since=document.get("since"),
        previous=_previous(document.get("previous")),
    )


def _run(document: Mapping[str, Any]) -> CanaryRun:
    health = document["health_check"]
    return CanaryRun(
        run_id=document["run_id"],
        mode=document["mode"],
        target=document["target"],
        health_check=HealthCheck(status=Status(health["status"]), detail=health["detail"]),
        safety_checks=tuple(map(_safety_check, document["safety_checks"])),
        probes=tuple(map(_probe, document["probes"])),
        spend=_spend(document["spend"]),
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        duration_ms=document["duration_ms"],
        notes=tuple(document.get("notes", ())),
    )


def _previous(document: Mapping[str, Any] | None) -> PreviousRun | None:
    if document is None:
        return None
    return PreviousRun(
        run_id=document["run_id"],
        overall_status=document["overall_status"],
        commit=document["commit"],
        started_at=document["started_at"],
        changes=tuple(document["changes"]),
    )


def _safety_check(document: Mapping[str, Any]) -> SafetyCheck:
    return SafetyCheck(
        id=document["id"],
        status=Status(document["status"]),
        claim=document["claim"],
        detail=document["detail"],
    )


def _probe(document: Mapping[str, Any]) -> ProbeResult:
    return ProbeResult(
        id=document["id"],
        title=document["title"],
        surface=document["surface"],
        severity=Severity(document["severity"]),
        owner=document["owner"],
        status=Status(document["status"]),
        reason=document["reason"],
        evidence=tuple(map(_evidence, document["evidence"])),
        planned=read_amounts(document["planned"]),
        spend=read_amounts(document["spend"]),
        attempts=document["attempts"],
        flaky=document["flaky"],
        duration_ms=document["duration_ms"],
        started_at=document["started_at"],
        not_applicable=_not_applicable(document.get("not_applicable")),
    )


def _not_applicable(document: Mapping[str, Any] | None) -> NotApplicable | None:
    if document is None:
        return None
    return NotApplicable(reason=document["reason"], owner=document["owner"])


def _evidence(document: Mapping[str, Any]) -> Evidence:
    return Evidence(
        claim=document["claim"],
        expected=document["expected"],
        observed=document["observed"],
        held=document["held"],
        source=document["source"],
        reveals=tuple(document["reveals"]),
    )


def _spend(document: Mapping[str, Any]) -> SpendReport:
    return SpendReport(
        planned=read_amounts(document["planned"]),
        moved=read_amounts(document["moved"]),
        caps_per_run=read_amounts(document["caps"]["per_run"]),
        caps_per_call=read_amounts(document["caps"]["per_call"]),
        entries=tuple(map(_entry, document["entries"])),
    )


def _entry(document: Mapping[str, Any]) -> SpendEntry:
    return SpendEntry(
        what=document["what"],
        amount=read_money(document["amount"]),
        total=read_money(document["total"]),
        idempotency_key=document["idempotency_key"],
        answer=document["answer"],
        counted=document.get("counted", True),
    )

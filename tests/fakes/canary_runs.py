"""Canary runs that were never run, and their bundles."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tests.fakes.archives import KIND

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.head import ReportHead
from billing_canary.model import (
    CanaryRun,
    Evidence,
    HealthCheck,
    ProbeResult,
    ProjectFiles,
    Severity,
    SpendReport,
    Status,
    Verdict,
)
from billing_canary.redact import Redactor

HEAD = ReportHead(
    mode="mock",
    commit="a" * 40,
    dirty=False,
    argv=("probe",),
    project=ProjectFiles(root="/x", origin="x", sha256={"gates/money.toml": "1" * 64}),
    versions={"billing-canary": "1.0"},
)
PROBE = ProbeResult(
    id="wallet.top_up",
    title="A top-up is credited once",
    surface="wallet",
    severity=Severity.CRITICAL,
    owner="billing",
    status=Status.PASS,
    reason="",
    evidence=(Evidence(claim="credited once", expected="1", observed="1", held=True, source="wallet"),),
    planned=(),
    spend=(),
    attempts=1,
    flaky=False,
    duration_ms=100,
    started_at="2026-11-21T10:01:00.000Z",
)


def canary(name: str, *probes: ProbeResult, status: Status = Status.PASS) -> CanaryReport:
    started = f"2026-11-21T{name[9:11]}:{name[11:13]}:{name[13:20]}"
    seen = CanaryRun(
        run_id=name,
        mode="mock",
        target="mock",
        health_check=HealthCheck(status=Status.PASS, detail="200"),
        safety_checks=(),
        probes=probes,
        spend=SpendReport(),
        started_at=started,
        finished_at=started,
        duration_ms=500,
    )
    return CanaryReport(
        head=HEAD, run=seen, verdict=Verdict(overall_status=status, reasons=(f"it is {status}",))
    )


def record(root: Path, report: CanaryReport) -> Path:
    started = report.run.started_at
    head = {"mode": "mock", "argv": [], "started_at": started, "project": asdict(HEAD.project)}
    writer = BundleWriter.create(root, KIND, report.run.run_id, head, Redactor())
    writer.open_log().write("hello\n")
    writer.write_json("runner.json", {}, kind="runner")
    complete_canary(writer, report)
    return writer.folder

"""Recorded runs of tiers and probes on disk, whole and as they are really written."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.fakes.tiers import ENOUGH, MODULE, green_report

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.complete_tier import complete_tier
from billing_canary.gate.tier import judge
from billing_canary.module_coverage import CoverageStatus
from billing_canary.redact import Redactor

COMMIT = "a" * 40
GOOD_MODULE = replace(MODULE, branch=ENOUGH, status=CoverageStatus.PASS, reason="", fix="", overrides=())


def run_id_at(minute: int) -> str:
    return f"20261121T10{minute:02}00.000Z-0000"


def started_at(minute: int) -> str:
    return f"2026-11-21T10:{minute:02}:00.000Z"


def record_tier(  # noqa: PLR0913 - one argument for each thing that tests change
    root: Path,
    minute: int,
    *,
    run_id: str = "",
    commit: str | None = COMMIT,
    dirty: bool | None = False,
    covered: bool = False,
    **run: Any,
) -> Path:
    """A run of tier pr-fast that started at 10:`minute` and passed, unless `run` makes it another one."""
    report = green_report()
    name, began = run_id or run_id_at(minute), started_at(minute)
    coverage: dict[str, Any] = {"coverage_gate": True, "coverage": (GOOD_MODULE,)} if covered else {}
    made = replace(report.run, run_id=name, started_at=began, finished_at=began, **coverage, **run)
    head = replace(report.head, commit=commit, dirty=dirty)
    writer = _claim(root, "billing-confidence", name, began, report=head, mode="confidence", tier=made.tier)
    _evidence(writer)
    complete_tier(writer, replace(report, head=head, run=made, verdict=judge(made)))
    return writer.folder


def record_probe(
    root: Path,
    report: CanaryReport,
    minute: int,
    *,
    commit: str | None = COMMIT,
    argv: tuple[str, ...] = ("probe",),
) -> Path:
    """A canary run like `report` that started at 10:`minute`."""
    name, began = run_id_at(minute), started_at(minute)
    head = replace(report.head, commit=commit, dirty=False, argv=argv)
    run = replace(report.run, run_id=name, started_at=began, finished_at=began)
    writer = _claim(root, "billing-canary", name, began, report=head, mode=run.mode)
    _evidence(writer)
    complete_canary(writer, replace(report, head=head, run=run))
    return writer.folder


def claim_tier(root: Path, minute: int, tier: str = "pr-fast", *, run_id: str = "") -> Path:
    """A run of a tier that has begun and says no more."""
    head = green_report().head
    name = run_id or run_id_at(minute)
    writer = _claim(
        root, "billing-confidence", name, started_at(minute), report=head, mode="confidence", tier=tier
    )
    writer.interrupt("interrupted by a signal")
    return writer.folder


def _claim(root: Path, kind: str, name: str, began: str, *, report: Any, **more: str) -> BundleWriter:
    head = {"argv": list(report.argv), "started_at": began, "project": asdict(report.project), **more}
    return BundleWriter.create(root, kind, name, head, Redactor())


def _evidence(writer: BundleWriter) -> None:
    writer.write_json("runner.json", {"schema_version": "1"}, kind="runner")
    writer.open_log().write("one line\n")

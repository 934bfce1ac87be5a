"""Recording a finished canary run: judge it, write the bundle, show it."""

from __future__ import annotations

import os

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.history import look_back
from billing_canary.artifact.runner import runner_metadata
from billing_canary.cli.canary import CanaryOptions
from billing_canary.cli.recording import report_head
from billing_canary.cli.show import show_canary
from billing_canary.cli.void_runs import void_runs
from billing_canary.gate.canary import judge
from billing_canary.gate.exit_code import exit_code
from billing_canary.model import CanaryRun
from billing_canary.project import Project


def record(options: CanaryOptions, project: Project, run: CanaryRun, writer: BundleWriter) -> int:
    """Complete the bundle of `run` and show the verdict; the exit code.

    Raises:
        EvidenceError: the bundle could not be written.
    """
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    verdict = judge(
        probes=run.probes,
        safety_checks=run.safety_checks,
        health_check=run.health_check,
        missing_count=len(writer.missing_evidence()),
        not_run="; ".join(run.notes),
    )
    head = report_head(options.mode, project)
    void = void_runs(project.root)
    history = look_back(options.artifacts, run, verdict.overall_status, head.commit, void)
    report = CanaryReport(
        head=head,
        run=run,
        verdict=verdict,
        fault_titles=_fault_titles(run) if options.mode == "mock" else {},
        since=history.since,
        previous=history.previous,
    )
    report_file = complete_canary(writer, report)
    show_canary(report, report_file, writer.folder / writer.kind.final, as_json=options.as_json)
    return int(exit_code(verdict.overall_status))


def _fault_titles(run: CanaryRun) -> dict[str, str]:
    """Only for mock mode: the catalogue comes with the reference service, of which staging loads nothing."""
    if not any(probe.failed_claims for probe in run.probes):
        return {}
    from billing_canary.reference.faults import FAULTS

    return {fault.id: fault.title for fault in FAULTS.values()}

"""The detection matrix from options to exit code: try every fault, judge, record, show."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete import complete_faults
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.log_file import LogFile
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.runner import runner_metadata
from billing_canary.cli.progress import Counter
from billing_canary.cli.recording import environment_secrets, report_head, truthful_bundle
from billing_canary.cli.show import show_faults
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.clock import SystemClock, utc_text
from billing_canary.gate.exit_code import exit_code
from billing_canary.gate.faults import judge
from billing_canary.probe.loader import load_probes
from billing_canary.probe.matrix import (
    HEALTHY,
    MatrixPlan,
    TrialResult,
    alarms,
    chosen_faults,
    default_jobs,
    reveals,
    run_matrix,
)
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService

KIND = "billing-faults"


@dataclass(frozen=True, kw_only=True)
class MatrixOptions:
    """The options of `billing-canary faults`."""

    only: tuple[str, ...]
    healthy_runs: int
    jobs: int | None
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool


def run_faults_command(options: MatrixOptions) -> int:
    """Try the faults and record the matrix; the exit code.

    Raises:
        ProjectError: an unknown fault, or a project that cannot be loaded; nothing was run.
        EvidenceError: the bundle could not be written.
    """
    clock = SystemClock()
    project = find_project(options.project, Path.cwd())
    _check_project(project)
    plan = MatrixPlan(
        run_id=new_run_id(clock.now(), secrets.token_hex(2)) if options.run_id is None else options.run_id,
        project=project,
        faults=chosen_faults(options.only),
        healthy_runs=options.healthy_runs,
        jobs=options.jobs or default_jobs(),
    )
    writer = _claim_bundle(options, plan, utc_text(clock.now()))
    with terminate_as_interrupt(), truthful_bundle(writer):
        return _run(options, plan, writer, clock)


def _check_project(project: Project) -> None:
    """Load everything once: a broken file is said at once, and is no fault that went undetected.

    Raises:
        ProjectError: a file of the project is wrong.
    """
    load_probes(project)
    with MockService(build_id="matrix") as service:
        connect_mock(project, service.environment(), "matrix", Wishes()).close()


def _claim_bundle(options: MatrixOptions, plan: MatrixPlan, started_at: str) -> BundleWriter:
    head = {
        "mode": "mock",
        "argv": sys.argv[1:],
        "started_at": started_at,
        "project": asdict(plan.project.files),
    }
    redact = Redactor(environment_secrets(os.environ))
    return BundleWriter.create(options.artifacts, KIND, plan.run_id, head, redact)


def _run(options: MatrixOptions, plan: MatrixPlan, writer: BundleWriter, clock: SystemClock) -> int:
    progress = _MatrixProgress(plan, writer.open_log(), quiet=options.quiet or options.as_json)
    matrix = run_matrix(plan, clock, progress.trial)
    progress.end()
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    verdict = judge(matrix, missing_count=len(writer.missing_evidence()))
    report = FaultsReport(head=report_head("mock", plan.project), matrix=matrix, verdict=verdict)
    report_file = complete_faults(writer, report)
    show_faults(report, report_file, writer.folder / writer.kind.final, as_json=options.as_json)
    return int(exit_code(verdict.overall_status))


class _MatrixProgress:
    """A counter on a terminal, one line a fault elsewhere; every trial in the log."""

    def __init__(self, plan: MatrixPlan, log: LogFile, *, quiet: bool) -> None:
        total = len(plan.faults) + plan.healthy_runs
        self._titles = {fault.id: fault.title for fault in plan.faults}
        self._counter = Counter(total, quiet=quiet)
        self._log = log
        self._quiet = quiet
        if not quiet:
            click.echo(f"trying {len(plan.faults)} faults and {plan.healthy_runs} healthy runs", err=True)

    def trial(self, result: TrialResult) -> None:
        """One trial ended."""
        if result.fault == HEALTHY:
            found = alarms(result)
            outcome = f"{len(found)} alarms: {'; '.join(found)}" if found else "no alarm"
        else:
            outcome = "caught" if reveals(result) else "NOT CAUGHT"
        line = f"{outcome}: {result.fault} {self._titles.get(result.fault, '')}".rstrip()
        self._log.write(f"{line} ({result.duration_ms} ms){' ' + result.broke if result.broke else ''}\n")
        self._counter.step(line)
        if not self._quiet and not self._counter.live:
            click.echo(line, err=True)

    def end(self) -> None:
        """All trials ended."""
        self._counter.clear()

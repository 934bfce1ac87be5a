"""One canary run from options to exit code: load, connect, run, judge, record, show."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from billing_canary import __version__
from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.history import look_back
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.runner import runner_metadata
from billing_canary.cli.progress import CanaryProgress
from billing_canary.cli.recording import environment_secrets, report_head, truthful_bundle
from billing_canary.cli.run_log import recorded_output
from billing_canary.cli.show import show_canary
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import ExitCode, RefusedError, wrong_call
from billing_canary.gate.canary import judge
from billing_canary.gate.exit_code import exit_code
from billing_canary.model import CanaryRun, ProbeResult
from billing_canary.money import Money, parse_money
from billing_canary.probe.canary import CanaryPlan, Progress, run_canary
from billing_canary.probe.loader import load_probes, select
from billing_canary.probe.registry import Probe
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService
from billing_canary.target.target import Target

KIND = "billing-canary"
_STAGING = (
    "staging mode is not part of this version: it needs the sandbox proof of every payment that the target "
    "creates, clean-up by run id, and a [staging] table in probes/targets.toml. Use --mode mock"
)


@dataclass(frozen=True, kw_only=True)
class CanaryOptions:
    """The options of `billing-canary probe`."""

    mode: str
    only: tuple[str, ...]
    faults: tuple[str, ...]
    schedule: str
    require_sandbox: bool
    caps: tuple[str, ...]
    expect_build: str | None
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class _Session:
    """What a run needs once everything is loaded."""

    options: CanaryOptions
    project: Project
    probes: tuple[Probe, ...]
    target: Target
    writer: BundleWriter
    redact: Redactor


def run_probe_command(options: CanaryOptions) -> int:
    """Run the canary and record it; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        RefusedError: the mode is not to be had.
        EvidenceError: the bundle could not be written.
    """
    if options.mode == "staging":
        raise RefusedError("staging", _STAGING)
    if options.expect_build is not None and not options.expect_build.strip():
        raise wrong_call("--expect-build", "is empty", "name the build, or leave the option out")
    wishes = Wishes(caps=_caps(options.caps), expect_build=options.expect_build)
    project = find_project(options.project, Path.cwd())
    build_id = f"mock-{__version__}"
    with (
        terminate_as_interrupt(),
        MockService(build_id=build_id, faults=options.faults, schedule=options.schedule) as service,
    ):
        probes = select(load_probes(project), options.only)
        run_id = (
            new_run_id(SystemClock().now(), secrets.token_hex(2))
            if options.run_id is None
            else options.run_id
        )
        target = connect_mock(project, service.environment(), run_id, wishes)
        redact = Redactor((*target.settings.all_secrets, *environment_secrets(os.environ)))
        writer = _claim_bundle(options, project, target, redact)
        session = _Session(
            options=options, project=project, probes=probes, target=target, writer=writer, redact=redact
        )
        with truthful_bundle(writer):
            return _run(session, service)


def _caps(texts: tuple[str, ...]) -> tuple[Money, ...]:
    caps = []
    for text in texts:
        try:
            caps.append(parse_money(text))
        except ValueError as error:
            raise wrong_call("--max-amount", str(error), "write for example --max-amount '10 RUB'") from error
    return tuple(caps)


def _claim_bundle(options: CanaryOptions, project: Project, target: Target, redact: Redactor) -> BundleWriter:
    head = {
        "mode": options.mode,
        "target": target.settings.name,
        "argv": sys.argv[1:],
        "started_at": utc_text(target.clock.now()),
        "project": asdict(project.files),
    }
    return BundleWriter.create(options.artifacts, KIND, target.run_id, head, redact)


def _run(session: _Session, service: MockService) -> int:
    options, writer = session.options, session.writer
    progress = CanaryProgress(len(session.probes), quiet=options.quiet or options.as_json)
    progress.begin(session.project, session.target)
    with recorded_output(writer.open_log()) as log:

        def tell(result: ProbeResult) -> None:
            progress.result(result)
            log(result)

        plan = CanaryPlan(
            mode=options.mode,
            probes=session.probes,
            redact=session.redact,
            require_sandbox=options.require_sandbox,
            progress=Progress(planned=progress.planned, result=tell),
        )
        schema.preload()
        run = run_canary(session.target, plan)
    progress.end()
    session.target.close()
    service.stop()
    if service.log_text():
        writer.write_text("logs/reference.log", service.log_text(), kind="log", required=False)
    return _record(session, run)


def _record(session: _Session, run: CanaryRun) -> int:
    options, writer = session.options, session.writer
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    verdict = judge(
        probes=run.probes,
        safety_checks=run.safety_checks,
        health_check=run.health_check,
        missing_count=len(writer.missing_evidence()),
        not_run="; ".join(run.notes),
    )
    head = report_head(options.mode, session.project)
    history = look_back(options.artifacts, run, verdict.overall_status, head.commit)
    report = CanaryReport(
        head=head,
        run=run,
        verdict=verdict,
        fault_titles=_fault_titles(run),
        since=history.since,
        previous=history.previous,
    )
    report_file = complete_canary(writer, report)
    show_canary(report, report_file, writer.folder / writer.kind.final, as_json=options.as_json)
    return int(exit_code(verdict.overall_status))


def _fault_titles(run: CanaryRun) -> dict[str, str]:
    if not any(probe.failed_claims for probe in run.probes):
        return {}
    from billing_canary.reference.faults import FAULTS

    return {fault.id: fault.title for fault in FAULTS.values()}


def _probe_row(probe: Probe) -> dict[str, object]:
    return {
        "id": probe.id,
        "title": probe.title,
        "severity": probe.severity,
        "owner": probe.owner,
        "needs": probe.needs,
        "modes": probe.modes,
    }


def list_probes(project_folder: Path | None, only: tuple[str, ...], *, as_json: bool) -> int:
    """Print every selected probe with its title."""
    import json

    probes = select(load_probes(find_project(project_folder, Path.cwd())), only)
    if as_json:
        rows = [_probe_row(probe) for probe in probes]
        click.echo(json.dumps({"probes": rows}))
        return int(ExitCode.YES)
    for probe in probes:
        click.echo(f"{probe.id}\n    {probe.title} ({probe.severity}, {probe.owner})")
    return int(ExitCode.YES)

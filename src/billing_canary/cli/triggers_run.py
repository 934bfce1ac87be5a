"""One evaluation of the rollback triggers: ask, store, judge, record, show."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_triggers import complete_triggers
from billing_canary.artifact.log_file import LogFile
from billing_canary.artifact.render.triggers_console import triggers_console
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.runner import git_state, runner_metadata
from billing_canary.artifact.trigger_readings import Recorded, record_readings
from billing_canary.artifact.triggers_history import previous_run, since
from billing_canary.artifact.triggers_report import KIND, TriggersReport
from billing_canary.cli.paint import painter
from billing_canary.cli.recording import environment_secrets, report_head, truthful_bundle
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.cli.trigger_evidence import Collected, Collecting, collect
from billing_canary.clock import SystemClock, utc_text
from billing_canary.gate.exit_code import exit_code
from billing_canary.gate.rollback import STATUSES, judge
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.rollback import Recommendation
from billing_canary.telemetry.rollback_policy import ROLLBACK_FILE, Watched, load_rollback_policy
from billing_canary.verdict import Verdict

POLICY_COPY = "rollback.toml"
"""The policy's copy in the bundle, from which it is judged again."""

_ANY_MODE = "policy"
"""What stands under `mode` when the policy alone says which canary runs count."""


@dataclass(frozen=True, kw_only=True)
class TriggersOptions:
    """The options of `billing-canary triggers`."""

    mode: str | None
    commit: str | None
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One evaluation at work."""

    options: TriggersOptions
    project: Project
    watched: Watched
    run_id: str
    started_at: str
    commit: str | None


def run_triggers(options: TriggersOptions) -> int:
    """Evaluate every trigger and record it; the exit code.

    Raises:
        ProjectError: the call or the policy is wrong; nothing was asked.
        EvidenceError: the bundle could not be written.
    """
    clock = SystemClock()
    started, began = clock.now(), clock.monotonic()
    run = _load(options, started)
    writer = _claim(run)
    with terminate_as_interrupt(), truthful_bundle(writer):
        collected, recorded = _gather(run, writer)
        told = judge(run.watched.policy, recorded.evidence)
        elapsed = round((clock.monotonic() - began) * 1000)
        report = _report(run, told, collected, recorded, utc_text(clock.now()), elapsed)
        return _finish(run, writer, report)


def _load(options: TriggersOptions, started: float) -> _Run:
    project = find_project(options.project, Path.cwd())
    generated = new_run_id(started, os.urandom(2).hex())
    return _Run(
        options=options,
        project=project,
        watched=load_rollback_policy(project),
        run_id=generated if options.run_id is None else options.run_id,
        started_at=utc_text(started),
        commit=options.commit or git_state(project.root)[0],
    )


def _claim(run: _Run) -> BundleWriter:
    head = {
        "mode": run.options.mode or _ANY_MODE,
        "argv": sys.argv[1:],
        "started_at": run.started_at,
        "project": asdict(run.project.files),
    }
    redact = Redactor(environment_secrets(os.environ))
    return BundleWriter.create(run.options.artifacts, KIND, run.run_id, head, redact)


def _gather(run: _Run, writer: BundleWriter) -> tuple[Collected, Recorded]:
    """Ask, and store what was answered, synced, before anybody judges it."""
    log = writer.open_log()
    writer.write_text(POLICY_COPY, run.project.file(ROLLBACK_FILE).read_text("utf-8"), kind="policy")
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    _say(run, log, f"asking for {len(run.watched.policy.triggers)} triggers, project {run.project.origin}")
    collected = collect(
        Collecting(
            project=run.project,
            watched=run.watched,
            artifacts=run.options.artifacts,
            mode=run.options.mode,
            commit=run.commit,
            run_id=run.run_id,
            now=run.started_at,
        )
    )
    recorded = record_readings(writer, collected.recorded)
    for trigger, reading in recorded.evidence.readings.items():
        log.write(f"{trigger}: {reading.source} {reading.outcome} {reading.problem}".rstrip() + "\n")
    return collected, recorded


def _say(run: _Run, log: LogFile, line: str) -> None:
    log.write(f"{line}\n")
    if not run.options.quiet:
        click.echo(line, err=True)


def _report(  # noqa: PLR0913, PLR0917 - what one evaluation came to, gathered once
    run: _Run, told: Recommendation, collected: Collected, recorded: Recorded, finished: str, elapsed: int
) -> TriggersReport:
    before = collected.remembered.previous
    return TriggersReport(
        head=report_head(run.options.mode or _ANY_MODE, run.project),
        run_id=run.run_id,
        recommendation=told,
        verdict=Verdict(overall_status=STATUSES[told.verdict], reasons=told.reasons),
        running=run.commit,
        disabled=run.watched.policy.disabled,
        notes=recorded.notes,
        since=since(before, told, run.started_at),
        previous=previous_run(before, told, run.commit),
        started_at=run.started_at,
        finished_at=finished,
        duration_ms=elapsed,
    )


def _finish(run: _Run, writer: BundleWriter, report: TriggersReport) -> int:
    shown = complete_triggers(writer, report)
    as_json = run.options.as_json
    click.echo(triggers_console(report, shown, painter(err=as_json)), err=as_json, nl=False)
    if as_json:
        click.echo((writer.folder / writer.kind.final).read_text(encoding="utf-8"), nl=False)
    return int(exit_code(report.verdict.overall_status))

"""One decision from options to exit code: load, look for evidence, judge, record, show."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_decision import complete_decision
from billing_canary.artifact.decision_evidence import (
    EVIDENCE_FILE,
    LOG_COPY,
    RELEASE_COPY,
    RISK_COPY,
    Judged,
    evidence_document,
)
from billing_canary.artifact.decision_history import DecisionHistory, earlier_decisions, since_when
from billing_canary.artifact.decision_report import KIND, MODE, DecisionReport
from billing_canary.artifact.render.decision_console import decision_console
from billing_canary.artifact.render.decision_words import headline
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.runner import runner_metadata
from billing_canary.audit.chain import log_bytes
from billing_canary.audit.log_file import bundled_refusal
from billing_canary.cli.decide_evidence import Search, gather
from billing_canary.cli.judge_decision import judge_decision
from billing_canary.cli.log_entry import Desk, full_commit
from billing_canary.cli.paint import painter
from billing_canary.cli.recording import environment_secrets, report_head, truthful_bundle
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import ExitCode, Problem, noting, raise_problems, wrong_call
from billing_canary.git_command import in_repository
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.release import Decision, ReleasePolicy
from billing_canary.risk import RiskPolicy
from billing_canary.risk_policy import RISK_FILE, load_risk_policy
from billing_canary.suite.release_policy import RELEASE_FILE, load_release_policy


@dataclass(frozen=True, kw_only=True)
class DecideOptions:
    """The options of `billing-canary decide`."""

    commit: str
    policy: Path | None
    explain: bool
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """What a decision is made by, and when it began.

    Attributes:
        copies: file name in the bundle to the content of each policy file as it was read.
    """

    project: Project
    release: ReleasePolicy
    risk: RiskPolicy
    commit: str
    copies: Mapping[str, bytes]
    started: float
    began: float
    run_id: str


def run_decide_command(options: DecideOptions) -> int:
    """Decide and record it; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was decided.
        EvidenceError: the bundle could not be written.
    """
    loaded = _load(options)
    writer = _claim(options, loaded)
    with terminate_as_interrupt(), truthful_bundle(writer):
        earlier = earlier_decisions(options.artifacts)
        judged = Judged(policy=loaded.release, evidence=gather(_search(options, loaded, earlier)))
        decision = judge_decision(judged, loaded.risk)
        _write_evidence(writer, loaded, judged, decision)
        report = _report(loaded, judged, decision, earlier)
        report_file = complete_decision(writer, report)
    _show(options, report, report_file, writer)
    return int(ExitCode.YES if decision.verdict == "GO" else ExitCode.NO)


def _load(options: DecideOptions) -> _Loaded:
    clock = SystemClock()
    started, began = clock.now(), clock.monotonic()
    project = find_project(options.project, Path.cwd())
    if project.bundled and not in_repository(project.root):
        raise bundled_refusal()
    problems: list[Problem] = []
    file = _policy_file(options.policy, project)
    with noting(problems):
        release = load_release_policy(project, file)
    with noting(problems):
        risk = load_risk_policy(project)
    with noting(problems):
        commit = full_commit(Desk(project=project, as_json=options.as_json), options.commit)
    raise_problems(problems)
    return _Loaded(
        project=project,
        release=release,
        risk=risk,
        commit=commit,
        copies={
            RELEASE_COPY: (project.root / file).read_bytes(),
            RISK_COPY: (project.root / RISK_FILE).read_bytes(),
        },
        started=started,
        began=began,
        run_id=options.run_id or new_run_id(started, os.urandom(2).hex()),
    )


def _policy_file(given: Path | None, project: Project) -> str:
    """The policy relative to the project where it is in it, so that the record names it so.

    Raises:
        ProjectError: a named file is not there.
    """
    if given is None:
        return RELEASE_FILE
    if not given.is_file():
        raise wrong_call("--policy", f"{given} is not there", f"name a file such as {RELEASE_FILE}")
    path, root = given.resolve(), project.root.resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _claim(options: DecideOptions, loaded: _Loaded) -> BundleWriter:
    head = {
        "mode": MODE,
        "argv": sys.argv[1:],
        "started_at": utc_text(loaded.started),
        "project": asdict(loaded.project.files),
    }
    redact = Redactor(environment_secrets(os.environ))
    return BundleWriter.create(options.artifacts, KIND, loaded.run_id, head, redact)


def _search(options: DecideOptions, loaded: _Loaded, earlier: DecisionHistory) -> Search:
    return Search(
        artifacts=options.artifacts,
        project=loaded.project.root,
        policy=loaded.release,
        commit=loaded.commit,
        decided_at=utc_text(loaded.started),
        history=earlier,
    )


def _write_evidence(writer: BundleWriter, loaded: _Loaded, judged: Judged, decision: Decision) -> None:
    writer.write_json("runner.json", runner_metadata(os.environ), kind="runner")
    writer.write_json(EVIDENCE_FILE, evidence_document(judged), kind="evidence")
    for name, data in loaded.copies.items():
        writer.write_bytes(name, data, kind="policy")
    if judged.evidence.log.entries:
        writer.write_bytes(LOG_COPY, log_bytes(judged.evidence.log), kind="audit-log")
    log = writer.open_log()
    for item in decision.items:
        log.write(f"{item.status} {item.id}: {item.reason}\n")


def _report(loaded: _Loaded, judged: Judged, decision: Decision, earlier: DecisionHistory) -> DecisionReport:
    clock, started_at = SystemClock(), utc_text(loaded.started)
    return DecisionReport(
        head=replace(report_head(MODE, loaded.project), commit=loaded.commit, dirty=None),
        run_id=loaded.run_id,
        title=loaded.release.title,
        environment=loaded.release.environment,
        decision=decision,
        log_head=judged.evidence.log.head,
        since=since_when(earlier.decisions, loaded.commit, decision.verdict, started_at),
        started_at=started_at,
        finished_at=utc_text(clock.now()),
        duration_ms=round((clock.monotonic() - loaded.began) * 1000),
    )


def _show(options: DecideOptions, report: DecisionReport, report_file: Path, writer: BundleWriter) -> None:
    err = options.as_json
    if options.quiet:
        click.echo(headline(report), err=err)
    else:
        shown = decision_console(report, report_file, painter(err=err), explain=options.explain)
        click.echo(shown, err=err, nl=False)
    if options.as_json:
        final = writer.folder / writer.kind.final
        click.echo(final.read_text(encoding="utf-8"), nl=False)

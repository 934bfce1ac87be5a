"""What `doctor` looks at in every mode, and in mock mode, each finding with its fix."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from billing_canary import __version__
from billing_canary.cli.finding import Finding, bad, checked, good, live_keys, warning, wrong
from billing_canary.cli.paint import painter
from billing_canary.cli.recording import environment_secrets
from billing_canary.errors import EvidenceError, ExitCode, ProjectError
from billing_canary.guard.policy import load_money_policy
from billing_canary.model import Status
from billing_canary.probe.loader import load_probes
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.operations import Outcome

_LITTLE_SPACE = 100_000_000
"""Bytes; a run writes well under one megabyte, but a full disk loses evidence."""


def examine(project_folder: Path | None, artifacts: Path, mode: str, *, as_json: bool) -> int:
    """Look at everything, print it; 0 when a run can start, 2 when something must be mended first."""
    # A problem of a file that two of these read is told once.
    findings = list(dict.fromkeys([*_machine(artifacts), *_project(project_folder, mode)]))
    ready = all(finding.status != Status.FAIL for finding in findings)
    if as_json:
        click.echo(json.dumps({"ready": ready, "findings": [asdict(finding) for finding in findings]}))
    else:
        _print(findings, mode, ready=ready)
    return int(ExitCode.YES if ready else ExitCode.WRONG_CALL)


def _print(findings: list[Finding], mode: str, *, ready: bool) -> None:
    paint = painter(err=False)
    for finding in findings:
        mark = {"pass": "ok", "skip": "warn", "fail": "FAIL"}[finding.status]
        click.echo(f"{paint(f'{mark:<5}', Status(finding.status))}{finding.what}: {finding.detail}")
        if finding.fix:
            click.echo(f"     fix: {finding.fix}")
    click.echo(
        f"\nready: billing-canary probe --mode {mode}" if ready else "\nnot ready: mend what says FAIL"
    )


def _machine(artifacts: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield good("billing-canary", f"{__version__} on Python {version}")
    yield _writable(artifacts)


def _writable(artifacts: Path) -> Finding:
    what = "artifacts"
    nearest = folder = artifacts.absolute()
    try:
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        with tempfile.TemporaryFile(dir=nearest):
            free = shutil.disk_usage(nearest).free
    except OSError as error:
        fix = "name a folder that you may write to with --artifacts"
        return bad(what, f"{nearest}: {error.strerror}", fix)
    if free < _LITTLE_SPACE:
        fix = "free some space: a run whose evidence cannot be written proves nothing"
        return warning(what, f"{nearest}: {free:,} bytes free", fix)
    return good(what, f"{folder} can be written")


def _project(folder: Path | None, mode: str) -> Iterator[Finding]:
    try:
        project = find_project(folder, Path.cwd())
    except ProjectError as error:
        yield from map(wrong, error.problems)
        return
    redact = Redactor(environment_secrets(os.environ))
    files = project.files
    yield good("project", f"{files.root} ({files.origin})")
    yield from checked("gates/money.toml", lambda: _policy(project), redact)
    yield from checked("probes", lambda: _probes(project), redact)
    if mode == "mock":
        yield from live_keys(())
        yield from checked("mock target", lambda: _mock(project), redact)
        return
    from billing_canary.cli.staging_examination import staging

    yield from staging(project)


def _policy(project: Project) -> str:
    policy = load_money_policy(project)
    return "at most " + ", ".join(map(str, policy.per_run.values())) + " a run"


def _probes(project: Project) -> str:
    probes = load_probes(project)
    critical = sum(probe.severity == "critical" for probe in probes)
    return f"{len(probes)} load, {critical} of them critical"


def _mock(project: Project) -> str:
    from billing_canary.target.mock import MockService

    with MockService(build_id="doctor") as service:
        target = connect_mock(project, service.environment(), "doctor", Wishes())
        try:
            health = target.backend.health()
            if health.outcome is not Outcome.OK:
                raise EvidenceError(f"starts, but read_health says {health}; a run would stop there")
        finally:
            target.close()
    operations = len(target.settings.operations)
    return f"starts, is healthy ({health}), maps {operations} operations"

"""What `doctor` looks at, each finding with its fix."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from billing_canary import __version__
from billing_canary.cli.recording import environment_secrets
from billing_canary.cli.show import painter
from billing_canary.errors import BillingCanaryError, EvidenceError, ExitCode, Problem, ProjectError
from billing_canary.guard.policy import load_money_policy
from billing_canary.model import Status
from billing_canary.probe.loader import load_probes
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService
from billing_canary.target.operations import Outcome

_LIVE_PREFIXES = ("sk_live_", "rk_live_", "sk_org_")
_LITTLE_SPACE = 100_000_000
"""Bytes; a run writes well under one megabyte, but a full disk loses evidence."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fix` is empty when all is well."""

    what: str
    status: str
    detail: str
    fix: str = ""


def examine(project_folder: Path | None, artifacts: Path, *, as_json: bool) -> int:
    """Look at everything, print it; 0 when a run can start, 2 when something must be mended first."""
    findings = [*_machine(artifacts), *_project(project_folder)]
    ready = all(finding.status != Status.FAIL for finding in findings)
    if as_json:
        click.echo(json.dumps({"ready": ready, "findings": [asdict(finding) for finding in findings]}))
    else:
        _print(findings, ready=ready)
    return int(ExitCode.YES if ready else ExitCode.WRONG_CALL)


def _print(findings: list[Finding], *, ready: bool) -> None:
    paint = painter(err=False)
    for finding in findings:
        mark = {"pass": "ok", "skip": "warn", "fail": "FAIL"}[finding.status]
        click.echo(f"{paint(f'{mark:<5}', Status(finding.status))}{finding.what}: {finding.detail}")
        if finding.fix:
            click.echo(f"     fix: {finding.fix}")
    click.echo("\nready: billing-canary probe --mode mock" if ready else "\nnot ready: mend what says FAIL")


def _machine(artifacts: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(what="billing-canary", status=Status.PASS, detail=f"{__version__} on Python {version}")
    yield _writable(artifacts)
    yield from _live_keys()


def _writable(artifacts: Path) -> Finding:
    what = "artifacts"
    nearest = folder = artifacts.absolute()
    try:
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        with tempfile.TemporaryFile(dir=nearest):
            free = shutil.disk_usage(nearest).free
    except OSError as error:
        fix = "name a folder that you may write to with --artifacts"
        return Finding(what=what, status=Status.FAIL, detail=f"{nearest}: {error.strerror}", fix=fix)
    if free < _LITTLE_SPACE:
        fix = "free some space: a run whose evidence cannot be written proves nothing"
        return Finding(what=what, status=Status.SKIP, detail=f"{nearest}: {free:,} bytes free", fix=fix)
    return Finding(what=what, status=Status.PASS, detail=f"{folder} can be written")


def _live_keys() -> Iterator[Finding]:
    for name, value in os.environ.items():
        if any(prefix in value for prefix in _LIVE_PREFIXES):
            fix = f"unset {name} where the canary runs; it is never used, and never shown"
            yield Finding(what="environment", status=Status.SKIP, detail=f"{name} holds a live key", fix=fix)


def _project(folder: Path | None) -> Iterator[Finding]:
    try:
        project = find_project(folder, Path.cwd())
    except ProjectError as error:
        yield from map(_problem, error.problems)
        return
    files = project.files
    yield Finding(what="project", status=Status.PASS, detail=f"{files.root} ({files.origin})")
    yield from _checked("gates/money.toml", lambda: _policy(project))
    yield from _checked("probes", lambda: _probes(project))
    yield from _checked("mock target", lambda: _mock(project))


def _checked(what: str, look: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield Finding(what=what, status=Status.PASS, detail=look())
    except ProjectError as error:
        yield from map(_problem, error.problems)
    except BillingCanaryError as error:
        redact = Redactor(environment_secrets(os.environ))
        fix = "see docs/troubleshooting.md"
        yield Finding(what=what, status=Status.FAIL, detail=redact(str(error)), fix=fix)


def _problem(problem: Problem) -> Finding:
    what = f"{problem.where}: {problem.key}" if problem.key else problem.where
    return Finding(what=what, status=Status.FAIL, detail=problem.message, fix=problem.fix)


def _policy(project: Project) -> str:
    policy = load_money_policy(project)
    return "at most " + ", ".join(map(str, policy.per_run.values())) + " a run"


def _probes(project: Project) -> str:
    probes = load_probes(project)
    critical = sum(probe.severity == "critical" for probe in probes)
    return f"{len(probes)} load, {critical} of them critical"


def _mock(project: Project) -> str:
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

"""One canary run against a started mock: load, connect, run, and hand over to the record."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.run_id import new_run_id
from billing_canary.cli.canary import CanaryOptions
from billing_canary.cli.progress import CanaryProgress
from billing_canary.cli.recording import environment_secrets, truthful_bundle
from billing_canary.cli.run_log import recorded_output
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import wrong_call
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
_RECORD = "billing_canary.cli.canary_record"


def run_against_mock(options: CanaryOptions, service: MockService) -> int:
    """Run the selected probes against `service` and record the run; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        EvidenceError: the bundle could not be written.
    """
    wishes = Wishes(caps=_caps(options.caps), expect_build=options.expect_build)
    project = find_project(options.project, Path.cwd())
    probes = select(load_probes(project), options.only)
    target = connect_mock(project, service.environment(), _run_id(options), wishes)
    redact = Redactor((*target.settings.all_secrets, *environment_secrets(os.environ)))
    loaded = _Loaded(project=project, probes=probes, target=target, redact=redact)
    writer = _claim_bundle(options, loaded)
    with truthful_bundle(writer):
        run = _run(options, loaded, writer)
        service.stop()
        if service.log_text():
            writer.write_text("logs/reference.log", service.log_text(), kind="log", required=False)
        from billing_canary.cli.canary_record import record

        return record(options, project, run, writer)


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """What was loaded for a run."""

    project: Project
    probes: tuple[Probe, ...]
    target: Target
    redact: Redactor


def _run_id(options: CanaryOptions) -> str:
    if options.run_id is not None:
        return options.run_id
    return new_run_id(SystemClock().now(), secrets.token_hex(2))


def _caps(texts: tuple[str, ...]) -> tuple[Money, ...]:
    caps = []
    for text in texts:
        try:
            caps.append(parse_money(text))
        except ValueError as error:
            raise wrong_call("--max-amount", str(error), "write for example --max-amount '10 RUB'") from error
    return tuple(caps)


def _claim_bundle(options: CanaryOptions, loaded: _Loaded) -> BundleWriter:
    head = {
        "mode": options.mode,
        "target": loaded.target.settings.name,
        "argv": sys.argv[1:],
        "started_at": utc_text(loaded.target.clock.now()),
        "project": asdict(loaded.project.files),
    }
    return BundleWriter.create(options.artifacts, KIND, loaded.target.run_id, head, loaded.redact)


def _run(options: CanaryOptions, loaded: _Loaded, writer: BundleWriter) -> CanaryRun:
    progress = CanaryProgress(len(loaded.probes), quiet=options.quiet or options.as_json)
    progress.begin(loaded.project, loaded.target)
    with recorded_output(writer.open_log()) as log:

        def tell(result: ProbeResult) -> None:
            progress.result(result)
            log(result)

        plan = CanaryPlan(
            mode=options.mode,
            probes=loaded.probes,
            redact=loaded.redact,
            require_sandbox=options.require_sandbox,
            progress=Progress(planned=progress.planned, result=tell),
        )
        _preload()
        run = run_canary(loaded.target, plan)
    progress.end()
    loaded.target.close()
    return run


def _preload() -> None:
    """Import what the record needs while the run waits for answers."""
    schema.preload()
    Thread(target=import_module, args=(_RECORD,), name="record-preload", daemon=True).start()

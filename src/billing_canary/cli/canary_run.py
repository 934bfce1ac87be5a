"""One canary run: load, claim the bundle, connect, run. The modes differ in who prepares the target."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

import click

from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.journal import JOURNAL_FILE, Journal
from billing_canary.artifact.run_id import new_run_id
from billing_canary.cli.canary import CanaryOptions
from billing_canary.cli.progress import CanaryProgress
from billing_canary.cli.recording import environment_secrets
from billing_canary.cli.run_log import recorded_output
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import Problem, RefusedError, noting, raise_problems, wrong_call
from billing_canary.guard.keys import KEYS_RULE, live_variables
from billing_canary.model import CanaryRun, ProbeResult
from billing_canary.money import Money, parse_money
from billing_canary.probe.canary import CanaryPlan, Progress, run_canary
from billing_canary.probe.excuses import unknown_excuses
from billing_canary.probe.loader import load_probes, select
from billing_canary.probe.refused import refused_run
from billing_canary.probe.registry import Probe
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Prepared, Wishes

KIND = "billing-canary"
_RECORD = "billing_canary.cli.canary_record"

Prepare = Callable[[Project, Wishes], Prepared]
"""Reads a target of a project; raises ProjectError or RefusedError, and sends nothing."""

LogResult = Callable[[ProbeResult], None]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What was loaded for a run."""

    project: Project
    probes: tuple[Probe, ...]
    prepared: Prepared
    run_id: str
    redact: Redactor


def load(options: CanaryOptions, prepare: Prepare) -> Loaded:
    """Read everything that a run needs.

    Raises:
        ProjectError: the call or the project is wrong, with every problem of every file.
        RefusedError: from `prepare`.
    """
    wishes = Wishes(
        caps=_caps(options.caps), expect_build=options.expect_build, require_sandbox=options.require_sandbox
    )
    project = find_project(options.project, Path.cwd())
    problems: list[Problem] = []
    with noting(problems):
        every = load_probes(project)
        chosen = select(every, options.only)
    with noting(problems):
        prepared = prepare(project, wishes)
    raise_problems(problems)
    raise_problems([*unknown_excuses(project, prepared.settings, every)])
    redact = Redactor((*prepared.settings.all_secrets, *environment_secrets(os.environ)))
    return Loaded(project=project, probes=chosen, prepared=prepared, run_id=_run_id(options), redact=redact)


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


def claim_bundle(options: CanaryOptions, loaded: Loaded) -> BundleWriter:
    """The bundle of the run, with its state `running`. Raises as `BundleWriter.create`."""
    head = {
        "mode": options.mode,
        "target": loaded.prepared.settings.name,
        "argv": sys.argv[1:],
        "started_at": utc_text(SystemClock().now()),
        "project": asdict(loaded.project.files),
    }
    return BundleWriter.create(options.artifacts, KIND, loaded.run_id, head, loaded.redact)


def perform(options: CanaryOptions, loaded: Loaded, writer: BundleWriter) -> CanaryRun:
    """Connect and run the probes; a refusal by the guard is a run without results, not an exception."""
    _warn_of_live_keys(loaded.prepared)
    progress = CanaryProgress(len(loaded.probes), quiet=options.quiet or options.as_json)
    progress.begin(loaded.project)
    with recorded_output(writer.open_log()) as log:
        journal = Journal(writer.open_log(JOURNAL_FILE), loaded.run_id, SystemClock())
        _preload()
        try:
            target = loaded.prepared.connect(loaded.run_id)
        except RefusedError as refusal:
            return _refused(options, loaded, refusal)
        progress.connected(target)
        run = run_canary(target, _plan(options, loaded, progress, log, journal))
    progress.end()
    target.close()
    return run


def _warn_of_live_keys(prepared: Prepared) -> None:
    """Name the variables that hold a live key which no run would use; they are nobody's business here."""
    names = live_variables(os.environ, prepared.settings.variables)
    for name in names:
        prepared.guard.warn(KEYS_RULE, f"{name} holds a live key, which is not used")
    if names:
        told = "holds a live key; unset it" if len(names) == 1 else "hold live keys; unset them"
        click.echo(f"warning: {', '.join(names)} {told} where the canary runs", err=True)


def _plan(
    options: CanaryOptions, loaded: Loaded, progress: CanaryProgress, log: LogResult, journal: Journal
) -> CanaryPlan:
    def tell(result: ProbeResult) -> None:
        progress.result(result)
        log(result)

    return CanaryPlan(
        mode=options.mode,
        probes=loaded.probes,
        redact=loaded.redact,
        require_sandbox=options.require_sandbox,
        progress=Progress(planned=progress.planned, result=tell, accounts=journal),
    )


def _refused(options: CanaryOptions, loaded: Loaded, refusal: RefusedError) -> CanaryRun:
    click.echo(f"refused before any connection: {refusal}")  # stdout is the run's log here
    return refused_run(
        refusal,
        loaded.prepared.guard,
        run_id=loaded.run_id,
        mode=options.mode,
        target=loaded.prepared.settings.name,
        redact=loaded.redact,
        clock=SystemClock(),
    )


def _preload() -> None:
    """Import what the record needs while the run waits for answers."""
    schema.preload()
    Thread(target=import_module, args=(_RECORD,), name="record-preload", daemon=True).start()

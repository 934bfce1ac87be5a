"""One run of a tier: load, claim the bundle, run the suites, measure coverage."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.tier_history import KIND, EarlierTier, look_back
from billing_canary.artifact.tier_report import MODE
from billing_canary.audit.place import AUDIT_LOG
from billing_canary.cli.confidence_progress import TierProgress
from billing_canary.cli.recording import environment_secrets, truthful_bundle
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.clock import SystemClock, utc_text
from billing_canary.gate.suite import judge_suite, passed
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.suite.attempt import LogSink
from billing_canary.suite.runner import RunPlan, longest_first, run_suites
from billing_canary.suite.tier_file import load_tier
from billing_canary.tier import Suite, SuiteAttempt, SuiteResult, Tier

if TYPE_CHECKING:
    from billing_canary.cli.confidence_coverage import Measurement
    from billing_canary.module_coverage import ModuleCoverage

_WORK = "work"
"""The bundle's folder for what suites write; gone when the bundle is complete."""


@dataclass(frozen=True, kw_only=True)
class ConfidenceOptions:
    """The options of `billing-canary confidence`.

    Attributes:
        shard: (k, n) when only that part of the tier is to run.
        suites: the suites of the shard as a plan named them; none: as a plan would.
    """

    tier: str
    jobs: int | None
    reruns: int
    fail_fast: bool
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool
    quiet: bool
    shard: tuple[int, int] | None = None
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What was loaded for a run, and what earlier runs tell it; `tier` is cut down to the shard."""

    project: Project
    tier: Tier
    suites: tuple[Suite, ...]
    jobs: int
    run_id: str
    coverage: Measurement | None
    previous: EarlierTier | None


def run_confidence_command(options: ConfidenceOptions) -> int:
    """Run the tier and record it; the exit code.

    Raises:
        ProjectError: the call or the project is wrong; nothing was run.
        EvidenceError: the bundle could not be written.
    """
    clock = SystemClock()
    started, began = clock.now(), clock.monotonic()
    loaded = _load(options, started)
    writer = _claim_bundle(options, loaded, utc_text(started))
    with terminate_as_interrupt(), truthful_bundle(writer):
        work = writer.folder.absolute() / _WORK
        try:
            attempts = _perform(options, loaded, writer, work)
            measured = _measured(options, loaded, writer)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        from billing_canary.cli.confidence_record import Seen, record

        seen = Seen(
            suites=_judged(loaded.tier, attempts),
            coverage=measured,
            started_at=utc_text(started),
            finished_at=utc_text(clock.now()),
            duration_ms=round((clock.monotonic() - began) * 1000),
        )
        return record(options, loaded, seen, writer)


def _load(options: ConfidenceOptions, started: float) -> Loaded:
    project = find_project(options.project, Path.cwd())
    tier = _part(options, load_tier(project, options.tier))
    coverage = _coverage(project) if tier.coverage_gate else None
    names = {suite.name for suite in tier.suites}
    history = look_back(options.artifacts, tier.name, names, _void_runs(project))
    generated = new_run_id(started, os.urandom(2).hex())
    return Loaded(
        project=project,
        tier=tier,
        suites=longest_first(tier.suites, history.durations_ms),
        jobs=min(options.jobs or os.cpu_count() or 1, len(tier.suites)),
        run_id=generated if options.run_id is None else options.run_id,
        coverage=coverage,
        previous=history.previous,
    )


def _part(options: ConfidenceOptions, tier: Tier) -> Tier:
    if options.shard is None:
        return tier
    from billing_canary.cli.confidence_plan import shard_suites

    suites = shard_suites(tier, options.shard, options.suites, options.artifacts)
    return replace(tier, suites=suites)


def _measured(options: ConfidenceOptions, loaded: Loaded, writer: BundleWriter) -> tuple[ModuleCoverage, ...]:
    if loaded.coverage is None:
        return ()
    if options.shard is None:
        return loaded.coverage.finish(writer)
    loaded.coverage.hand_over(writer)
    return ()


def _void_runs(project: Project) -> frozenset[str]:
    """Loaded for projects with an audit log only."""
    if not os.path.lexists(project.root / AUDIT_LOG):
        return frozenset()
    from billing_canary.cli.void_runs import void_runs

    return void_runs(project.root)


def _coverage(project: Project) -> Measurement:
    """Loaded for tiers that gate coverage only."""
    from billing_canary.cli.confidence_coverage import prepare_coverage

    return prepare_coverage(project, os.environ)


def _claim_bundle(options: ConfidenceOptions, loaded: Loaded, started_at: str) -> BundleWriter:
    head = {
        "mode": MODE,
        "tier": loaded.tier.name,
        "shard": None if options.shard is None else dict(zip(("index", "of"), options.shard, strict=True)),
        "argv": sys.argv[1:],
        "started_at": started_at,
        "project": asdict(loaded.project.files),
    }
    redact = Redactor(environment_secrets(os.environ))
    return BundleWriter.create(options.artifacts, KIND, loaded.run_id, head, redact)


def _perform(
    options: ConfidenceOptions, loaded: Loaded, writer: BundleWriter, work: Path
) -> dict[str, tuple[SuiteAttempt, ...]]:
    cover = loaded.coverage.start(work / "coverage") if loaded.coverage is not None else None
    plan = RunPlan(
        suites=loaded.suites,
        jobs=loaded.jobs,
        reruns=options.reruns,
        fail_fast=options.fail_fast,
        passed=lambda suite, attempt: passed(attempt, suite.min_tests),
        root=loaded.project.root,
        work=work,
        mark=f"{loaded.run_id}/{os.urandom(4).hex()}",
        cover=cover,
    )
    progress = TierProgress(loaded.tier, writer.open_log(), quiet=options.quiet or options.as_json)
    progress.begin(loaded.project, loaded.jobs)
    try:
        return run_suites(plan, _BundleRecorder(writer), progress)
    finally:
        progress.end()


def _judged(tier: Tier, attempts: dict[str, tuple[SuiteAttempt, ...]]) -> tuple[SuiteResult, ...]:
    """The results in the tier's own order."""
    return tuple(
        judge_suite(
            name=suite.name,
            title=suite.title,
            min_tests=suite.min_tests,
            attempts=attempts[suite.name],
            expects=suite.expects,
        )
        for suite in tier.suites
    )


class _BundleRecorder:
    """Where the runner's evidence goes."""

    def __init__(self, writer: BundleWriter) -> None:
        self._writer = writer

    def log(self, path: str) -> LogSink:
        return self._writer.open_output(path)

    def keep(self, path: str, source: Path, kind: str) -> None:
        self._writer.keep_file(path, source, kind=kind)

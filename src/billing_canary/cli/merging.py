"""Merging the shards of a tier into one run, with a bundle and a verdict of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.render.text import plain
from billing_canary.artifact.run_id import new_run_id
from billing_canary.artifact.tier_history import KIND, EarlierTier, look_back
from billing_canary.artifact.tier_report import MODE
from billing_canary.cli.recording import environment_secrets, report_head, truthful_bundle
from billing_canary.cli.shard_bundles import ShardBundle, Shards, read_shards
from billing_canary.cli.shard_coverage import MergedCoverage, prepare_merged
from billing_canary.cli.shard_evidence import keep_evidence, with_all_cases
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.cli.tier_recording import complete_and_show, newly_failing, slowest
from billing_canary.cli.void_runs import void_runs
from billing_canary.clock import SystemClock, utc_text
from billing_canary.errors import Problem, raise_problems
from billing_canary.gate.shards import Arrangement, arrange
from billing_canary.gate.suite import judge_suite
from billing_canary.module_coverage import ModuleCoverage
from billing_canary.project import Project, find_project
from billing_canary.redact import Redactor
from billing_canary.suite.tier_file import load_tier
from billing_canary.tier import Suite, SuiteResult, Tier, TierRun

_WORK = "work"


@dataclass(frozen=True, kw_only=True)
class MergeOptions:
    """The options of `billing-canary runs merge`."""

    bundles: tuple[Path, ...]
    project: Path | None
    artifacts: Path
    run_id: str | None
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """Everything that is known before the bundle is claimed."""

    shards: Shards
    project: Project
    tier: Tier
    coverage: MergedCoverage | None
    arrangement: Arrangement
    previous: EarlierTier | None
    run_id: str


def merge_shards(options: MergeOptions) -> int:
    """Merge the bundles and show the verdict; the exit code.

    Raises:
        ProjectError: a bundle is damaged, or they do not belong together or to this project.
        EvidenceError: no shard is complete, or the bundle could not be written.
    """
    started = SystemClock().now()
    loaded = _load(options, started)
    writer = _claim(options, loaded, utc_text(started))
    with terminate_as_interrupt(), truthful_bundle(writer):
        work = writer.folder.absolute() / _WORK
        try:
            _log(loaded, writer)
            keep_evidence(loaded.shards.complete, loaded.arrangement.source, writer)
            coverage = _coverage(loaded, work, writer)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        run = _run(loaded, coverage)
        # The shards tell which code ran; this checkout only judges it.
        ran = loaded.shards.first.report.head
        head = replace(report_head(MODE, loaded.project), commit=ran.commit, dirty=ran.dirty)
        return complete_and_show(writer, run, head, loaded.previous, as_json=options.as_json)


def _load(options: MergeOptions, started: float) -> _Loaded:
    shards = read_shards(options.bundles)
    project = find_project(options.project, Path.cwd())
    tier = load_tier(project, shards.first.report.run.tier)
    coverage = prepare_merged(project, shards.complete, os.environ) if tier.coverage_gate else None
    void = void_runs(project.root)
    raise_problems([*_other_files(project, shards.first), *_void(shards, void)])
    names = [suite.name for suite in tier.suites]
    runs = [shard.report.run for shard in shards.complete]
    return _Loaded(
        shards=shards,
        project=project,
        tier=tier,
        coverage=coverage,
        arrangement=arrange(runs, shards.interrupted, names, shards.first.of),
        previous=look_back(options.artifacts, tier.name, names, void).previous,
        run_id=options.run_id or new_run_id(started, os.urandom(2).hex()),
    )


def _other_files(project: Project, shard: ShardBundle) -> Iterator[Problem]:
    """Files of the project that are here not what the shards ran with."""
    here, there = project.files.sha256, shard.report.head.project.sha256
    for path in sorted(here.keys() | there.keys()):
        if here.get(path) != there.get(path):
            message = f"{plain(path)} is not the file that the shards ran with"
            yield Problem(
                where="--project", message=message, fix="check out their commit, or name their project"
            )


def _void(shards: Shards, void: Collection[str]) -> Iterator[Problem]:
    """Merging must not bring back what somebody declared void."""
    for shard in shards.complete:
        if f"{KIND}/{shard.folder.name}" in void:
            message = "was declared void ('billing-canary runs list' says why)"
            yield Problem(where=str(shard.folder), message=message, fix="run that shard again")


def _claim(options: MergeOptions, loaded: _Loaded, started_at: str) -> BundleWriter:
    head = {
        "mode": MODE,
        "tier": loaded.tier.name,
        "argv": sys.argv[1:],
        "started_at": started_at,
        "project": asdict(loaded.project.files),
    }
    redact = Redactor(environment_secrets(os.environ))
    return BundleWriter.create(options.artifacts, KIND, loaded.run_id, head, redact)


def _log(loaded: _Loaded, writer: BundleWriter) -> None:
    log = writer.open_log()
    for shard in loaded.shards.complete:
        log.write(f"shard {shard.named}: {', '.join(suite.name for suite in shard.report.run.suites)}\n")
    for note in loaded.arrangement.notes:
        log.write(f"{note}\n")


def _coverage(loaded: _Loaded, work: Path, writer: BundleWriter) -> tuple[ModuleCoverage, ...]:
    """Judged only where all was run: what a missing shard covers is not uncovered."""
    if loaded.coverage is None or not loaded.arrangement.complete:
        return ()
    return loaded.coverage.judge(work, writer)


def _run(loaded: _Loaded, coverage: tuple[ModuleCoverage, ...]) -> TierRun:
    runs = [shard.report.run for shard in loaded.shards.complete]
    suites = tuple(_result(loaded, suite) for suite in loaded.tier.suites)
    started, finished = min(run.started_at for run in runs), max(run.finished_at for run in runs)
    took = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    return TierRun(
        run_id=loaded.run_id,
        tier=loaded.tier.name,
        checks_harness=loaded.tier.checks_harness,
        suites=suites,
        jobs=max(run.jobs for run in runs),
        coverage_gate=loaded.tier.coverage_gate,
        coverage=coverage,
        slowest=slowest(suites),
        newly_failing=newly_failing(suites, loaded.previous),
        shard=None,
        started_at=started,
        finished_at=finished,
        duration_ms=max(0, round(took.total_seconds() * 1000)),
        notes=loaded.arrangement.notes,
    )


def _result(loaded: _Loaded, suite: Suite) -> SuiteResult:
    """The suite judged anew from its attempts, by what the tier asks for."""
    at = loaded.arrangement.source.get(suite.name)
    attempts = () if at is None else with_all_cases(loaded.shards.complete[at], suite.name)
    return judge_suite(
        name=suite.name,
        title=suite.title,
        min_tests=suite.min_tests,
        attempts=attempts,
        expects=suite.expects,
    )

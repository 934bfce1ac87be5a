"""Recording a finished run of a tier: judge it, write the bundle, show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.tier_report import MODE
from billing_canary.cli.confidence_run import ConfidenceOptions, Loaded
from billing_canary.cli.recording import report_head
from billing_canary.cli.tier_recording import complete_and_show, newly_failing, slowest
from billing_canary.tier import SuiteResult, TierRun

if TYPE_CHECKING:
    from billing_canary.module_coverage import ModuleCoverage


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the run itself saw."""

    suites: tuple[SuiteResult, ...]
    coverage: tuple[ModuleCoverage, ...]
    started_at: str
    finished_at: str
    duration_ms: int


def record(options: ConfidenceOptions, loaded: Loaded, seen: Seen, writer: BundleWriter) -> int:
    """Complete the bundle and show the verdict; the exit code.

    Raises:
        EvidenceError: the bundle could not be written.
    """
    head = report_head(MODE, loaded.project)
    run = _run(options, loaded, seen)
    return complete_and_show(writer, run, head, loaded.previous, as_json=options.as_json)


def _run(options: ConfidenceOptions, loaded: Loaded, seen: Seen) -> TierRun:
    return TierRun(
        run_id=loaded.run_id,
        tier=loaded.tier.name,
        checks_harness=loaded.tier.checks_harness,
        suites=seen.suites,
        jobs=loaded.jobs,
        coverage_gate=loaded.tier.coverage_gate,
        coverage=seen.coverage,
        slowest=slowest(seen.suites),
        newly_failing=newly_failing(seen.suites, loaded.previous),
        shard=options.shard,
        started_at=seen.started_at,
        finished_at=seen.finished_at,
        duration_ms=seen.duration_ms,
    )

"""The coverage part of a tier's run: read the gate, measure the suites, judge the modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.module_coverage import ModuleCoverage, ModuleMeasure
from billing_canary.project import Project
from billing_canary.suite.command import Cover
from billing_canary.suite.coverage_policy import CoveragePolicy, load_coverage_policy
from billing_canary.suite.coverage_run import CoverageRun

COVERAGE_DATA = "coverage/coverage.db"
"""In a bundle: the data of coverage.py for all of its suites."""

SOURCE_HASHES = "coverage/sources.json"
"""In the bundle of a shard: the sha256 of each gated source before the run."""


class Measurement:
    """The coverage of one run of a tier."""

    def __init__(self, policy: CoveragePolicy) -> None:
        self._policy = policy
        self._run: CoverageRun | None = None
        self._work = Path()

    def start(self, work: Path) -> Cover:
        """Hash the gated sources; what puts a suite under measurement.

        Raises:
            EvidenceError: a source cannot be read.
        """
        self._work = work
        self._run = CoverageRun(self._policy, work)
        return self._run.cover

    def finish(self, writer: BundleWriter) -> tuple[ModuleCoverage, ...]:
        """Combine what the suites measured, judge each gated module, and keep it in the bundle.

        Raises:
            EvidenceError: data cannot be combined, or the bundle not be written.
        """
        if self._run is None:
            return ()
        data = self._run.combine(self._work / "combined")
        return record_coverage(self._policy, self._run.measure(data), data, writer)

    def hand_over(self, writer: BundleWriter) -> None:
        """Keep what a shard measured, with the hashes of the sources, for those who merge it.

        Raises:
            EvidenceError: data cannot be combined, or the bundle not be written.
        """
        if self._run is None:
            return
        data = self._run.combine(self._work / "combined")
        writer.keep_file(COVERAGE_DATA, data, kind="coverage", masked=False)
        document = {"schema_version": "1", "sha256": dict(self._run.hashes)}
        writer.write_json(SOURCE_HASHES, document, kind="coverage")


def record_coverage(
    policy: CoveragePolicy, measures: Sequence[ModuleMeasure], data: Path, writer: BundleWriter
) -> tuple[ModuleCoverage, ...]:
    """Judge the gated modules by their `measures`, and keep result and `data` in the bundle.

    Raises:
        EvidenceError: the bundle cannot be written.
    """
    from billing_canary.artifact.coverage_document import COVERAGE_DOCUMENT, coverage_document
    from billing_canary.gate.coverage import judge, judge_module

    modules = tuple(map(judge_module, policy.modules, measures))
    writer.keep_file(COVERAGE_DATA, data, kind="coverage", masked=False)
    writer.write_json(COVERAGE_DOCUMENT, coverage_document(modules, judge(modules)), kind="coverage")
    return modules


def prepare_coverage(project: Project, environ: Mapping[str, str]) -> Measurement:
    """Read `gates/coverage.toml` before anything runs.

    Raises:
        ProjectError: the policy, or an environment variable that overrides it, is wrong.
    """
    return Measurement(load_coverage_policy(project, environ))

"""The coverage of merged shards: their data combined, and judged as those of one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.cli.confidence_coverage import COVERAGE_DATA, SOURCE_HASHES, record_coverage
from billing_canary.cli.shard_bundles import ShardBundle
from billing_canary.errors import Problem, raise_problems
from billing_canary.module_coverage import ModuleCoverage
from billing_canary.project import Project
from billing_canary.suite.coverage_policy import CoveragePolicy, load_coverage_policy
from billing_canary.suite.coverage_run import combine_data, measure
from billing_canary.suite.source_hashes import read_hashes


class MergedCoverage:
    """The gate of this project, and what the shards bring for it."""

    def __init__(
        self, policy: CoveragePolicy, shards: Sequence[ShardBundle], hashes: Mapping[str, str]
    ) -> None:
        self._policy = policy
        self._shards = shards
        self._hashes = hashes

    def judge(self, work: Path, writer: BundleWriter) -> tuple[ModuleCoverage, ...]:
        """The gated modules, from the data of all shards; kept in the bundle.

        Raises:
            EvidenceError: data cannot be combined, or the bundle not be written.
        """
        work.mkdir()
        files = [shard.folder / COVERAGE_DATA for shard in self._shards]
        data = combine_data(self._policy, files, work / "combined")
        return record_coverage(self._policy, measure(self._policy, data, self._hashes), data, writer)


def prepare_merged(
    project: Project, shards: Sequence[ShardBundle], environ: Mapping[str, str]
) -> MergedCoverage:
    """Read the gate of `project` and what the shards say of the sources that they ran.

    Raises:
        ProjectError: the gate is wrong, a shard has no coverage, or they ran different sources.
        EvidenceError: hashes cannot be read.
    """
    policy = load_coverage_policy(project, environ)
    raise_problems(list(_lacking(shards)))
    recorded = {shard.named: read_hashes(shard.folder / SOURCE_HASHES) for shard in shards}
    raise_problems(list(_unlike(recorded)))
    return MergedCoverage(policy, shards, next(iter(recorded.values())))


def _lacking(shards: Sequence[ShardBundle]) -> Iterator[Problem]:
    for shard in shards:
        for path in (COVERAGE_DATA, SOURCE_HASHES):
            if path not in shard.paths:
                fix = "run that shard again with this version"
                yield Problem(where=str(shard.folder), message=f"holds no {path}", fix=fix)


def _unlike(recorded: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    for module in sorted({module for hashes in recorded.values() for module in hashes}):
        said = {name: hashes.get(module, "absent")[:12] for name, hashes in recorded.items()}
        if len(set(said.values())) > 1:
            told = "; ".join(f"{value} in {name}" for name, value in said.items())
            message = f"not the same source of {module}: {told}"
            yield Problem(where="BUNDLE", message=message, fix="merge the shards of one run only")

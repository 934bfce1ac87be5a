"""What a merged run takes over from its shards: logs, reports, artifacts, and their summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.cli.shard_bundles import ShardBundle
from billing_canary.errors import EvidenceError
from billing_canary.suite.attempt import kept_name
from billing_canary.suite.junit_reader import JUnitError, read_junit
from billing_canary.tier import SuiteAttempt

_KINDS = {"logs": "log", "junit": "junit", "artifacts": "artifact"}
"""Folders whose files belong to one suite each, and what these are."""

_OWN = {"summary.json": "shard", "runner.json": "runner", "logs/run.log": "log"}


def keep_evidence(shards: Sequence[ShardBundle], source: Mapping[str, int], writer: BundleWriter) -> None:
    """Copy the files of each suite from the shard that counts for it, and each shard's own.

    Raises:
        EvidenceError: a file cannot be copied.
    """
    for shard in {each.folder: each for each in shards}.values():  # one may have been named twice
        for path, kind in _OWN.items():
            kept = f"shards/{shard.index}-{shard.folder.name}/{path}"
            writer.keep_file(kept, shard.folder / path, kind=kind)
    for at, shard in enumerate(shards):
        for path in shard.paths:
            kind, suite = _owner(path)
            if kind and source.get(suite) == at:
                writer.keep_file(path, shard.folder / path, kind=kind)


def with_all_cases(shard: ShardBundle, suite: str) -> tuple[SuiteAttempt, ...]:
    """The attempts of `suite`, the last with every test of its report: a summary names the failed only."""
    (result,) = (found for found in shard.report.run.suites if found.name == suite)
    if not result.attempts or result.attempts[-1].junit is None:
        return result.attempts
    *earlier, last = result.attempts
    path = f"junit/{kept_name(suite, len(result.attempts), '.xml')}"
    if path not in shard.paths:
        return result.attempts
    try:
        cases = read_junit(shard.folder / path, suite).cases
    except (JUnitError, OSError, EvidenceError):
        return result.attempts
    return (*earlier, replace(last, cases=cases))


def _owner(path: str) -> tuple[str, str]:
    """The kind of a suite's file and the suite; ("", "") for files of the run."""
    parts = PurePosixPath(path).parts
    if len(parts) == 1 or path in _OWN:
        return "", ""
    return _KINDS.get(parts[0], ""), parts[1].partition(".")[0]

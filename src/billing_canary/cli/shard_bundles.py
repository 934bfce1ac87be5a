"""Reading the bundles of shards: each verified, and all of one tier, commit and project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.reader import read_final, read_run
from billing_canary.artifact.render.text import plain
from billing_canary.artifact.tier_history import KIND
from billing_canary.artifact.tier_reading import read_tier_report
from billing_canary.artifact.tier_report import TierReport
from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.cli.rejudge import verdict_problem
from billing_canary.errors import EvidenceError, Problem, raise_problems
from billing_canary.gate.shards import Interrupted

_AGAIN = "fetch it again, or run that shard again"


@dataclass(frozen=True, kw_only=True)
class ShardBundle:
    """The complete, verified bundle of a shard.

    Attributes:
        index: k of n.
        of: n.
        paths: its files by the artifact index.
    """

    folder: Path
    report: TierReport
    index: int
    of: int
    paths: tuple[str, ...]

    @property
    def named(self) -> str:
        """For people."""
        return f"{self.index}/{self.of} ({self.folder.name})"


@dataclass(frozen=True, kw_only=True)
class Shards:
    """What was found: at least one complete bundle, all of them of one run of one tier."""

    complete: tuple[ShardBundle, ...]
    interrupted: tuple[Interrupted, ...]

    @property
    def first(self) -> ShardBundle:
        """The one that speaks for all, where all agree."""
        return self.complete[0]


def read_shards(folders: Iterable[Path]) -> Shards:
    """The shards in `folders`.

    Raises:
        ProjectError: a bundle is damaged or no shard, or they do not belong together; with every problem.
        EvidenceError: none of them is complete.
    """
    problems: list[Problem] = []
    complete: list[ShardBundle] = []
    interrupted: list[Interrupted] = []
    for folder in folders:
        found = _read(folder.resolve(), str(folder), problems)
        if isinstance(found, ShardBundle):
            complete.append(found)
        elif found is not None:
            interrupted.append(found)
    problems.extend(_disagreements(complete))
    raise_problems(problems)
    if not complete:
        names = ", ".join(found.run_id for found in interrupted)
        raise EvidenceError(f"no shard is complete, so nothing was shown; interrupted: {names}")
    ordered = sorted(complete, key=lambda shard: (shard.index, shard.folder.name))
    return Shards(complete=tuple(ordered), interrupted=tuple(interrupted))


def _read(folder: Path, shown: str, problems: list[Problem]) -> ShardBundle | Interrupted | None:
    if folder.parent.name != KIND or not folder.is_dir():
        fix = f"name a folder {KIND}/RUN-ID"
        problems.append(_problem(shown, f"is no bundle of {KIND}", fix))
        return None
    check = verify_bundle(folder)
    if check.state is BundleState.INTERRUPTED:
        return _interrupted(folder)
    if check.state is BundleState.VERIFIED:
        check = verdict_problem(folder, check)
    for found in check.problems:
        told = f"{found.problem}: {plain(found.path)}: {plain(found.detail)}"
        problems.append(_problem(shown, told, _AGAIN))
    return None if check.problems else _complete(folder, shown, problems)


def _complete(folder: Path, shown: str, problems: list[Problem]) -> ShardBundle | None:
    document = read_final(folder).document
    report = read_tier_report(document)
    if report.run.shard is None:
        problems.append(_problem(shown, "is a whole run and no shard", "leave it out"))
        return None
    index, of = report.run.shard
    if index > of:
        problems.append(_problem(shown, f"says that it is shard {index} of {of}", _AGAIN))
        return None
    return ShardBundle(folder=folder, report=report, index=index, of=of, paths=tuple(_paths(document)))


def _paths(document: Mapping[str, Any]) -> Iterator[str]:
    return (row["path"] for row in document["artifact_index"] if row["present"])


def _interrupted(folder: Path) -> Interrupted:
    try:
        shard = read_run(folder).get("shard")
    except EvidenceError:
        shard = None
    return Interrupted(run_id=folder.name, shard=None if shard is None else (shard["index"], shard["of"]))


def _disagreements(shards: Sequence[ShardBundle]) -> Iterator[Problem]:
    """One problem for each thing that must be the same in all and is not."""
    for what in ("tier", "commit", "uncommitted changes", "number of shards"):
        said = {shard.named: _told(shard, what) for shard in shards}
        if len(set(said.values())) > 1:
            yield _unlike(what, said)
    hashes = {shard.named: dict(shard.report.head.project.sha256) for shard in shards}
    for path in sorted({path for found in hashes.values() for path in found}):
        said = {name: found.get(path, "absent")[:12] for name, found in hashes.items()}
        if len(set(said.values())) > 1:
            yield _unlike(f"project file {plain(path)}", said)


def _told(shard: ShardBundle, what: str) -> str:
    head, run = shard.report.head, shard.report.run
    values = {
        "tier": run.tier,
        "commit": head.commit or "unknown",
        "uncommitted changes": {None: "unknown", True: "yes", False: "no"}[head.dirty],
        "number of shards": str(shard.of),
    }
    return values[what]


def _unlike(what: str, said: Mapping[str, str]) -> Problem:
    told = "; ".join(f"{value} in {name}" for name, value in said.items())
    return _problem("BUNDLE", f"not the same {what}: {told}", "merge the shards of one run only")


def _problem(where: str, message: str, fix: str) -> Problem:
    return Problem(where=where, message=message, fix=fix)

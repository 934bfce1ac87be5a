"""What earlier runs of tiers on the same disk say: how long suites take, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.listing import newest_first
from billing_canary.artifact.previous import History, PreviousRun, commit_change
from billing_canary.artifact.reader import read_json
from billing_canary.artifact.seal import seal_holds
from billing_canary.errors import EvidenceError
from billing_canary.tier import TierRun
from billing_canary.verdict import Status

KIND = "billing-confidence"
_LOOK_BACK = 20
"""Runs; enough to find each tier of a project, and quickly read."""


@dataclass(frozen=True, kw_only=True)
class EarlierTier:
    """An earlier complete run of a tier, as its bundle tells."""

    folder: Path
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TierHistory:
    """What earlier runs say to a new one.

    Attributes:
        durations_ms: last known duration of each suite, from any tier.
        previous: the newest earlier run of the same tier that ran whole.
    """

    durations_ms: Mapping[str, int]
    previous: EarlierTier | None


def look_back(root: Path, tier: str, suites: Collection[str], void: Collection[str] = ()) -> TierHistory:
    """The history of `tier` with its `suites` from the complete bundles below `root`, read before the run.

    Only sealed final files count; validating them again would take longer than they are worth here. Runs that
    somebody declared `void` (kind/run-id) do not.
    """
    durations: dict[str, int] = {}
    previous: EarlierTier | None = None
    for earlier in islice(_complete(root, void), _LOOK_BACK):
        for name, duration in _durations(earlier.document):
            durations.setdefault(name, duration)
        if previous is None and _is_comparable(earlier.document, tier):
            previous = earlier
        if previous is not None and durations.keys() >= set(suites):
            break
    return TierHistory(durations_ms=durations, previous=previous)


def planned_durations(root: Path, suites: Collection[str]) -> dict[str, int]:
    """Last known durations for splitting a tier: of runs that were no shards.

    Otherwise the first shard to end would change the split for the others on the same disk.
    """
    durations: dict[str, int] = {}
    whole = (earlier for earlier in _complete(root) if earlier.document.get("shard") is None)
    for earlier in islice(whole, _LOOK_BACK):
        for name, duration in _durations(earlier.document):
            durations.setdefault(name, duration)
        if durations.keys() >= set(suites):
            break
    return durations


def since_and_changes(
    previous: EarlierTier | None, run: TierRun, status: Status, commit: str | None
) -> History:
    """Since when runs of the tier have had `status`, and what changed since the one before."""
    if previous is None:
        return History(since=run.started_at, previous=None)
    document = previous.document
    lasting = document["overall_status"] == status
    since = str(document.get("since") or document["started_at"]) if lasting else run.started_at
    before = PreviousRun(
        run_id=str(document["run_id"]),
        overall_status=str(document["overall_status"]),
        commit=document["commit"],
        started_at=str(document["started_at"]),
        changes=(*commit_change(document["commit"], commit), *_suite_changes(document, run)),
    )
    return History(since=since, previous=before)


def kept_junit(previous: EarlierTier, suite: str) -> Path | None:
    """The JUnit file of the last attempt of `suite` in an earlier run, if it kept one."""
    for row in previous.document["suites"]:
        if row["name"] == suite and row["attempts"]:
            number = len(row["attempts"])
            name = f"{suite}.xml" if number == 1 else f"{suite}.{number}.xml"
            file = previous.folder / "junit" / name
            return file if file.is_file() and not file.is_symlink() else None
    return None


def _complete(root: Path, void: Collection[str] = ()) -> Iterator[EarlierTier]:
    kind = kind_named(KIND)
    try:
        folders = newest_first(root, (kind.name,))
    except EvidenceError:  # claiming the bundle says so, with its fix
        return
    for folder in folders:
        if f"{kind.name}/{folder.name}" in void:
            continue
        try:
            final = read_json(folder, kind.final)
        except EvidenceError:
            continue
        if seal_holds(final.data, final.document):
            yield EarlierTier(folder=folder, document=final.document)


def _is_comparable(document: Mapping[str, Any], tier: str) -> bool:
    return document.get("tier") == tier and document.get("shard") is None


def _durations(document: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for suite in document["suites"]:
        if suite["attempts"]:
            yield str(suite["name"]), int(suite["attempts"][-1]["duration_ms"])


def _suite_changes(document: Mapping[str, Any], run: TierRun) -> Iterator[str]:
    earlier = {str(suite["name"]): str(suite["reason"]) for suite in document["suites"]}
    current = {suite.name: str(suite.reason) for suite in run.suites}
    for name in sorted(earlier | current):
        was, now = earlier.get(name, "not in the tier"), current.get(name, "not in the tier")
        if was != now:
            yield f"suite {name}: {was} before, {now} now"

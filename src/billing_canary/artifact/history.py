"""What earlier runs on the same disk say: since when a status lasts, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.listing import DAMAGED, INTERRUPTED, list_runs
from billing_canary.artifact.previous import History, PreviousRun, commit_change
from billing_canary.artifact.reader import read_json
from billing_canary.artifact.seal import seal_holds
from billing_canary.errors import EvidenceError
from billing_canary.model import CanaryRun, Status

_LOOK_BACK = 50
"""Runs; a day of half-hourly canaries. Older ones do not tell a commander more."""


def look_back(
    root: Path, run: CanaryRun, status: Status, commit: str | None, void: Collection[str] = ()
) -> History:
    """The history of `run`, which came to `status`, from the complete canary bundles below `root`.

    Only the nearest run of the same mode and target is read: each report carries on since when its own
    status lasts. Interrupted and damaged runs tell nothing and are passed over, and so are those that
    somebody declared `void` (kind/run-id).
    """
    latest = next(_earlier(root, run, void), None)
    if latest is None:
        return History(since=run.started_at, previous=None)
    lasting = latest["overall_status"] == status
    since = str(latest.get("since") or latest["started_at"]) if lasting else run.started_at
    return History(since=since, previous=_previous(latest, run, commit))


def _earlier(root: Path, run: CanaryRun, void: Collection[str]) -> Iterator[Mapping[str, Any]]:
    """Earlier reports, newest first, each with its seal intact: validating them again would take longer."""
    kind = kind_named("billing-canary")
    for row in islice(list_runs(root, (kind.name,)), _LOOK_BACK):
        if row.status in {INTERRUPTED, DAMAGED} or not row.started_at < run.started_at:
            continue
        if f"{kind.name}/{row.run_id}" in void:
            continue
        try:
            final = read_json(row.folder, kind.final)
        except EvidenceError:
            continue
        same = (final.document.get("mode"), final.document.get("target")) == (run.mode, run.target)
        if same and seal_holds(final.data, final.document):
            yield final.document


def _previous(document: Mapping[str, Any], run: CanaryRun, commit: str | None) -> PreviousRun:
    before = document.get("commit")
    return PreviousRun(
        run_id=str(document["run_id"]),
        overall_status=str(document["overall_status"]),
        commit=before,
        started_at=str(document["started_at"]),
        changes=(*commit_change(before, commit), *_probe_changes(document["probes"], run)),
    )


def _probe_changes(before: Sequence[Mapping[str, Any]], run: CanaryRun) -> Iterator[str]:
    earlier = {str(probe["id"]): str(probe["status"]) for probe in before}
    current = {probe.id: str(probe.status) for probe in run.probes}
    for probe in sorted(earlier | current):
        was, now = earlier.get(probe, "not run"), current.get(probe, "not run")
        if was != now:
            yield f"{probe}: {was} before, {now} now"

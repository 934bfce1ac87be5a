"""What earlier evaluations of the triggers say: what fired and was not re-armed, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from billing_canary.artifact.listing import newest_first
from billing_canary.artifact.previous import PreviousRun, commit_change
from billing_canary.artifact.reader import read_final
from billing_canary.artifact.triggers_report import KIND, TriggersReport, read_triggers_report
from billing_canary.artifact.verify import BundleState, Verification, verify_bundle
from billing_canary.errors import EvidenceError
from billing_canary.rollback import EarlierFiring, Recommendation, TriggerState

_LOOK_BACK = 100
"""Evaluations; a trigger that none of them judged is new."""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What earlier evaluations tell a new one.

    Attributes:
        firings: the firing that still stands for each trigger that has one; nobody has looked yet whether it
            was cleared since.
        previous: the newest earlier evaluation that can be trusted.
        notes: which earlier ones cannot be.
    """

    firings: tuple[EarlierFiring, ...] = ()
    previous: TriggersReport | None = None
    notes: tuple[str, ...] = ()


def remember(root: Path, triggers: Collection[str], own: str) -> Remembered:
    """Look back through the bundles below `root`, newest first, until each of `triggers` was found.

    Interrupted evaluations judged nothing and are passed over. A damaged one may have known of a firing:
    it is passed over with a note.

    Args:
        root: the artifacts folder.
        triggers: ids.
        own: run id of the evaluation that asks.

    Raises:
        EvidenceError: the folder cannot be listed.
    """
    missing, firings, notes = set(triggers), [], []
    previous: TriggersReport | None = None
    for found in islice(_earlier(root, own), _LOOK_BACK):
        if isinstance(found, str):
            notes.append(found)
            continue
        previous = previous or found
        for result in found.recommendation.triggers:
            if result.id in missing and result.firing is not None:
                firings.append(result.firing)
            missing.discard(result.id)
        if not missing:
            break
    return Remembered(firings=tuple(firings), previous=previous, notes=tuple(notes))


def _earlier(root: Path, own: str) -> Iterator[TriggersReport | str]:
    """Earlier evaluations, newest first; of a damaged one a note."""
    for folder in newest_first(root, (KIND,)):
        check = verify_bundle(folder)
        if folder.name == own or check.state is BundleState.INTERRUPTED:
            continue
        try:
            yield _damage(check) or read_triggers_report(read_final(folder).document)
        except EvidenceError as error:
            yield _note(folder.name, str(error))


def _damage(check: Verification) -> str:
    return "" if check.state is BundleState.VERIFIED else _note(check.run_id, check.problems[0].detail)


def _note(run_id: str, reason: str) -> str:
    return f"evaluation {run_id} is damaged ({reason.splitlines()[0]}): what fired there is not known"


def since(before: TriggersReport | None, told: Recommendation, started_at: str) -> str:
    """Since when the verdict lasts; for a rollback since the first of the standing firings."""
    standing = [result.firing.since for result in told.triggers if result.firing is not None]
    if standing:
        return min(standing)
    lasting = before is not None and before.recommendation.verdict == told.verdict
    return before.since if before is not None and lasting else started_at


def previous_run(
    before: TriggersReport | None, told: Recommendation, commit: str | None
) -> PreviousRun | None:
    """The evaluation before, with what is different now; None when there is none."""
    if before is None:
        return None
    return PreviousRun(
        run_id=before.run_id,
        overall_status=str(before.verdict.overall_status),
        commit=before.running,
        started_at=before.started_at,
        changes=(*commit_change(before.running, commit), *_changes(before.recommendation, told)),
    )


def _changes(before: Recommendation, now: Recommendation) -> Iterator[str]:
    was = {result.id: result.state for result in before.triggers}
    states = {result.id: result.state for result in now.triggers}
    for trigger in sorted(was | states):
        earlier, later = _told(was.get(trigger)), _told(states.get(trigger))
        if earlier != later:
            yield f"{trigger}: {earlier} before, {later} now"


def _told(state: TriggerState | None) -> str:
    return "not judged" if state is None else str(state)

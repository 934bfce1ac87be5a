"""Finding the evidence that a decision rests on: for each question the newest run that concerns it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from billing_canary.artifact.evidence_look import look
from billing_canary.artifact.evidence_order import candidates
from billing_canary.artifact.verify import BundleState, Verification
from billing_canary.errors import EvidenceError
from billing_canary.release import BundleEvidence

Check = Callable[[Path], Verification]
"""Verifies one bundle in full: every file, and that the verdict follows from the evidence."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What one item asks the recorded runs for.

    Attributes:
        kind: the kind of bundle.
        concerns: whether a run is, or may be, what is asked for; the newest such run is the answer.
        resembles: whether it would be, were it of another commit; such a run explains what is missing.
    """

    kind: str
    concerns: Callable[[BundleEvidence], bool]
    resembles: Callable[[BundleEvidence], bool]


def find_evidence(
    root: Path, questions: Sequence[Question], check: Check, invalidated: Mapping[str, str]
) -> tuple[BundleEvidence, ...]:
    """The runs below `root` that answer `questions`, newest first within each kind, each fully checked.

    Runs are opened newest first, and no more of them than it takes to answer every question.

    Args:
        root: the artifacts folder.
        questions: what is asked for.
        check: verifies a run that is part of the answer.
        invalidated: `kind/run-id` to the reason for which somebody declared that run void.
    """
    kinds = dict.fromkeys(question.kind for question in questions)
    found = [seen for kind in kinds for seen in _of_kind(root, kind, questions)]
    return tuple(_checked(root, seen, check, invalidated) for seen in found)


def _of_kind(root: Path, kind: str, questions: Sequence[Question]) -> Iterator[BundleEvidence]:
    waiting = [question for question in questions if question.kind == kind]
    explained: list[Question] = []
    for folder in candidates(root, kind):
        if not waiting:
            return
        seen = look(root, folder)
        answered = [question for question in waiting if question.concerns(seen)]
        alike = [each for each in waiting if each not in explained and each.resembles(seen)]
        explained += alike
        if answered or alike:
            yield seen
        waiting = [question for question in waiting if question not in answered]


def _checked(
    root: Path, seen: BundleEvidence, check: Check, invalidated: Mapping[str, str]
) -> BundleEvidence:
    """`seen` with what verifying all of it shows, and whether it was declared void."""
    seen = replace(seen, invalidated=invalidated.get(f"{seen.kind}/{seen.run_id}", ""))
    if seen.state != BundleState.VERIFIED:
        return seen
    try:
        verification = check(root / seen.folder)
    except (EvidenceError, OSError) as error:
        return replace(seen, state=str(BundleState.DAMAGED), detail=str(error))
    problems = "; ".join(f"{found.path}: {found.detail}" for found in verification.problems[:3])
    return replace(seen, state=str(verification.state), detail=problems)

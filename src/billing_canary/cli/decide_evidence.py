"""Looking for everything that a decision rests on: runs, the audit log, the change, defects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_canary.artifact.change import read_change
from billing_canary.artifact.decision_history import DecisionHistory, lost_citations
from billing_canary.artifact.decision_report import KIND
from billing_canary.artifact.defect_file import read_defects
from billing_canary.artifact.evidence_finder import Question, find_evidence
from billing_canary.artifact.run_index import missing_runs
from billing_canary.artifact.verify import BundleState, Verification, verify_bundle
from billing_canary.audit.continuation import continuation_problem
from billing_canary.audit.log import AuditLog
from billing_canary.audit.log_file import load_log
from billing_canary.audit.views import invalidated
from billing_canary.cli.rejudge import verdict_problem
from billing_canary.errors import EvidenceError
from billing_canary.gate.release_run import RUN_KINDS, wanted_run
from billing_canary.release import Defect, ItemKind, ReleaseEvidence, ReleasePolicy


@dataclass(frozen=True, kw_only=True)
class Search:
    """Where evidence is looked for, and about what.

    Attributes:
        artifacts: the folder of the bundles.
        project: root of the project, which holds the audit log and the defect file.
        commit: the candidate, a full hash.
        decided_at: RFC 3339, UTC.
        history: earlier decisions, each made with a state of the audit log that the present one goes on from.
    """

    artifacts: Path
    project: Path
    policy: ReleasePolicy
    commit: str
    decided_at: str
    history: DecisionHistory


def gather(search: Search) -> ReleaseEvidence:
    """Everything that is recorded about the candidate. What cannot be read is said in it, as a blocker."""
    log = _log(search.project)
    void = invalidated(log)
    questions = list(_questions(search.policy, search.commit))
    defects, defects_problem = _defects(search.project, search.policy)
    lost = (
        *missing_runs(search.artifacts),
        *lost_citations(search.artifacts, search.history, search.commit),
    )
    gone = tuple(run for run in dict.fromkeys(lost) if run not in void)
    return ReleaseEvidence(
        commit=search.commit,
        decided_at=search.decided_at,
        change=read_change(search.project, search.commit, search.policy.tags),
        bundles=find_evidence(search.artifacts, questions, full_check, void),
        log=log,
        gone=gone,
        defects=defects,
        defects_problem=defects_problem,
        rewritten=_rewritten(search, log, (*gone, *search.history.doubtful), void),
    )


def full_check(folder: Path) -> Verification:
    """Every file of a bundle against its index, and its verdict against its evidence."""
    check = verify_bundle(folder)
    return check if check.state is not BundleState.VERIFIED else verdict_problem(folder, check)


def _questions(policy: ReleasePolicy, commit: str) -> Iterator[Question]:
    for item in policy.items:
        if item.kind in RUN_KINDS:
            wanted = wanted_run(item, commit)
            yield Question(kind=wanted.kind, concerns=wanted.concerns, resembles=wanted.resembles)


def _log(root: Path) -> AuditLog:
    try:
        return load_log(root)
    except EvidenceError as error:
        return AuditLog(problems=(str(error),))


def _rewritten(search: Search, log: AuditLog, lost: Iterable[str], void: Collection[str]) -> str:
    """Why the log may not be the old one continued, or ""; a decision that is lost could have told."""
    if log.problems:
        return ""
    decisions = [run for run in lost if run.partition("/")[0] == KIND and run not in void]
    if decisions:
        told = f"it cannot be told, since {', '.join(decisions)}, which was made with it, is gone or damaged"
        run_id = decisions[0].partition("/")[2]
        return f"{told}; restore that, or: billing-canary runs invalidate {run_id} --kind {KIND} --reason WHY"
    return continuation_problem(search.project, log, {each.log_head for each in search.history.decisions})


def _defects(root: Path, policy: ReleasePolicy) -> tuple[tuple[Defect, ...] | None, str]:
    files = {str(item.settings["file"]) for item in policy.items if item.kind is ItemKind.DEFECTS}
    named = sorted(files - {""})
    if not named:
        return None, ""
    try:
        return tuple(defect for file in named for defect in read_defects(root, file)), ""
    except EvidenceError as error:
        return None, str(error)

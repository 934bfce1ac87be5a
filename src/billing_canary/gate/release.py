"""Go or no-go: each required item of the checklist is green with evidence for this commit, or it is NO-GO."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from billing_canary.gate.release_approvals import approved
from billing_canary.gate.release_case import Case
from billing_canary.gate.release_log import no_defects, plan_rehearsed, risks_known, signed_off
from billing_canary.gate.release_run import RUN_KINDS, answer, wanted_run
from billing_canary.gate.release_runs import artifacts_complete, coverage_holds, run_passed, suites_passed
from billing_canary.release import (
    Decision,
    ItemKind,
    ItemResult,
    ReleaseEvidence,
    ReleaseItem,
    ReleasePolicy,
    RiskScore,
)
from billing_canary.verdict import Status

GO, NO_GO = "GO", "NO-GO"

_RULES: Mapping[ItemKind, Callable[[ReleaseItem, Case], ItemResult]] = {
    ItemKind.TIER: run_passed,
    ItemKind.PROBE: run_passed,
    ItemKind.SUITES: suites_passed,
    ItemKind.COVERAGE: coverage_holds,
    ItemKind.ARTIFACTS: artifacts_complete,
    ItemKind.DEFECTS: no_defects,
    ItemKind.RISKS: risks_known,
    ItemKind.SIGN_OFF: signed_off,
    ItemKind.ROLLBACK_PLAN: plan_rehearsed,
    ItemKind.APPROVALS: approved,
}
"""A new kind of item is one function and one line here."""


def judge(policy: ReleasePolicy, evidence: ReleaseEvidence, risk: RiskScore) -> Decision:
    """The decision on `evidence.commit`. The risk is shown beside it, and overrides nothing."""
    items = judge_items(policy, evidence)
    blockers = tuple(_blockers(items))
    return Decision(
        verdict=NO_GO if blockers else GO,
        commit=evidence.commit,
        decided_at=evidence.decided_at,
        items=items,
        blockers=blockers,
        risk=risk,
        cites=_cites(policy, evidence),
    )


def judge_items(policy: ReleasePolicy, evidence: ReleaseEvidence) -> tuple[ItemResult, ...]:
    """What each item of the checklist comes to, in its order."""
    case = Case(policy=policy, evidence=evidence)
    return tuple(_RULES[item.kind](item, case) for item in policy.items)


def _blockers(items: tuple[ItemResult, ...]) -> Iterator[str]:
    required = [item for item in items if item.required]
    if not required:
        yield "the policy requires nothing, so nothing was shown"
    for item in required:
        if item.status is not Status.PASS:
            yield f"{item.id}: {item.reason}"


def _cites(policy: ReleasePolicy, evidence: ReleaseEvidence) -> tuple[str, ...]:
    """Every run that an item rests on, green or red, each once."""
    case = Case(policy=policy, evidence=evidence)
    asked = (wanted_run(item, evidence.commit) for item in policy.items if item.kind in RUN_KINDS)
    found = (answer(case, wanted) for wanted in asked)
    return tuple(dict.fromkeys(f"{run.kind}/{run.run_id}" for run in found if run is not None and run.run_id))

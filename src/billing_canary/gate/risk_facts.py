"""From recorded evidence to the facts that the risk score weighs; each says where it is from."""

from __future__ import annotations

from collections.abc import Sequence

from billing_canary.audit.views import Attestation, attestations
from billing_canary.gate.risk_history import past_incidents
from billing_canary.gate.risk_surface import billing_logic, high_blast_radius, migration, touched_modules
from billing_canary.gate.risk_tests import signal_of_tests
from billing_canary.release import Change, ItemKind, ItemResult, ReleaseEvidence, ReleasePolicy
from billing_canary.risk import Fact, RiskFacts, RiskPolicy, RollbackState, derived, stated, unknown
from billing_canary.verdict import Status

_OWN_FACTOR = frozenset({ItemKind.APPROVALS, ItemKind.ROLLBACK_PLAN})
"""Items of these kinds are factors of their own and are not counted twice."""

_WORST_FIRST = tuple(reversed(RollbackState))


def facts_from(
    policy: RiskPolicy, release: ReleasePolicy, evidence: ReleaseEvidence, items: Sequence[ItemResult]
) -> RiskFacts:
    """The facts about the candidate.

    Args:
        policy: patterns of paths, tiers of tests, what is stated.
        release: tells the environment, and of which kind each item is.
        evidence: what was recorded; its `decided_at` is the only clock.
        items: what the items of `release` came to.
    """
    environment, change = _environment(release), _change(evidence)
    modules = touched_modules(policy, change)
    logic = billing_logic(policy, change, modules)
    return RiskFacts(
        environment=environment,
        migration=migration(policy, change),
        billing_logic=logic,
        modules=modules,
        rollback=_rollback(release, evidence, items),
        unresolved=_unresolved(release, items),
        past_incidents=past_incidents(policy, evidence, logic),
        tests=signal_of_tests(policy, evidence),
        high_blast_radius=high_blast_radius(policy, environment, modules),
        approvals_missing=_approvals_missing(release, items),
    )


def _change(evidence: ReleaseEvidence) -> Change:
    """The recorded change, if it is the candidate's."""
    if evidence.change.commit == evidence.commit:
        return evidence.change
    return Change(commit=evidence.commit, problem="the recorded change is that of another commit")


def _environment(release: ReleasePolicy) -> Fact[str]:
    name = release.environment.strip()
    if not name:
        return unknown("gates/release.toml names no environment")
    return stated(name, "environment in gates/release.toml")


def _unresolved(release: ReleasePolicy, items: Sequence[ItemResult]) -> Fact[int]:
    apart = {item.id for item in release.items if item.kind in _OWN_FACTOR}
    counted = [item for item in items if item.required and item.id not in apart]
    if not counted:
        return unknown("the checklist has no required item that counts here")
    open_items = [item.id for item in counted if item.status is not Status.PASS]
    named = f": {', '.join(open_items)}" if open_items else ""
    return derived(len(open_items), f"{len(open_items)} of {len(counted)} required items not green{named}")


def _approvals_missing(release: ReleasePolicy, items: Sequence[ItemResult]) -> Fact[bool]:
    found = _of_kind(release, items, ItemKind.APPROVALS)
    if not found:
        return unknown("the checklist asks for no approvals")
    missing = [f"{item.id} is {item.status}" for item in found if item.status is not Status.PASS]
    return derived(bool(missing), "; ".join(missing) or "all approvals are there")


def _rollback(
    release: ReleasePolicy, evidence: ReleaseEvidence, items: Sequence[ItemResult]
) -> Fact[RollbackState]:
    """The worst of the checklist's rollback plans."""
    if evidence.log.problems or evidence.rewritten:
        return unknown("the audit log cannot be trusted")
    plans = [_plan(evidence, item) for item in _of_kind(release, items, ItemKind.ROLLBACK_PLAN)]
    ordered = [plan for state in _WORST_FIRST for plan in plans if plan.value is state]
    return ordered[0] if ordered else unknown("the checklist has no rollback plan")


def _plan(evidence: ReleaseEvidence, item: ItemResult) -> Fact[RollbackState]:
    said = _in_force(evidence, item.id)
    if said is None:
        return derived(RollbackState.NONE, f"nobody attested {item.id} for this commit")
    words = f"{said.state or 'no state'} in entry {said.sequence} of the audit log, by {said.by}"
    state = RollbackState(said.state) if said.state else RollbackState.NONE
    if state is RollbackState.VERIFIED and item.status is not Status.PASS:
        return stated(RollbackState.PARTIAL, f"{words}, but {item.id} is {item.status}")
    return stated(state, words)


def _in_force(evidence: ReleaseEvidence, item: str) -> Attestation | None:
    """The latest attestation of `item` for the candidate that has not expired."""
    found = [
        each
        for each in attestations(evidence.log, evidence.commit)
        if each.item == item and each.expires > evidence.decided_at
    ]
    return found[-1] if found else None


def _of_kind(release: ReleasePolicy, items: Sequence[ItemResult], kind: ItemKind) -> list[ItemResult]:
    ids = {item.id for item in release.items if item.kind is kind}
    return [item for item in items if item.id in ids]

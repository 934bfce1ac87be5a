"""The decision as a whole: GO needs every required item, and nothing else changes that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.releases import (
    CANARY,
    COMMIT,
    EVIDENCE,
    HEAVY,
    ITEMS,
    NOW,
    POLICY,
    RISK,
    TIER,
    evidence,
    item,
    policy,
)

from billing_canary.audit.log import AuditLog
from billing_canary.gate.release import judge, judge_items
from billing_canary.release import ItemKind, ReleaseEvidence, ReleaseItem
from billing_canary.verdict import Status


def test_everything_green_is_go() -> None:
    decision = judge(POLICY, EVIDENCE, RISK)

    assert decision.verdict == "GO"
    assert decision.blockers == ()
    assert (decision.commit, decision.decided_at, decision.risk) == (COMMIT, NOW, RISK)
    assert [result.id for result in decision.items] == [each.id for each in ITEMS]
    assert {result.status for result in decision.items} == {Status.PASS}
    assert {result.fix for result in decision.items} == {""}
    assert all(result.evidence and result.reason and result.title for result in decision.items)
    assert decision.cites == ("billing-confidence/heavy-1", "billing-canary/canary-1")


def test_every_kind_of_item_has_a_rule() -> None:
    assert {each.kind for each in ITEMS} == set(ItemKind)


NOTHING = ReleaseEvidence(
    commit=COMMIT, decided_at=NOW, change=replace(EVIDENCE.change, authors=()), bundles=(), log=AuditLog()
)


@pytest.mark.parametrize("each", ITEMS, ids=lambda each: each.id)
def test_without_evidence_each_item_alone_is_a_blocker(each: ReleaseItem) -> None:
    decision = judge(policy(each), NOTHING, RISK)

    (result,) = decision.items
    assert decision.verdict == "NO-GO"
    assert decision.blockers == (f"{each.id}: {result.reason}",)
    assert result.status is Status.INCONCLUSIVE
    assert result.fix
    assert result.required
    assert decision.cites == ()


@pytest.mark.parametrize("each", ITEMS, ids=lambda each: each.id)
@pytest.mark.parametrize("told", ["", "yesterday", "2026-11-21T12:00:00"])
def test_without_a_clock_nothing_that_ages_is_green(each: ReleaseItem, told: str) -> None:
    (result,) = judge_items(policy(each), evidence(decided_at=told))

    assert result.status is not Status.PASS


def test_an_item_that_is_not_required_is_shown_and_blocks_nothing() -> None:
    optional = item("tier", "extra", required=False, tier="other", max_age_h=1)

    decision = judge(policy(TIER, optional), EVIDENCE, RISK)

    assert decision.verdict == "GO"
    assert [(result.id, result.status) for result in decision.items] == [
        ("tier", Status.PASS),
        ("extra", Status.INCONCLUSIVE),
    ]
    assert not decision.items[1].required


@pytest.mark.parametrize("items", [(), (item("artifacts", required=False),)])
def test_a_policy_that_requires_nothing_shows_nothing(items: tuple[ReleaseItem, ...]) -> None:
    decision = judge(replace(POLICY, items=items), EVIDENCE, RISK)

    assert decision.verdict == "NO-GO"
    assert decision.blockers == ("the policy requires nothing, so nothing was shown",)


def test_every_blocker_is_listed() -> None:
    decision = judge(POLICY, NOTHING, RISK)

    assert [blocker.partition(":")[0] for blocker in decision.blockers] == [each.id for each in ITEMS]


def test_a_low_risk_overrides_no_blocker_and_a_high_one_no_go() -> None:
    low = replace(RISK, raw=0, score=0, level="low")

    assert judge(POLICY, evidence(bundles=(HEAVY,)), low).verdict == "NO-GO"
    assert judge(POLICY, EVIDENCE, RISK).verdict == "GO"


def test_red_runs_are_cited_as_well_each_once_and_nameless_ones_not() -> None:
    nameless = replace(CANARY, run_id="", state="damaged")
    failed = replace(HEAVY, overall_status="fail")

    decision = judge(POLICY, evidence(bundles=(failed, nameless)), RISK)

    assert decision.cites == ("billing-confidence/heavy-1",)

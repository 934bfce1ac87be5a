"""Items that the audit log answers, each branch by what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.releases import (
    APPROVALS,
    BEFORE,
    COMMIT,
    DEFECTS,
    FINANCE,
    NOW,
    OTHER,
    PAST,
    PLAN,
    RISKS,
    SAID,
    SIGN_OFF,
    Said,
    attested,
    evidence,
    item,
    log,
    policy,
    risk,
)

from billing_canary.audit.log import AuditLog
from billing_canary.gate.release import judge_items
from billing_canary.release import Defect, ItemResult, ReleaseItem
from billing_canary.verdict import Status

LOG = "gates/audit-log.jsonl"
LOG_ITEMS = (DEFECTS, RISKS, SIGN_OFF, PLAN, APPROVALS)
RESTORE = f"restore it from Git (git log -p -- {LOG}); nothing in it is ever rewritten"
ATTEST = "billing-canary attest {} --commit aaaaaaaaaaaa --by {} --reason WHY --expires 14d"


def result(each: ReleaseItem, *said: Said, at: str = BEFORE, **changes: Any) -> ItemResult:
    (found,) = judge_items(policy(each), evidence(**{"log": log(said, at), **changes}))
    return found


def told(found: ItemResult) -> tuple[Status, str, str, str]:
    return found.status, found.reason, found.fix, found.evidence


@pytest.mark.parametrize("each", LOG_ITEMS, ids=lambda each: each.id)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"log": AuditLog(problems=("line 3: cut",))}, "the audit log is damaged: line 3: cut"),
        ({"log": AuditLog(problems=("one", "two", "three"))}, "the audit log is damaged: one (and 2 more)"),
        (
            {"log": log(SAID), "rewritten": "entry 2 is gone"},
            "the audit log may have been rewritten: entry 2 is gone",
        ),
    ],
)
def test_a_log_that_cannot_be_trusted_makes_every_item_of_it_red(
    each: ReleaseItem, changes: dict[str, Any], reason: str
) -> None:
    assert told(result(each, **changes)) == (Status.FAIL, reason, RESTORE, LOG)


@pytest.mark.parametrize("each", LOG_ITEMS, ids=lambda each: each.id)
def test_a_log_that_ends_after_the_decision_makes_every_item_of_it_red(each: ReleaseItem) -> None:
    later = "2026-11-21T12:00:00.001Z"

    assert told(result(each, *SAID, at=later)) == (
        Status.FAIL,
        f"the audit log ends at {later}, after this decision: a clock is wrong",
        "set the clock, then decide again",
        f"{LOG}#{len(SAID)}",
    )
    assert result(each, *SAID, at=NOW).status is Status.PASS


INCIDENT: Said = (
    "incident-opened",
    "Kim",
    {"title": "Top-ups fail", "severity": 2, "billing": "yes", "impact": "no money", "owner": "Kim"},
)


def test_no_defect_is_green_when_it_is_attested() -> None:
    found = result(DEFECTS, attested("no-open-defects"))

    assert told(found) == (Status.PASS, "no unresolved billing defect is known", "", LOG)


def test_an_open_billing_incident_is_a_defect_until_it_is_closed() -> None:
    both = (attested("no-open-defects"), INCIDENT)

    assert told(result(DEFECTS, *both)) == (
        Status.FAIL,
        "an open incident touches billing: incident-2, severity 2: Top-ups fail",
        "resolve it, then: billing-canary incident close 2 --by NAME --reason WHY",
        f"{LOG}#2",
    )
    closed: Said = ("incident-closed", "Kim", {"of": 2, "reason": "fixed"})
    assert result(DEFECTS, *both, closed).status is Status.PASS
    elsewhere: Said = ("incident-opened", "Kim", {**INCIDENT[2], "billing": "no"})
    assert result(DEFECTS, attested("no-open-defects"), elsewhere).status is Status.PASS


def test_every_open_incident_is_named() -> None:
    assert result(DEFECTS, INCIDENT, INCIDENT).reason.count("Top-ups fail") == 2


def test_without_a_file_and_an_attestation_defects_are_unknown() -> None:
    assert told(result(DEFECTS)) == (
        Status.INCONCLUSIVE,
        "no file tells of defects, and nobody attests no-open-defects for this commit",
        ATTEST.format("no-open-defects", "NAME"),
        "",
    )


IN_FILE = item("defects", file="gates/defects.json")
BUG = Defect(id="BILL-7", title="Paid twice", billing=True, open=True)


def test_a_defect_file_needs_no_attestation() -> None:
    harmless = (replace(BUG, billing=False), replace(BUG, open=False))

    assert result(IN_FILE, defects=()).status is Status.PASS
    assert result(IN_FILE, defects=harmless).status is Status.PASS


def test_an_open_billing_defect_is_a_blocker() -> None:
    found = result(IN_FILE, attested("no-open-defects"), defects=(BUG, replace(BUG, id="BILL-8")))

    assert told(found) == (
        Status.FAIL,
        "open billing defects in gates/defects.json: BILL-7: Paid twice; BILL-8: Paid twice",
        "resolve them and write gates/defects.json again",
        "gates/defects.json",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"defects": None, "defects_problem": "is no JSON"}, "is no JSON"),
        ({"defects": (), "defects_problem": "is no JSON"}, "is no JSON"),
        ({"defects": None}, "gates/defects.json was not read"),
    ],
)
def test_a_defect_file_that_cannot_be_read_is_a_blocker(changes: dict[str, Any], reason: str) -> None:
    assert told(result(IN_FILE, attested("no-open-defects"), **changes)) == (
        Status.FAIL,
        reason,
        "have your tracker write gates/defects.json again (docs/decide.md)",
        "gates/defects.json",
    )


def test_known_risks_are_green_while_they_are_accepted() -> None:
    assert told(result(RISKS, risk(), risk())) == (Status.PASS, "every known risk is accepted", "", LOG)


@pytest.mark.parametrize("expires", [PAST, NOW])
def test_an_expired_risk_is_a_blocker_until_it_is_closed(expires: str) -> None:
    found = result(RISKS, risk(), risk(expires))

    assert told(found) == (
        Status.FAIL,
        f"risk 2, Slow replay, was accepted until {expires} only",
        (
            "mend it or accept it anew (billing-canary risk add), then: "
            "billing-canary risk close 2 --by NAME --reason WHY"
        ),
        f"{LOG}#2",
    )
    closed: Said = ("risk-closed", "Kim", {"of": 2, "reason": "mended"})
    assert result(RISKS, risk(), risk(expires), closed).status is Status.PASS


@pytest.mark.parametrize("lacking", ["owner", "mitigation"])
def test_a_risk_without_owner_or_mitigation_is_a_blocker(lacking: str) -> None:
    assert told(result(RISKS, risk(**{lacking: " "}))) == (
        Status.FAIL,
        "risk 1, Slow replay, has no owner or no mitigation",
        "add it again with both, then: billing-canary risk close 1 --by NAME --reason WHY",
        f"{LOG}#1",
    )


def test_silence_about_risks_needs_an_attestation() -> None:
    assert told(result(RISKS)) == (
        Status.INCONCLUSIVE,
        "no risk is recorded, and nobody attests known-risks for this commit",
        ATTEST.format("known-risks", "NAME"),
        "",
    )
    assert result(RISKS, attested("known-risks")).status is Status.PASS
    assert result(RISKS, attested("known-risks", commit=OTHER)).status is Status.INCONCLUSIVE
    assert result(RISKS, attested("known-risks", expires=NOW)).status is Status.INCONCLUSIVE
    assert result(RISKS, attested("no-open-defects")).status is Status.INCONCLUSIVE


def test_a_sign_off_by_somebody_in_the_role() -> None:
    assert told(result(SIGN_OFF, attested("sign-off"))) == (
        Status.PASS,
        "attested by Kim: looked at it",
        "",
        f"{LOG}#1",
    )


def test_a_missing_sign_off_names_who_could_give_it() -> None:
    fix = ATTEST.format("sign-off", "Kim")

    assert told(result(SIGN_OFF)) == (
        Status.INCONCLUSIVE,
        "nobody attested it for commit aaaaaaaaaaaa",
        fix,
        "",
    )
    assert result(SIGN_OFF, attested("sign-off", commit=OTHER)).fix == fix
    assert result(item("sign-off", roles=("lead",))).fix == ATTEST.format("sign-off", '"Taylor Example"')
    assert result(item("sign-off", roles=("legal",))).fix == ATTEST.format("sign-off", "NAME")


def test_somebody_without_a_name_is_not_proposed() -> None:
    nameless = replace(FINANCE, names=())

    (found,) = judge_items(policy(SIGN_OFF, people=(nameless,)), evidence(log=AuditLog()))

    assert found.fix == ATTEST.format("sign-off", "NAME")


@pytest.mark.parametrize(
    ("said", "at", "reason"),
    [
        (attested("sign-off", expires=NOW), BEFORE, f"attestation 1 by Kim held until {NOW}"),
        (
            attested("sign-off", by="Taylor Example"),
            BEFORE,
            "attestation 1 by Taylor Example does not count: nobody of that name has the role finance",
        ),
        (
            attested("sign-off", by="Nobody"),
            BEFORE,
            "attestation 1 by Nobody does not count: nobody of that name has the role finance",
        ),
    ],
)
def test_a_sign_off_that_does_not_count(said: Said, at: str, reason: str) -> None:
    found = result(SIGN_OFF, said, at=at)

    assert told(found) == (Status.FAIL, reason, ATTEST.format("sign-off", "Kim"), f"{LOG}#1")


def test_the_newest_sign_off_that_counts_is_named_and_the_newest_other_explains() -> None:
    bad, good = attested("sign-off", by="Nobody"), attested("sign-off")

    assert result(SIGN_OFF, good, bad).evidence == f"{LOG}#1"
    assert result(SIGN_OFF, bad, good).evidence == f"{LOG}#2"
    assert "attestation 2" in result(SIGN_OFF, bad, bad).reason


def test_a_withdrawn_sign_off_does_not_count() -> None:
    withdrawn: Said = ("attestation-withdrawn", "Kim", {"of": 1, "reason": "too early"})

    assert result(SIGN_OFF, attested("sign-off"), withdrawn).status is Status.INCONCLUSIVE


def test_without_roles_anybody_may_sign_off() -> None:
    anybody = item("sign-off", roles=())

    assert result(anybody, attested("sign-off", by="A passer-by")).status is Status.PASS
    assert result(anybody).fix == ATTEST.format("sign-off", "NAME")


def plan(state: str = "verified", rehearsed_on: str = "2026-11-01", **more: str) -> Said:
    return attested("rollback-plan", state=state, rehearsed_on=rehearsed_on, **more)


PLAN_FIX = f"{ATTEST.format('rollback-plan', 'NAME')} --state verified --rehearsed-on DATE"


@pytest.mark.parametrize("state", ["verified", "partial"])
def test_a_plan_in_an_accepted_state_that_was_rehearsed(state: str) -> None:
    assert told(result(PLAN, plan(state))) == (
        Status.PASS,
        f"{state}, rehearsed on 2026-11-01, attested by Kim",
        "",
        f"{LOG}#1",
    )


def test_no_plan() -> None:
    assert told(result(PLAN)) == (
        Status.INCONCLUSIVE,
        "nobody attested it for commit aaaaaaaaaaaa",
        PLAN_FIX,
        "",
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (plan("none"), "the plan is attested as none, not as verified or partial"),
        (attested("rollback-plan"), "the plan is attested as nothing, not as verified or partial"),
        (attested("rollback-plan", state="verified"), "it does not tell when the plan was rehearsed"),
        (plan(rehearsed_on="soon"), "it does not tell when the plan was rehearsed"),
        (plan(rehearsed_on="2026-11-22"), "its rehearsal, 2026-11-22, is still to come"),
        (plan(rehearsed_on="2026-08-23"), "the plan was rehearsed on 2026-08-23, over 90 days ago"),
        (plan(expires=PAST), f"attestation 1 by Kim held until {PAST}"),
    ],
)
def test_a_plan_that_does_not_count(said: Said, reason: str) -> None:
    assert told(result(PLAN, said)) == (Status.FAIL, reason, PLAN_FIX, f"{LOG}#1")


def test_the_ends_of_the_rehearsal_that_counts() -> None:
    assert result(PLAN, plan(rehearsed_on="2026-08-24")).status is Status.PASS
    assert result(PLAN, plan(rehearsed_on="2026-11-21")).status is Status.PASS


def test_a_newer_plan_replaces_an_older_one() -> None:
    assert result(PLAN, plan(), plan("none")).status is Status.FAIL
    assert result(PLAN, plan("none"), plan()).status is Status.PASS


def test_a_plan_without_a_clock_is_no_plan() -> None:
    found = result(PLAN, plan(), decided_at="")

    assert found.status is Status.FAIL


def test_a_plan_item_without_settings_accepts_nothing() -> None:
    found = result(item("rollback-plan"), plan())

    assert (found.status, found.reason) == (Status.FAIL, "the plan is attested as verified, not as ")
    assert found.fix == PLAN_FIX


def test_the_commit_is_the_full_one() -> None:
    assert COMMIT.startswith("a" * 12)
    assert result(SIGN_OFF, attested("sign-off", commit="a" * 39 + "b")).status is Status.INCONCLUSIVE

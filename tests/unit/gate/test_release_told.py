"""Items of go or no-go: their edges, and the exact words and commands that an incident commander acts on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from tests.fakes.releases import (
    APPROVALS,
    BEFORE,
    COMMIT,
    LEAD,
    NOW,
    PROBE,
    SIGN_OFF,
    TESTER,
    TIER,
    Said,
    approval,
    attested,
    evidence,
    item,
    log,
    policy,
    risk,
)

from billing_canary.gate.release import judge_items
from billing_canary.gate.release_case import Case, instant, is_later, is_over
from billing_canary.gate.release_run import PROBES, TIERS, Wanted, wanted_run
from billing_canary.release import ItemResult, ReleaseItem
from billing_canary.verdict import Status

AT = "git switch --detach aaaaaaaaaaaa && billing-canary"


def result(each: ReleaseItem, *said: Said, people: Any = None, **changes: Any) -> ItemResult:
    listed = policy(each) if people is None else policy(each, people=people)
    (found,) = judge_items(listed, evidence(**{"log": log(said, changes.pop("at", BEFORE)), **changes}))
    return found


def test_an_instant_is_told_in_utc() -> None:
    found = instant("2026-11-21T12:00:00+02:00")
    assert found is not None
    assert found.isoformat() == "2026-11-21T10:00:00+00:00"
    assert found.tzinfo is UTC
    assert instant("2026-11-21T12:00:00") is None


@pytest.mark.parametrize(
    ("told", "decided_at", "over", "later"),
    [
        (NOW, NOW, True, False),
        ("2026-11-21T12:00:00.001Z", NOW, False, True),
        ("2026-11-21T11:59:59.999Z", NOW, True, False),
        ("soon", NOW, True, True),
        (NOW, "now", True, True),
        ("soon", "now", True, True),
    ],
)
def test_what_cannot_be_told_holds_no_longer_and_is_still_to_come(
    told: str,
    decided_at: str,
    over: bool,  # noqa: FBT001 - a column
    later: bool,  # noqa: FBT001 - a column
) -> None:
    case = Case(policy=policy(), evidence=evidence(decided_at=decided_at))
    assert (is_over(told, case), is_later(told, case)) == (over, later)


@pytest.mark.parametrize("settings", [{}, {"file": 7}, {"file": None}])
def test_without_a_file_name_defects_are_attested(settings: dict[str, object]) -> None:
    defects = replace(item("defects"), settings=settings)
    assert result(defects, attested("no-open-defects")).status is Status.PASS
    reason = "no file tells of defects, and nobody attests no-open-defects for this commit"
    assert result(defects).reason == reason


def test_a_risk_that_expires_at_no_known_time_has_expired() -> None:
    found = result(item("risks"), risk(expires="someday"))
    assert found.status is Status.FAIL
    assert found.reason == "risk 1, Slow replay, was accepted until someday only"


def test_a_run_that_is_wanted_is_described_whole() -> None:
    assert wanted_run(TIER, COMMIT) == Wanted(
        kind=TIERS,
        tier="heavy",
        mode="",
        target="",
        commit=COMMIT,
        name="run of tier heavy",
        command=f"{AT} confidence heavy",
    )
    assert wanted_run(PROBE, COMMIT) == Wanted(
        kind=PROBES,
        tier="",
        mode="staging",
        target="",
        commit=COMMIT,
        name="canary run in staging mode",
        command=f"{AT} probe --mode staging --require-sandbox",
    )


def test_the_rehearsal_command_proposes_the_state_that_the_policy_accepts() -> None:
    plan = item("rollback-plan", states=("partial", "verified"), max_age_days=90)
    attest = "billing-canary attest rollback-plan --commit aaaaaaaaaaaa --by NAME --reason WHY --expires 14d"
    assert result(plan).fix == f"{attest} --state partial --rehearsed-on DATE"
    assert result(item("rollback-plan")).fix == f"{attest} --state verified --rehearsed-on DATE"


MIDNIGHT = "2026-11-21T00:00:00.000Z"


@pytest.mark.parametrize(
    ("rehearsed", "decided_at", "reason"),
    [
        ("2026-11-21", MIDNIGHT, "verified, rehearsed on 2026-11-21, attested by Kim"),
        ("2026-11-22", MIDNIGHT, "its rehearsal, 2026-11-22, is still to come"),
        ("2026-11-11", MIDNIGHT, "verified, rehearsed on 2026-11-11, attested by Kim"),
        ("2026-11-11", "2026-11-21T00:00:00.001Z", "the plan was rehearsed on 2026-11-11, over 10 days ago"),
    ],
)
def test_a_rehearsal_counts_to_the_last_instant(rehearsed: str, decided_at: str, reason: str) -> None:
    plan = item("rollback-plan", states=("verified",), max_age_days=10)
    said = attested("rollback-plan", state="verified", rehearsed_on=rehearsed)
    found = result(plan, said, at="2026-11-20T00:00:00.000Z", decided_at=decided_at)
    assert found.reason == reason
    assert (found.status is Status.PASS) == reason.startswith("verified")


def test_every_open_incident_is_told_in_one_sentence() -> None:
    opened: Said = (
        "incident-opened",
        "Kim",
        {"title": "Top-ups fail", "severity": 2, "billing": "yes", "impact": "no money", "owner": "Kim"},
    )
    found = result(item("defects", file=""), opened, opened)
    assert found.reason == (
        "an open incident touches billing: incident-1, severity 2: Top-ups fail; "
        "incident-2, severity 2: Top-ups fail"
    )
    assert found.fix == "resolve it, then: billing-canary incident close 1 --by NAME --reason WHY"


def test_every_role_that_would_do_is_told() -> None:
    either = replace(SIGN_OFF, settings={"roles": ("finance", "owner")})
    assert result(either, attested("sign-off", "Sam Probe")).reason == (
        "attestation 1 by Sam Probe does not count: nobody of that name has the role finance or owner"
    )


def test_every_refused_approval_is_told() -> None:
    found = result(APPROVALS, approval("Mallory"), approval("Kim"))
    assert found.status is Status.FAIL
    assert found.reason == (
        "no approval by lead for commit aaaaaaaaaaaa; approval 1 by Mallory: nobody of that name is listed; "
        "approval 2 by Kim: kim does not have the role lead"
    )


def test_the_file_is_named_without_the_place_in_it() -> None:
    deep = replace(APPROVALS, place="gates/release.toml: item[0]: roles")
    assert result(deep, people=()).fix == "add [people.NAME] to gates/release.toml"


def test_a_proposed_name_is_one_that_may_approve() -> None:
    found = result(replace(APPROVALS, settings={"roles": ("qa",)}), people=(TESTER, LEAD))
    assert found.fix == 'billing-canary approve --commit aaaaaaaaaaaa --role qa --by "Sam Probe"'

"""Approvals: who counts, for what, and who never does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.releases import (
    APPROVALS,
    BEFORE,
    COMMIT,
    EVIDENCE,
    FINANCE,
    LEAD,
    OTHER,
    OWNER,
    POLICY,
    TESTER,
    Said,
    approval,
    evidence,
    item,
    log,
    policy,
)

from billing_canary.audit.people import Person
from billing_canary.gate.release import judge_items
from billing_canary.release import Change, ItemResult, ReleaseItem
from billing_canary.verdict import Status

LOG = "gates/audit-log.jsonl"
FIX = 'billing-canary approve --commit aaaaaaaaaaaa --role lead --by "Taylor Example"'
NONE = "no approval by lead for commit aaaaaaaaaaaa"


def result(
    *said: Said,
    each: ReleaseItem = APPROVALS,
    at: str = BEFORE,
    people: tuple[Person, ...] = POLICY.people,
    **changes: Any,
) -> ItemResult:
    (found,) = judge_items(policy(each, people=people), evidence(log=log(said, at), **changes))
    return found


def told(found: ItemResult) -> tuple[Status, str, str, str]:
    return found.status, found.reason, found.fix, found.evidence


def written_by(name: str, email: str = "x@example.org") -> Change:
    return replace(EVIDENCE.change, authors=(("Dev", "dev@example.com"), (name, email)))


def test_an_approval_by_the_lead_counts() -> None:
    assert told(result(approval())) == (
        Status.PASS,
        f"lead: Taylor Example at {BEFORE}",
        "",
        f"{LOG}#1",
    )


@pytest.mark.parametrize("spelling", ["taylor@example.com", "TAYLOR  example", "Taylor Example <t@x.org>"])
def test_any_spelling_of_a_listed_person_counts(spelling: str) -> None:
    assert result(approval(spelling)).status is Status.PASS


def test_nobody_approved() -> None:
    assert told(result()) == (Status.INCONCLUSIVE, NONE, FIX, "")
    assert told(result(approval(commit=OTHER))) == (Status.INCONCLUSIVE, NONE, FIX, "")


def test_a_withdrawn_approval_does_not_count() -> None:
    withdrawn: Said = ("approval-withdrawn", "Taylor Example", {"of": 1, "reason": "changed"})

    assert told(result(approval(), withdrawn)) == (Status.INCONCLUSIVE, NONE, FIX, "")
    assert result(approval(), withdrawn, approval()).evidence == f"{LOG}#3"


@pytest.mark.parametrize(
    ("said", "change", "reason"),
    [
        (approval("Mallory"), EVIDENCE.change, "approval 1 by Mallory: nobody of that name is listed"),
        (approval("Kim"), EVIDENCE.change, "approval 1 by Kim: kim does not have the role lead"),
        (
            approval("Taylor Example", role="owner"),
            EVIDENCE.change,
            "approval 1 by Taylor Example: taylor does not have the role owner",
        ),
        (
            approval("Robin Example"),
            EVIDENCE.change,
            "approval 1 by Robin Example: the release owner does not approve their own release",
        ),
        (
            approval(),
            written_by("Taylor Example"),
            "approval 1 by Taylor Example: they wrote a part of it, and nobody approves their own work",
        ),
        (
            approval("Taylor Example"),
            written_by("T.", "taylor@example.com"),
            "approval 1 by Taylor Example: they wrote a part of it, and nobody approves their own work",
        ),
        (
            approval("Taylor Example <work@example.net>"),
            written_by("Somebody", "work@example.net"),
            (
                "approval 1 by Taylor Example <work@example.net>: they wrote a part of it, "
                "and nobody approves their own work"
            ),
        ),
        (
            approval(),
            written_by("Tаylor Examрle"),  # noqa: RUF001 - Cyrillic look-alikes are the point
            "approval 1 by Taylor Example: they wrote a part of it, and nobody approves their own work",
        ),
    ],
)
def test_an_approval_that_does_not_count(said: Said, change: Change, reason: str) -> None:
    assert told(result(said, change=change)) == (Status.FAIL, f"{NONE}; {reason}", FIX, LOG)


def test_every_refusal_is_told_and_one_good_approval_is_enough() -> None:
    bad = (approval("Mallory"), approval("Kim"))

    assert result(*bad).reason.count("approval ") == 3
    assert result(*bad, approval()).status is Status.PASS


def test_what_is_needed_before_anybody_can_approve() -> None:
    unknown = replace(EVIDENCE.change, problem="the clone is shallow")
    other = replace(EVIDENCE.change, commit=OTHER)
    nobody = replace(EVIDENCE.change, authors=())
    fetch = "git fetch --tags --unshallow, then decide again"
    told_wrote = "it cannot be told who wrote this release: "

    assert told(result(approval(), each=item("approvals", roles=()))) == (
        Status.INCONCLUSIVE,
        "the item names no role",
        "add roles = [...] to gates/release.toml: item[0]",
        "",
    )
    assert told(result(approval(), people=())) == (
        Status.INCONCLUSIVE,
        "nobody is listed who could approve",
        "add [people.NAME] to gates/release.toml",
        "",
    )
    assert told(result(approval(), change=unknown)) == (
        Status.INCONCLUSIVE,
        f"{told_wrote}the clone is shallow",
        fetch,
        "",
    )
    assert told(result(approval(), change=other)) == (
        Status.INCONCLUSIVE,
        f"{told_wrote}the change that was read is that of bbbbbbbbbbbb",
        fetch,
        "",
    )
    assert told(result(approval(), change=nobody)) == (
        Status.INCONCLUSIVE,
        f"{told_wrote}no author was found",
        fetch,
        "",
    )


def test_without_a_release_owner_nobody_can_approve() -> None:
    (found,) = judge_items(policy(APPROVALS, release_owner=""), evidence(log=log([approval()])))

    assert told(found) == (
        Status.INCONCLUSIVE,
        "nobody answers for this release",
        "set release_owner in gates/release.toml",
        "",
    )


TWO = item("approvals", roles=("lead", "qa"))


def test_one_person_counts_for_one_role() -> None:
    both = (approval(role="lead"), approval(role="qa"))

    found = result(*both, each=TWO)

    assert (found.status, found.reason) == (
        Status.INCONCLUSIVE,
        "no approval by qa for commit aaaaaaaaaaaa",
    )
    assert found.fix == 'billing-canary approve --commit aaaaaaaaaaaa --role qa --by "Taylor Example"'
    assert result(*both, approval("Sam Probe", role="qa"), each=TWO).status is Status.PASS


def test_two_approvals_of_one_person_for_one_role_are_one() -> None:
    assert result(approval(), approval(), each=TWO).reason == "no approval by qa for commit aaaaaaaaaaaa"


def test_roles_are_filled_as_far_as_that_is_possible() -> None:
    """Taylor holds both roles: who is asked for first must not decide whether both can be filled."""
    flipped = item("approvals", roles=("qa", "lead"))
    said = (approval(role="qa"), approval("Sam Probe", role="qa"), approval(role="lead"))

    found = result(*said, each=flipped)

    assert told(found) == (
        Status.PASS,
        f"qa: Sam Probe at {BEFORE}; lead: Taylor Example at {BEFORE}",
        "",
        f"{LOG}#3",
    )


def test_every_role_that_is_lacking_is_named() -> None:
    assert result(each=TWO).reason == "no approval by lead and qa for commit aaaaaaaaaaaa"


def test_who_is_proposed_could_do_it() -> None:
    assert result(people=(OWNER, FINANCE)).fix.endswith("--role lead --by NAME")
    assert result(people=(OWNER, replace(LEAD, names=()), TESTER)).fix.endswith("--role lead --by NAME")
    assert result(people=(OWNER, replace(LEAD, names=("Taylor",)))).fix.endswith("--role lead --by Taylor")


def test_the_commit_is_compared_in_full() -> None:
    assert COMMIT == "a" * 40
    assert result(approval(commit="a" * 39 + "b")).status is Status.INCONCLUSIVE

"""Facts of the risk score that the checklist, the audit log and the recorded runs tell, or leave unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.risks import (
    DECIDED_AT,
    EARLIER,
    GREEN,
    QUIET,
    SHIPPED,
    UNTOLD,
    attested,
    but,
    closed,
    evidence,
    facts,
    incident,
    log,
    release,
    result,
    saying,
    tier_run,
    told,
)

from billing_canary.audit.log import AuditLog, EntryKind
from billing_canary.release import ItemKind
from billing_canary.risk import RiskPolicy, RollbackState, TestSignal
from billing_canary.verdict import Status

UNTRUSTED = AuditLog(problems=("line 3: broken",))


# The checklist.


def test_unresolved_items_are_counted_without_those_that_are_factors_themselves() -> None:
    items = but(Status.PASS, Status.FAIL, Status.INCONCLUSIVE, Status.FAIL, Status.FAIL)

    assert told(facts(items=items).unresolved) == (
        2,
        "derived: 2 of 3 required items not green: rehearsal, runbook",
    )
    assert told(facts().unresolved) == (0, "derived: 0 of 3 required items not green")


def test_items_that_are_not_required_do_not_count() -> None:
    items = (*GREEN, result("nice", Status.FAIL, required=False))

    assert facts(items=items).unresolved.value == 0


def test_an_empty_checklist_shows_nothing() -> None:
    only_apart = GREEN[3:]

    for items in ((), only_apart):
        assert told(facts(items=items).unresolved) == (
            None,
            "unknown: the checklist has no required item that counts here",
        )


def test_approvals_are_missing_until_every_item_of_that_kind_is_green() -> None:
    waiting = but(*[Status.PASS] * 4, Status.INCONCLUSIVE)

    assert told(facts().approvals_missing) == (False, "derived: all approvals are there")
    assert told(facts(items=waiting).approvals_missing) == (True, "derived: approvals is inconclusive")
    two = release(("approvals", ItemKind.APPROVALS), ("board", ItemKind.APPROVALS))
    both = [result("approvals", Status.FAIL), result("board", Status.FAIL)]
    assert facts(items=both, checklist=two).approvals_missing.source == (
        "derived: approvals is fail; board is fail"
    )
    assert told(facts(items=GREEN[:4]).approvals_missing) == (
        None,
        "unknown: the checklist asks for no approvals",
    )


# The rollback plan.


@pytest.mark.parametrize(
    ("entries", "status", "value", "source"),
    [
        ([], Status.FAIL, RollbackState.NONE, "derived: nobody attested rollback for this commit"),
        (
            [attested(state="verified")],
            Status.PASS,
            RollbackState.VERIFIED,
            "stated: verified in entry 1 of the audit log, by Mara",
        ),
        (
            [attested(state="verified")],
            Status.FAIL,
            RollbackState.PARTIAL,
            "stated: verified in entry 1 of the audit log, by Mara, but rollback is fail",
        ),
        (
            [attested(state="partial")],
            Status.FAIL,
            RollbackState.PARTIAL,
            "stated: partial in entry 1 of the audit log, by Mara",
        ),
        (
            [attested(state="none")],
            Status.PASS,
            RollbackState.NONE,
            "stated: none in entry 1 of the audit log, by Mara",
        ),
        (
            [attested()],
            Status.PASS,
            RollbackState.NONE,
            "stated: no state in entry 1 of the audit log, by Mara",
        ),
        (
            [attested(state="verified"), attested(state="none")],
            Status.PASS,
            RollbackState.NONE,
            "stated: none in entry 2 of the audit log, by Mara",
        ),
        (
            [attested(state="partial"), attested(state="verified", expires=DECIDED_AT)],
            Status.PASS,
            RollbackState.PARTIAL,
            "stated: partial in entry 1 of the audit log, by Mara",
        ),
        (
            [attested("other", state="verified"), attested(state="verified", commit="d" * 40)],
            Status.PASS,
            RollbackState.NONE,
            "derived: nobody attested rollback for this commit",
        ),
    ],
)
def test_the_rollback_is_as_attested(
    entries: list[Any], status: Status, value: RollbackState, source: str
) -> None:
    items = but(*[Status.PASS] * 3, status, Status.PASS)

    assert told(facts(evidence(log=log(*entries)), items=items).rollback) == (value, source)


def test_the_worst_of_several_rollback_plans_counts() -> None:
    checklist = release(("rollback", ItemKind.ROLLBACK_PLAN), ("data", ItemKind.ROLLBACK_PLAN))
    found = evidence(log=log(attested("data", state="partial"), attested(state="verified")))

    for items in ([result("rollback"), result("data")], [result("data"), result("rollback")]):
        assert facts(found, items=items, checklist=checklist).rollback.value is RollbackState.PARTIAL


def test_no_rollback_plan_or_no_trust_in_the_log_is_unknown() -> None:
    verified = log(attested(state="verified"))

    assert told(facts(items=GREEN[:3]).rollback) == (None, "unknown: the checklist has no rollback plan")
    for found in (evidence(log=UNTRUSTED), evidence(log=verified, rewritten="it lost an entry")):
        assert told(facts(found).rollback) == (None, "unknown: the audit log cannot be trusted")


# Incidents.


def history(*entries: Any, policy: RiskPolicy = SHIPPED) -> tuple[Any, str]:
    return told(facts(evidence(log=log(*entries)), policy=policy).past_incidents)


def test_billing_incidents_count_while_open_and_for_a_year_after() -> None:
    old, edge, past = "2020-01-01T00:00:00.000Z", "2025-11-21T12:00:00.000Z", "2025-11-21T11:59:59.999Z"

    assert history(incident()) == (1, "derived: 1 in 365 days in the audit log: incident-1")
    assert history(incident(old))[0] == 1
    assert history(incident(old), closed(1, EARLIER))[0] == 1
    assert history(incident(old), closed(1, edge))[0] == 1
    assert history(incident(old), closed(1, past)) == (0, "derived: 0 in 365 days in the audit log")
    assert history(incident(billing="no"))[0] == 0
    assert history(incident(), incident(billing="no"), incident()) == (
        2,
        "derived: 2 in 365 days in the audit log: incident-1, incident-3",
    )


def test_a_log_without_any_entry_tells_of_no_history() -> None:
    words = "the audit log has no entries, so it tells of no history"
    cleared = (EntryKind.TRIGGER_CLEARED, {"trigger": "t", "reason": "r"}, EARLIER)

    assert history() == (None, f"unknown: {words}")
    assert history(cleared) == (0, "derived: 0 in 365 days in the audit log")
    assert history(policy=saying(past_incidents=0)) == (0, "stated: 0 in [stated] of gates/risk.toml")


def test_stated_incidents_raise_and_never_lower() -> None:
    two, three = saying(past_incidents=2), saying(past_incidents=3)

    assert history(incident(), policy=two) == (2, "stated: 2 in [stated] of gates/risk.toml")
    assert history(incident(), incident(), policy=two)[1].startswith("derived: 2 in")
    assert history(incident(), incident(), policy=saying(past_incidents=1))[1].startswith("derived: 2 in")
    assert history(policy=three)[0] == 3


def test_an_untrusted_log_is_unknown_whatever_is_stated() -> None:
    policy = saying(past_incidents=0)

    for found in (evidence(log=UNTRUSTED), evidence(log=log(incident()), rewritten="shorter")):
        assert told(facts(found, policy=policy).past_incidents) == (
            None,
            "unknown: the audit log cannot be trusted",
        )


def test_a_change_elsewhere_has_no_history() -> None:
    found = replace(QUIET, log=log(incident()))

    assert told(facts(found).past_incidents) == (0, "derived: the change touches no billing surface")
    assert facts(replace(UNTOLD, log=log(incident()))).past_incidents.value == 1


# Tests.


@pytest.mark.parametrize(
    ("bundles", "value", "source"),
    [
        ([], TestSignal.NONE, "no verified green run of a tier on this commit"),
        ([tier_run("release-heavy")], TestSignal.STRONG, "release-heavy is green (run-release-heavy)"),
        ([tier_run("merge-medium")], TestSignal.MEDIUM, "merge-medium is green (run-merge-medium)"),
        (
            [tier_run("pr-fast", coverage=(), coverage_gate=False)],
            TestSignal.WEAK,
            "pr-fast is green (run-pr-fast)",
        ),
        ([tier_run("smoke")], TestSignal.NONE, "no verified green run of a tier on this commit"),
        (
            [tier_run("release-heavy", coverage=())],
            TestSignal.MEDIUM,
            "release-heavy is green without its coverage gate (run-release-heavy)",
        ),
        (
            [tier_run("merge-medium", coverage_gate=False)],
            TestSignal.WEAK,
            "merge-medium is green without its coverage gate (run-merge-medium)",
        ),
        (
            [tier_run("pr-fast"), tier_run("release-heavy"), tier_run("merge-medium")],
            TestSignal.STRONG,
            "release-heavy is green (run-release-heavy)",
        ),
        (
            [tier_run("release-heavy", coverage=()), tier_run("merge-medium")],
            TestSignal.MEDIUM,
            "release-heavy is green without its coverage gate (run-release-heavy)",
        ),
    ],
)
def test_the_best_tier_gives_the_signal(bundles: list[Any], value: TestSignal, source: str) -> None:
    assert told(facts(evidence(bundles=bundles)).tests) == (value, f"derived: {source}")


@pytest.mark.parametrize("coverage", ["below", "missing"])
def test_a_module_below_its_floor_is_no_strong_signal(coverage: str) -> None:
    for pair in (("pass", coverage), (coverage, "pass"), (coverage, coverage)):
        run = tier_run("release-heavy", coverage=(("a", "pass", "pass"), ("b", *pair)))
        assert facts(evidence(bundles=[run])).tests.value is TestSignal.MEDIUM


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "interrupted"},
        {"state": "damaged"},
        {"dirty": True},
        {"dirty": None},
        {"missing_count": 1},
        {"missing_count": None},
        {"overall_status": "fail"},
        {"overall_status": "inconclusive"},
        {"commit": "d" * 40},
        {"commit": None},
        {"partial": True},
        {"invalidated": "wrong database"},
    ],
)
def test_a_run_that_shows_nothing_gives_no_signal(changes: dict[str, Any]) -> None:
    run = tier_run("release-heavy", **changes)

    assert facts(evidence(bundles=[run])).tests.value is TestSignal.NONE


def test_only_the_newest_run_of_a_tier_counts() -> None:
    failed, older = tier_run("merge-medium", overall_status="fail"), tier_run("merge-medium")

    assert facts(evidence(bundles=[failed, older])).tests.value is TestSignal.NONE
    void = replace(failed, invalidated="the runner lost its disk")
    assert facts(evidence(bundles=[void, older])).tests.value is TestSignal.MEDIUM

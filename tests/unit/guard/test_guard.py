"""The guard of a run: plan, sandbox proof, permits, the end of a run, and its own report."""

from __future__ import annotations

from contextvars import copy_context

import pytest
from tests.fakes.guards import (
    BACKEND,
    INTENTS,
    PROVIDER,
    check_of,
    make_guard,
    refused,
    show,
    statuses,
    write,
)
from tests.fakes.policies import money

from billing_canary.errors import RefusedError
from billing_canary.guard.permit import Permit, current_permit
from billing_canary.model import Status


def test_a_plan_over_the_cap_ends_the_run_before_it_starts() -> None:
    guard = make_guard()
    with pytest.raises(RefusedError, match=r"planned 10\.01 RUB is over the cap of 10\.00 RUB") as caught:
        guard.plan([money(1000), money(1), money(5, "JPY")])
    assert (caught.value.rule, caught.value.ends_run) == ("planned-spend", True)
    refused(guard, "planned-spend", "/v1/customers")
    with pytest.raises(RefusedError, match="the run has ended"):
        guard.reserve("top up", money(1), "k")
    assert guard.spend().planned == (money(5, "JPY"), money(1001))


def test_a_plan_names_every_currency_that_is_over() -> None:
    with pytest.raises(RefusedError) as caught:
        make_guard().plan([money(1, "USD"), money(1001), money(1001, "JPY")])
    assert caught.value.reason.count(";") == 2
    assert "USD has no cap in gates/money.toml" in caught.value.reason


def test_a_plan_at_the_cap_fits() -> None:
    guard = make_guard()
    assert guard.plan([money(400), money(600)]) == (money(1000),)
    assert guard.plan([]) == ()
    assert statuses(guard)["planned-spend"] is Status.PASS


@pytest.mark.parametrize("livemode", [True, None, 0, "", "false", [], "nothing (unreachable)"])
def test_only_an_explicit_false_proves_the_sandbox(livemode: object) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as caught:
        guard.prove_sandbox(livemode=livemode)
    assert (caught.value.rule, caught.value.ends_run) == ("sandbox", True)
    refused(guard, "sandbox", "/v1/customers")


def test_the_sandbox_is_proved_by_false() -> None:
    guard = make_guard()
    assert statuses(guard)["sandbox"] is Status.SKIP
    guard.prove_sandbox(livemode=False)
    assert statuses(guard)["sandbox"] is Status.PASS
    told = "the provider answered livemode=false on /v1/balance at 2026-"
    assert told in check_of(guard, "sandbox").detail


def test_fetched_payments_are_told_as_proof() -> None:
    guard = make_guard()
    guard.prove_sandbox(livemode=False)
    show(guard)
    show(guard, id="pi_2")
    assert "2 payments were fetched and are livemode=false" in check_of(guard, "sandbox").detail


def test_a_revoked_permit_stops_requests_and_reservations() -> None:
    guard, permit = make_guard(), Permit()

    def probe() -> None:
        current_permit.set(permit)
        write(guard, "/v1/customers", "")
        permit.revoke()
        refused(guard, "time-limit", "/v1/customers", "")
        with pytest.raises(RefusedError, match="time limit"):
            guard.reserve("top up", money(1), "k")

    copy_context().run(probe)
    assert current_permit.get() is None
    write(guard, "/v1/customers", "")
    assert guard.ledger.entries() == ()
    assert statuses(guard)["time-limit"] is Status.REFUSED


def test_the_first_reason_for_the_end_is_kept() -> None:
    guard = make_guard()
    for url in (PROVIDER, BACKEND):
        with pytest.raises(RefusedError):
            guard.after_answer(url, None, 200, b'{"livemode": true}')
    with pytest.raises(RefusedError):
        guard.prove_sandbox(livemode=True)
    assert refused(guard, "never-live").reason == "the run has ended: an answer says livemode=true"


def test_a_refusal_that_does_not_end_the_run_lets_the_next_call_pass() -> None:
    guard = make_guard()
    refused(guard, "caps", INTENTS, "amount=101&currency=rub")
    write(guard)
    assert guard.spend().moved == (money(29),)


def test_the_report_has_every_rule_once_and_nothing_checked_is_skipped() -> None:
    checks = make_guard().safety_checks()
    ids = [check.id for check in checks]
    assert sorted(ids) == sorted(set(ids))
    assert set(ids) == {
        *("keys", "hosts", "never-live", "caps", "endpoints", "planned-spend", "sandbox", "time-limit")
    }
    assert {check.status for check in checks} == {Status.SKIP}
    assert all(check.claim for check in checks)


def test_the_report_says_what_was_contacted_planned_and_reserved() -> None:
    guard = make_guard()
    guard.plan([money(300)])
    write(guard)
    write(guard, "/v1/charges", None, "GET")
    assert check_of(guard, "hosts").detail == f"2 checked, none refused; contacted {PROVIDER}"
    assert check_of(guard, "planned-spend").detail.endswith("planned 3.00 RUB of at most 10.00 RUB")
    assert check_of(guard, "caps").detail.endswith("reserved 0.29 RUB of at most 10.00 RUB")
    assert (check_of(guard, "keys").status, check_of(guard, "time-limit").status) == (
        Status.PASS,
        Status.PASS,
    )


def test_a_plan_of_nothing_says_so() -> None:
    guard = make_guard()
    guard.plan([])
    assert check_of(guard, "planned-spend").detail.endswith("nothing is planned to be spent")


def test_a_warning_is_told_and_changes_no_status() -> None:
    guard = make_guard()
    guard.warn("keys", "OTHER_KEY holds a live key")
    guard.say("sandbox", "a proof")
    assert check_of(guard, "keys").detail.endswith("warning: OTHER_KEY holds a live key")
    assert check_of(guard, "keys").status is Status.SKIP
    assert check_of(guard, "sandbox").detail.endswith("; a proof")


@pytest.mark.parametrize(
    ("created", "removed", "left", "possible", "status", "said"),
    [
        (3, 3, (), True, Status.PASS, "3 were closed"),
        (0, 0, (), True, Status.SKIP, "0 accounts were opened"),
        (3, 0, (), False, Status.SKIP, "maps no close_account, so they stay"),
        (0, 0, (), False, Status.SKIP, "0 were closed"),
        (3, 2, ("t3 (HTTP 500)",), True, Status.ERROR, "left: t3 (HTTP 500)"),
    ],
)
def test_the_clean_up_is_a_check_of_its_own(  # noqa: PLR0913 - one row of the table
    created: int, removed: int, left: tuple[str, ...], *, possible: bool, status: Status, said: str
) -> None:
    guard = make_guard()
    guard.cleaned(created, removed, left, possible=possible)
    found = check_of(guard, "clean-up")
    assert found.status is status
    assert said in found.detail


def test_a_last_look_is_added_to_the_clean_up() -> None:
    guard = make_guard()
    guard.swept(1, ())
    assert "clean-up" not in statuses(guard)
    guard.cleaned(3, 3, (), possible=True)
    guard.swept(0, ())
    assert "more things" not in check_of(guard, "clean-up").detail
    guard.swept(2, ())
    found = check_of(guard, "clean-up")
    assert found.status is Status.PASS
    assert found.detail.endswith("; 2 more things with the run id were removed")
    guard.swept(0, ["pi_9 (HTTP 500)"])
    found = check_of(guard, "clean-up")
    assert found.status is Status.ERROR
    assert found.detail.endswith("left: pi_9 (HTTP 500)")


def test_the_spend_report_shows_plan_caps_and_what_moved() -> None:
    guard = make_guard()
    guard.plan([money(300)])
    guard.reserve("top up", money(29), "a")
    guard.reserve("top up", money(80, "JPY"), "b")
    spend = guard.spend()
    assert (spend.planned, spend.moved) == ((money(300),), (money(80, "JPY"), money(29)))
    assert spend.caps_per_run == (money(1000), money(1000, "JPY"))
    assert spend.caps_per_call == (money(100), money(100, "JPY"))
    assert [entry.idempotency_key for entry in spend.entries] == ["a", "b"]

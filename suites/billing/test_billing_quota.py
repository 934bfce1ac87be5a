"""Quota and gating: who has paid is never blocked, who has not is, and nobody spends twice."""

from __future__ import annotations

from functools import partial

import pytest
from billing_world import Billing

from billing_canary.target.operations import Operation, Outcome

pytestmark = pytest.mark.needs("consume")


def units_of(billing: Billing, minor: int) -> int:
    return minor // billing.target.settings.unit_price


def test_a_wallet_is_blocked_until_it_is_paid_and_never_after(billing: Billing) -> None:
    account = billing.open()
    assert billing.use(account).outcome is Outcome.BLOCKED
    billing.fund(account)
    assert {billing.use(account).outcome for _ in range(5)} == {Outcome.OK}


def test_the_whole_balance_can_be_spent_and_not_a_unit_more(billing: Billing) -> None:
    account = billing.open()
    units = units_of(billing, billing.fund(account).minor)
    assert billing.use(account, units).outcome is Outcome.OK
    denied = billing.use(account)
    assert (denied.outcome, denied.values.get("reason")) == (Outcome.BLOCKED, "wallet_exhausted")
    assert billing.balance(account) == billing.nothing()


def test_a_small_balance_buys_no_big_call(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account)
    assert billing.use(account, units_of(billing, paid.minor) + 1).outcome is Outcome.BLOCKED
    assert billing.balance(account) == paid


def test_a_quota_is_not_the_wallet(billing: Billing) -> None:
    account = billing.open(quota_units=2)
    billing.fund(account)
    assert billing.use(account, 2).outcome is Outcome.OK
    denied = billing.use(account)
    assert (denied.outcome, denied.values.get("reason")) == (Outcome.BLOCKED, "quota_exhausted")


def test_calls_at_the_same_time_cannot_overspend(billing: Billing) -> None:
    account = billing.open()
    units = units_of(billing, billing.fund(account).minor)
    answers = billing.together([partial(billing.use, account, units)] * 8)
    assert sum(answer.outcome is Outcome.OK for answer in answers) == 1
    assert billing.balance(account) == billing.nothing()


def test_small_calls_at_the_same_time_all_count(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account)
    answers = billing.together([partial(billing.use, account)] * 8)
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert billing.balance(account).minor == paid.minor - 8 * billing.target.settings.unit_price


def test_the_same_use_is_charged_once(billing: Billing) -> None:
    account, usage = billing.open(), billing.key()
    paid = billing.fund(account)
    answers = [billing.backend.consume(account, 3, usage) for _ in range(3)]
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert billing.backend.consume(account, 4, usage).outcome is Outcome.REJECTED
    assert billing.balance(account).minor == paid.minor - 3 * billing.target.settings.unit_price


@pytest.mark.parametrize("units", [0, -1, 10**9])
def test_an_impossible_number_of_units_is_rejected(billing: Billing, units: int) -> None:
    account = billing.open()
    paid = billing.fund(account)
    assert billing.use(account, units).outcome is Outcome.REJECTED
    assert billing.balance(account) == paid


@pytest.mark.needs("consume_failing")
def test_a_call_that_fails_costs_nothing_and_holds_nothing(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account)
    units = units_of(billing, paid.minor)
    assert billing.backend.consume_failing(account, units, billing.key()).outcome is Outcome.FAILED
    assert billing.balance(account) == paid
    assert billing.backend.wallet(account).available in {None, paid}
    assert billing.use(account, units).outcome is Outcome.OK


@pytest.mark.needs("disrupt_billing_state")
def test_an_unreadable_state_is_no_denial(billing: Billing) -> None:
    account = billing.open()
    billing.fund(account)
    billing.backend.disrupt(Operation.DISRUPT_BILLING_STATE, account, 1)
    assert billing.use(account).outcome is Outcome.UNAVAILABLE
    assert billing.use(account).outcome is Outcome.OK


@pytest.mark.needs("deliver_event", "paid_event")
def test_a_credit_between_debits_is_not_lost(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account)
    top_up = billing.begin(account)
    billing.pay(top_up)
    body = billing.event(top_up.payment, "payment_intent.succeeded")
    answers = billing.together([partial(billing.deliver, body), *[partial(billing.use, account)] * 6])
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    left = paid.minor + top_up.amount.minor - 6 * billing.target.settings.unit_price
    billing.becomes(lambda: billing.balance(account).minor, left)
    billing.idle()
    assert billing.backend.ledger_total(account).minor == billing.balance(account).minor == left


@pytest.mark.needs("read_entitlement")
def test_entitlements_say_what_the_gate_will_do(billing: Billing) -> None:
    account = billing.open()
    before = billing.backend.entitlement(account)
    assert (before.allowed, before.reason) == (False, "wallet_exhausted")
    billing.fund(account)
    after = billing.backend.entitlement(account)
    assert (after.allowed, after.reason, after.quota_left) == (True, "ok", None)

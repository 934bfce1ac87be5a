"""Subscriptions: what is paid gives its quota for its period, and nobody pays for what ended."""

from __future__ import annotations

from functools import partial

import pytest
from billing_world import CARD_THAT_FAILS_LATER, DECLINED_CARD, GOOD_CARD, Billing

from billing_canary.money import Money
from billing_canary.target.operations import Outcome

pytestmark = pytest.mark.needs(
    "read_plan", "create_subscription", "read_subscription", "read_invoices", "read_entitlement"
)
TIME = pytest.mark.needs("advance_clock")


def test_a_subscription_is_active_once_its_first_invoice_is_paid(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    assert billing.status(subscription) == "active"
    assert [payment.received for payment in billing.payments(account)] == [plan.price]
    assert [invoice["status"] for invoice in billing.invoices(subscription)] == ["paid"]
    entitlement = billing.backend.entitlement(account)
    assert (entitlement.allowed, entitlement.quota_left) == (True, plan.quota_units)


def test_the_quota_is_used_up_without_touching_the_wallet(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    paid = billing.fund(account)
    billing.subscribe(account)
    for left in reversed(range(plan.quota_units)):
        assert billing.use(account).outcome is Outcome.OK
        assert billing.quota_left(account) == left
    denied = billing.use(account)
    assert (denied.outcome, denied.values.get("reason")) == (Outcome.BLOCKED, "quota_exhausted")
    assert billing.balance(account) == paid


def test_use_beyond_the_quota_is_blocked_as_a_whole(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    billing.subscribe(account)
    assert billing.use(account, plan.quota_units + 1).outcome is Outcome.BLOCKED
    assert billing.quota_left(account) == plan.quota_units
    assert billing.use(account, plan.quota_units).outcome is Outcome.OK


def test_calls_at_the_same_time_cannot_overuse_the_quota(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    billing.subscribe(account)
    answers = billing.together([partial(billing.use, account, plan.quota_units)] * 6)
    assert sum(answer.outcome is Outcome.OK for answer in answers) == 1
    assert billing.quota_left(account) == 0


@pytest.mark.needs("consume_failing")
def test_use_that_fails_leaves_the_quota_whole(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    billing.subscribe(account)
    failed = billing.backend.consume_failing(account, plan.quota_units, billing.key())
    assert failed.outcome is Outcome.FAILED
    assert billing.quota_left(account) == plan.quota_units


def test_the_same_key_subscribes_once(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    answers = billing.together([partial(billing.try_to_subscribe, account, key=key)] * 3)
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert len({answer.values["subscription"] for answer in answers}) == 1
    assert len(billing.payments(account)) == 1


def test_an_account_has_one_subscription_at_a_time(billing: Billing) -> None:
    account = billing.open()
    answers = billing.together([partial(billing.try_to_subscribe, account)] * 4)
    outcomes = sorted(answer.outcome for answer in answers)
    assert outcomes == [Outcome.OK, Outcome.REJECTED, Outcome.REJECTED, Outcome.REJECTED]
    assert len(billing.payments(account)) == 1


@pytest.mark.parametrize("card", [DECLINED_CARD, CARD_THAT_FAILS_LATER])
def test_a_declined_card_subscribes_to_nothing(billing: Billing, card: str) -> None:
    account, plan = billing.open(), billing.backend.plan()
    assert billing.try_to_subscribe(account, card).outcome is Outcome.BLOCKED
    assert billing.payments(account) == ()
    assert billing.backend.entitlement(account).quota_left is None
    assert billing.use(account).outcome is Outcome.BLOCKED
    billing.subscribe(account)
    assert billing.quota_left(account) == plan.quota_units


def test_nobody_pays_another_price_than_agreed(billing: Billing) -> None:
    account, price = billing.open(), billing.backend.plan().price
    other = price + Money(minor=1, currency=price.currency)
    answer = billing.backend.subscribe(account, other, GOOD_CARD, billing.key())
    assert answer.outcome is Outcome.REJECTED
    assert billing.payments(account) == ()


def test_a_subscription_tops_no_wallet_up(billing: Billing) -> None:
    account = billing.open()
    billing.subscribe(account)
    billing.idle()
    assert billing.balance(account) == billing.nothing()
    assert billing.backend.ledger_total(account) == billing.nothing()


@TIME
def test_renewal_charges_once_and_resets_the_quota(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    first = billing.state(subscription)
    assert billing.use(account, plan.quota_units).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(partial(billing.quota_left, account), plan.quota_units)
    billing.idle()
    renewed = billing.state(subscription)
    assert (renewed.status, renewed.period_start) == ("active", first.period_end)
    assert [payment.received for payment in billing.payments(account)] == [plan.price] * 2
    assert [invoice["status"] for invoice in billing.invoices(subscription)] == ["paid", "paid"]


@TIME
def test_quota_that_is_left_over_does_not_pile_up(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    assert billing.use(account).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(lambda: len(billing.invoices(subscription)), 2)
    billing.idle()
    assert billing.quota_left(account) == plan.quota_units


@TIME
@pytest.mark.needs("cancel_subscription")
def test_cancelled_access_lasts_to_the_end_of_the_period(billing: Billing) -> None:
    account = billing.open()
    subscription = billing.subscribe(account)
    assert billing.backend.cancel_subscription(account, subscription.id).outcome is Outcome.OK
    billing.idle()
    state = billing.state(subscription)
    assert (state.status, state.cancels) == ("active", True)
    assert billing.use(account).outcome is Outcome.OK
    billing.pass_period()
    assert billing.use(account).outcome is Outcome.BLOCKED
    billing.becomes(partial(billing.status, subscription), "canceled")
    billing.pass_period()
    billing.idle()
    assert len(billing.payments(account)) == 1


@TIME
@pytest.mark.needs("cancel_subscription")
def test_who_cancelled_may_subscribe_again_once_it_ended(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    first = billing.subscribe(account)
    billing.backend.cancel_subscription(account, first.id)
    assert billing.try_to_subscribe(account).outcome is Outcome.REJECTED
    billing.pass_period()
    billing.becomes(partial(billing.status, first), "canceled")
    second = billing.subscribe(account)
    assert (billing.status(first), billing.status(second)) == ("canceled", "active")
    assert billing.quota_left(account) == plan.quota_units


@TIME
@pytest.mark.needs("change_card")
def test_a_renewal_that_cannot_be_paid_is_past_due_and_grants_nothing(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    assert billing.use(account, plan.quota_units - 1).outcome is Outcome.OK
    assert billing.backend.change_card(account, subscription.id, CARD_THAT_FAILS_LATER).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(partial(billing.status, subscription), "past_due")
    billing.idle()
    assert billing.quota_left(account) == 1
    assert len(billing.payments(account)) == 1


@TIME
@pytest.mark.needs("change_card", "pay_subscription")
def test_paying_what_is_open_restores_the_subscription(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    assert billing.use(account, plan.quota_units).outcome is Outcome.OK
    billing.backend.change_card(account, subscription.id, CARD_THAT_FAILS_LATER)
    billing.pass_period()
    billing.becomes(partial(billing.status, subscription), "past_due")
    pay = partial(billing.backend.pay_subscription, account, subscription.id, plan.price)
    assert pay(billing.key()).outcome is Outcome.BLOCKED
    assert billing.status(subscription) == "past_due"
    billing.backend.change_card(account, subscription.id, GOOD_CARD)
    assert pay(billing.key()).outcome is Outcome.OK
    assert billing.status(subscription) == "active"
    assert billing.quota_left(account) == plan.quota_units
    assert pay(billing.key()).outcome is Outcome.REJECTED
    assert len(billing.payments(account)) == 2


@TIME
def test_a_closed_account_is_not_charged_again(billing: Billing) -> None:
    account = billing.open()
    billing.subscribe(account)
    assert billing.backend.close_account(account).outcome is Outcome.OK
    billing.pass_period()
    billing.idle()
    assert len(billing.payments(account)) == 1

"""The whole way: a customer's life, however the provider delivers and whatever fails on the way."""

from __future__ import annotations

from functools import partial

import pytest
from billing_world import Billing

from billing_canary.target.operations import Operation, Outcome

SCHEDULES = (
    "prompt",
    "duplicated",
    "parallel",
    "delayed",
    "reversed",
    "stale-then-fresh",
    "wrong-secret-then-right",
    "rotated-secret",
)
with_schedules = pytest.mark.parametrize(
    "schedule", [pytest.param(name, marks=pytest.mark.schedule(name)) for name in SCHEDULES]
)
SUBSCRIBES = pytest.mark.needs("create_subscription", "read_subscription", "advance_clock")


@SUBSCRIBES
@pytest.mark.needs("cancel_subscription")
def test_a_customer_from_the_first_top_up_to_the_last_unit(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    assert billing.use(account).outcome is Outcome.BLOCKED
    paid = billing.fund(account)
    assert billing.use(account, 4).outcome is Outcome.OK
    subscription = billing.subscribe(account)
    assert billing.use(account, plan.quota_units).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(partial(billing.quota_left, account), plan.quota_units)
    assert billing.backend.cancel_subscription(account, subscription.id).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(partial(billing.status, subscription), "canceled")
    rest = billing.balance(account)
    assert rest.minor == paid.minor - 4 * billing.target.settings.unit_price
    assert billing.use(account, rest.minor // billing.target.settings.unit_price).outcome is Outcome.OK
    assert billing.use(account).outcome is Outcome.BLOCKED
    assert billing.balance(account) == billing.backend.ledger_total(account) == billing.nothing()
    taken = sorted(payment.received.minor for payment in billing.payments(account))
    assert taken == sorted([paid.minor, plan.price.minor, plan.price.minor])


@with_schedules
def test_a_top_up_is_credited_once_however_it_is_told(billing: Billing, schedule: str) -> None:
    account = billing.open()
    first, second = billing.begin(account), billing.begin(account, billing.amount() * 2)
    billing.pay(first)
    billing.pay(second)
    billing.becomes(partial(billing.balance, account), first.amount + second.amount)
    billing.idle()
    assert billing.balance(account) == billing.backend.ledger_total(account) == billing.amount() * 3, schedule


@SUBSCRIBES
@with_schedules
def test_a_renewal_counts_once_however_it_is_told(billing: Billing, schedule: str) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    assert billing.use(account, plan.quota_units).outcome is Outcome.OK
    billing.pass_period()
    billing.becomes(partial(billing.quota_left, account), plan.quota_units)
    billing.idle()
    assert billing.quota_left(account) == plan.quota_units, schedule
    assert billing.status(subscription) == "active"
    assert [invoice["status"] for invoice in billing.invoices(subscription)] == ["paid", "paid"]
    assert len(billing.payments(account)) == 2


@pytest.mark.needs("disrupt_event_processing")
def test_a_payment_survives_failures_on_our_side(billing: Billing) -> None:
    account = billing.open()
    billing.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 2)
    billing.backend.disrupt(Operation.DISRUPT_BALANCE_WRITES, account, 1)
    top_up = billing.begin(account)
    billing.pay(top_up)
    billing.becomes(partial(billing.balance, account), top_up.amount)
    assert billing.backend.ledger_total(account) == top_up.amount


@pytest.mark.schedule("silent")
@pytest.mark.needs("advance_clock", "read_event", "disrupt_event_processing")
def test_an_event_that_waited_long_in_the_inbox_still_counts(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 3)
    billing.pay(top_up)
    body = billing.event(top_up.payment, "payment_intent.succeeded")
    assert billing.deliver(body).outcome is Outcome.OK
    billing.target.advance_clock(3600)
    billing.becomes(partial(billing.balance, account), top_up.amount)


@pytest.mark.needs("consume")
def test_payments_and_use_at_the_same_time_all_count(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account)
    top_up = billing.begin(account)

    def pay() -> bool:
        return billing.pay(top_up).received == top_up.amount

    def use() -> bool:
        return billing.use(account).outcome is Outcome.OK

    assert all(billing.together([pay, *[use] * 6]))
    spent = 6 * billing.target.settings.unit_price
    billing.becomes(lambda: billing.balance(account).minor, paid.minor + top_up.amount.minor - spent)
    assert billing.backend.ledger_total(account) == billing.balance(account)


@pytest.mark.needs("set_enforcement")
@pytest.mark.schedule("prompt")
def test_the_kill_switch_stops_blocking_and_nothing_else(billing: Billing) -> None:
    account = billing.open()
    billing.backend.set_enforcement(enabled=False)
    assert billing.use(account, 3).outcome is Outcome.OK
    assert billing.balance(account) == billing.nothing()
    paid = billing.fund(account)
    billing.backend.set_enforcement(enabled=True)
    assert (
        billing.use(account, paid.minor // billing.target.settings.unit_price + 1).outcome is Outcome.BLOCKED
    )
    assert billing.balance(account) == paid


@pytest.mark.needs("read_build", "read_health")
def test_the_deployed_build_runs_and_is_well(billing: Billing) -> None:
    expected = billing.target.settings.expected_build
    assert billing.backend.health().outcome is Outcome.OK
    assert billing.backend.build() == expected or expected is None
    assert billing.use(billing.open()).outcome is Outcome.BLOCKED


@pytest.mark.needs("read_metrics")
@pytest.mark.schedule("prompt")
def test_the_metrics_count_what_happened(billing: Billing) -> None:
    account = billing.open()
    billing.fund(account)
    billing.use(account, 10_000)
    lines = billing.backend.metrics().text.splitlines()
    assert 'billing_topups_total{status="201"} 1' in lines
    assert 'billing_usage_blocked_total{reason="wallet_exhausted"} 1' in lines
    assert "billing_webhook_backlog 0" in lines
    assert "billing_webhook_dead_letters 0" in lines

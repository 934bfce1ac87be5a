"""Events about subscriptions: genuine ones count once, in whatever order they come; others not at all."""

from __future__ import annotations

import json
from functools import partial

import pytest
from billing_world import CARD_THAT_FAILS_LATER, GOOD_CARD, Billing, Subscription

from billing_canary.target.backend import Account
from billing_canary.target.operations import Operation, Outcome

CREATED, UPDATED, DELETED = (f"customer.subscription.{word}" for word in ("created", "updated", "deleted"))

pytestmark = [
    pytest.mark.schedule("silent"),
    pytest.mark.needs("create_subscription", "read_subscription", "advance_clock", "read_event"),
]


def renewal(billing: Billing, account: Account) -> str:
    """The provider's invoice of the second period, once it is made."""
    invoices = billing.becomes(
        partial(billing.provider_invoices, account), "two invoices", reached=lambda found: len(found) > 1
    )
    return invoices[0]


def provider_id(billing: Billing, account: Account) -> str:
    (found,) = billing.provider.subscriptions_of(account.customer)
    return str(found)


def renewed(billing: Billing) -> tuple[Account, Subscription, bytes]:
    """A subscription whose quota is used up and whose renewal was paid; and the event that says so."""
    account = billing.open()
    subscription = billing.subscribe(account)
    assert billing.use(account, billing.backend.plan().quota_units).outcome is Outcome.OK
    billing.pass_period()
    return account, subscription, billing.event(renewal(billing, account), "invoice.paid")


def changed(body: bytes, **fields: object) -> bytes:
    """The event with other fields at its top, under an id of its own."""
    event = json.loads(body)
    return json.dumps({**event, "id": f"{event['id']}_changed", **fields}).encode()


def settle(billing: Billing, *bodies: bytes) -> list[str]:
    """Deliver events one after the other; what became of each."""
    outcomes = []
    for body in bodies:
        assert billing.deliver(body).outcome is Outcome.OK
        outcomes.append(billing.outcome_of(json.loads(body)["id"]))
    return outcomes


def test_the_quota_resets_when_the_renewal_is_told_and_not_before(billing: Billing) -> None:
    account, subscription, paid = renewed(billing)
    assert (billing.quota_left(account), len(billing.invoices(subscription))) == (0, 1)
    assert settle(billing, paid) == ["processed"]
    assert billing.quota_left(account) == billing.backend.plan().quota_units
    assert len(billing.invoices(subscription)) == 2


def test_a_replayed_renewal_grants_once(billing: Billing) -> None:
    account, subscription, paid = renewed(billing)
    settle(billing, paid)
    assert billing.use(account, 2).outcome is Outcome.OK
    left = billing.quota_left(account)
    for _ in range(3):
        settle(billing, paid)
    billing.idle()
    assert billing.quota_left(account) == left
    assert len(billing.invoices(subscription)) == 2
    assert billing.backend.event_story(json.loads(paid)["id"]).get("effects") == 1


def test_copies_at_the_same_time_grant_once(billing: Billing) -> None:
    account, subscription, paid = renewed(billing)
    answers = billing.together([partial(billing.deliver, paid)] * 8)
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    billing.idle()
    assert billing.quota_left(account) == billing.backend.plan().quota_units
    assert len(billing.invoices(subscription)) == 2
    assert billing.backend.event_story(json.loads(paid)["id"]).get("effects") == 1


def test_an_old_invoice_that_is_told_late_takes_no_quota_back(billing: Billing) -> None:
    account, subscription, paid = renewed(billing)
    first = billing.event(str(billing.invoices(subscription)[0]["id"]), "invoice.paid")
    assert settle(billing, paid, first) == ["processed", "processed"]
    assert billing.quota_left(account) == billing.backend.plan().quota_units


def test_created_after_updated_does_not_undo_it(billing: Billing) -> None:
    account = billing.open()
    subscription = billing.subscribe(account)
    about = provider_id(billing, account)
    events = [billing.event(about, kind) for kind in (UPDATED, CREATED)]
    assert json.loads(events[1])["data"]["object"]["status"] == "incomplete"
    assert settle(billing, *events) == ["processed", "processed"]
    assert billing.status(subscription) == "active"
    assert billing.use(account).outcome is Outcome.OK


@pytest.mark.needs("cancel_subscription")
def test_a_late_event_revives_no_subscription_that_ended(billing: Billing) -> None:
    account = billing.open()
    subscription = billing.subscribe(account)
    about = provider_id(billing, account)
    early = [billing.event(about, kind) for kind in (CREATED, UPDATED)]
    assert billing.backend.cancel_subscription(account, subscription.id).outcome is Outcome.OK
    billing.pass_period()
    deleted = billing.event(about, DELETED)
    assert settle(billing, deleted, *early) == ["processed"] * 3
    assert billing.status(subscription) == "canceled"
    assert billing.use(account).outcome is Outcome.BLOCKED


@pytest.mark.needs("change_card", "pay_subscription")
def test_a_failure_that_is_told_after_the_payment_changes_nothing(billing: Billing) -> None:
    account, plan = billing.open(), billing.backend.plan()
    subscription = billing.subscribe(account)
    billing.backend.change_card(account, subscription.id, CARD_THAT_FAILS_LATER)
    billing.pass_period()
    invoice = renewal(billing, account)
    failed = billing.event(invoice, "invoice.payment_failed")
    billing.backend.change_card(account, subscription.id, GOOD_CARD)
    paid_now = billing.backend.pay_subscription(account, subscription.id, plan.price, billing.key())
    assert paid_now.outcome is Outcome.OK
    paid = billing.event(invoice, "invoice.paid")
    assert settle(billing, paid, failed) == ["processed", "processed"]
    assert billing.status(subscription) == "active"
    assert [each["status"] for each in billing.invoices(subscription)] == ["paid", "paid"]
    assert billing.quota_left(account) == plan.quota_units


@pytest.mark.needs("change_card")
def test_a_failed_renewal_that_is_told_is_past_due(billing: Billing) -> None:
    account = billing.open()
    subscription = billing.subscribe(account)
    billing.backend.change_card(account, subscription.id, CARD_THAT_FAILS_LATER)
    billing.pass_period()
    failed = billing.event(renewal(billing, account), "invoice.payment_failed")
    assert settle(billing, failed, failed) == ["processed", "processed"]
    assert billing.status(subscription) == "past_due"
    assert [each["status"] for each in billing.invoices(subscription)] == ["paid", "open"]


def test_an_event_that_cannot_be_processed_at_first_is_not_lost(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    billing.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 2)
    assert settle(billing, paid) == ["processed"]
    assert billing.quota_left(account) == billing.backend.plan().quota_units
    assert billing.backend.event_story(json.loads(paid)["id"]).get("attempts") == 3


def test_an_event_that_keeps_failing_waits_for_an_operator(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    billing.backend.disrupt(Operation.DISRUPT_EVENT_PROCESSING, account, 1_000)
    assert billing.deliver(paid).outcome is Outcome.OK
    for _ in range(5):
        billing.target.advance_clock(600)
    assert billing.outcome_of(json.loads(paid)["id"]) == "dead"
    assert billing.quota_left(account) == 0


def test_forged_stale_and_unsigned_events_change_nothing(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    answers = [
        billing.deliver(paid, secret="whsec_not_the_secret"),
        billing.deliver(paid, age_s=301),
        billing.deliver(paid, age_s=-400),
        billing.backend.deliver(paid, None),
        billing.backend.deliver(paid + b" ", billing.webhooks.sign(paid, billing.target.now())),
    ]
    assert {answer.outcome for answer in answers} == {Outcome.REJECTED}
    billing.idle()
    assert billing.quota_left(account) == 0


def test_a_signature_in_the_middle_of_a_rotation_is_good(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    assert billing.deliver(paid, after="whsec_an_older_secret").outcome is Outcome.OK
    assert billing.outcome_of(json.loads(paid)["id"]) == "processed"
    assert billing.quota_left(account) == billing.backend.plan().quota_units


def test_the_signature_covers_the_bytes_that_came(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    spaced = json.dumps(json.loads(paid) | {"note": "оплачено ✓"}, ensure_ascii=False, indent=3).encode()
    assert billing.deliver(spaced).outcome is Outcome.OK
    assert billing.outcome_of(json.loads(paid)["id"]) == "processed"
    assert billing.quota_left(account) == billing.backend.plan().quota_units


def test_events_of_live_mode_and_of_unknown_things_are_acknowledged_and_ignored(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    unknown = json.loads(paid)["data"]["object"] | {"id": "in_unknown", "parent": None, "metadata": {}}
    strange = [
        changed(paid, livemode=True),
        changed(paid, id="evt_type", type="invoice.unheard_of"),
        changed(paid, id="evt_invoice", data={"object": unknown}),
        changed(paid, id="evt_sub", type=UPDATED, data={"object": {"id": "sub_unknown", "status": "active"}}),
    ]
    assert settle(billing, *strange) == ["ignored"] * 4
    assert billing.quota_left(account) == 0


def test_use_in_the_old_period_does_not_count_in_the_new_one(billing: Billing) -> None:
    account, _, paid = renewed(billing)
    settle(billing, paid)
    assert billing.use(account, billing.backend.plan().quota_units).outcome is Outcome.OK
    assert billing.use(account).outcome is Outcome.BLOCKED

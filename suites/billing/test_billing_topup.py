"""Top-ups: what a customer pays arrives once, in full, in the right currency."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from billing_world import CARD_THAT_FAILS_LATER, Billing

from billing_canary.money import Money
from billing_canary.target.operations import Operation, Outcome

HOSTILE_AMOUNTS = (-29, 0, 0.5, "1_0", 10**30, float("nan"), True, None)


def test_a_paid_top_up_is_credited_in_full(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    assert billing.pay(top_up).received == top_up.amount
    billing.becomes(partial(billing.balance, account), top_up.amount)
    assert billing.backend.wallet(account).available in {None, top_up.amount}


def test_nothing_is_credited_before_it_is_paid(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.backend.check_top_up(account, top_up.id, top_up.payment)
    assert billing.balance(account) == billing.nothing()


def test_a_declined_card_credits_nothing_and_another_card_may_follow(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    assert billing.is_declined(top_up)
    billing.idle()
    assert billing.balance(account) == billing.nothing()
    billing.pay(top_up)
    billing.becomes(partial(billing.balance, account), top_up.amount)
    assert len(billing.payments(account)) == 1


def test_two_top_ups_add_up(billing: Billing) -> None:
    account = billing.open()
    paid = billing.fund(account) + billing.fund(account, billing.amount() * 2)
    assert billing.balance(account) == paid == billing.amount() * 3


def test_a_retry_with_the_same_key_is_the_same_payment(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    answers = [
        billing.backend.create_top_up(account, billing.amount(), key, trace=billing.key()) for _ in range(3)
    ]
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert len({answer.values["payment"] for answer in answers}) == 1
    billing.pay(billing.top_up_in(answers[0], billing.amount()))
    billing.becomes(partial(billing.balance, account), billing.amount())


def test_retries_at_the_same_time_are_one_payment(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    ask = partial(billing.backend.create_top_up, account, billing.amount(), key, trace=key)
    answers = billing.together([ask] * 4)
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert len({answer.values["payment"] for answer in answers}) == 1
    assert len(billing.provider.payments_of(account.customer)) == 1


def test_the_same_key_with_another_amount_is_rejected(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    first = billing.backend.create_top_up(account, billing.amount(), key, trace=key)
    other = billing.backend.create_top_up(account, billing.amount() * 2, key, trace=key)
    assert (first.outcome, other.outcome) == (Outcome.OK, Outcome.REJECTED)
    assert billing.provider.payment(str(first.values["payment"])).amount == billing.amount()


@pytest.mark.parametrize("raw", HOSTILE_AMOUNTS, ids=repr)
@pytest.mark.needs("create_raw_top_up")
def test_an_impossible_amount_is_rejected(billing: Billing, raw: Any) -> None:
    account = billing.open()
    assert billing.backend.create_raw_top_up(account, raw, billing.key()).outcome is Outcome.REJECTED
    assert billing.provider.payments_of(account.customer) == ()


@pytest.mark.needs("check_top_up")
def test_webhook_and_manual_check_credit_once(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.pay(top_up)
    assert billing.backend.check_top_up(account, top_up.id, top_up.payment).outcome is Outcome.OK
    body = billing.event(top_up.payment, "payment_intent.succeeded")
    assert billing.deliver(body).outcome is Outcome.OK
    billing.idle()
    assert billing.backend.check_top_up(account, top_up.id, top_up.payment).outcome is Outcome.OK
    assert billing.balance(account) == top_up.amount
    assert billing.backend.ledger_total(account) == top_up.amount


@pytest.mark.schedule("silent")
@pytest.mark.parametrize("copies", [3, 8])
def test_copies_of_the_event_credit_once(billing: Billing, copies: int) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.pay(top_up)
    body = billing.event(top_up.payment, "payment_intent.succeeded")
    answers = billing.together([partial(billing.deliver, body)] * copies)
    answers.append(billing.deliver(body))
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    billing.idle()
    assert billing.balance(account) == billing.backend.ledger_total(account) == top_up.amount


@pytest.mark.schedule("silent")
@pytest.mark.needs("check_top_up")
def test_the_manual_check_credits_when_no_webhook_comes(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.pay(top_up)
    assert billing.balance(account) == billing.nothing()
    billing.backend.check_top_up(account, top_up.id, top_up.payment)
    assert billing.balance(account) == top_up.amount


@pytest.mark.needs("check_top_up")
def test_a_check_of_an_unknown_top_up_is_rejected(billing: Billing) -> None:
    account, other = billing.open(), billing.open()
    top_up = billing.begin(other)
    billing.pay(top_up)
    assert billing.backend.check_top_up(account, top_up.id, top_up.payment).outcome is Outcome.REJECTED
    assert billing.backend.check_top_up(account, "top_none", top_up.payment).outcome is Outcome.REJECTED
    assert billing.balance(account) == billing.nothing()


@pytest.mark.needs("charge_saved_card")
def test_a_saved_card_is_charged_and_credited_once(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    for _ in range(2):
        answer = billing.backend.charge_saved_card(account, billing.amount(), key)
        assert answer.outcome is Outcome.OK
    billing.becomes(partial(billing.balance, account), billing.amount())
    billing.idle()
    assert billing.balance(account) == billing.amount()
    assert [payment.received for payment in billing.payments(account)] == [billing.amount()]


@pytest.mark.needs("charge_saved_card", "disrupt_balance_writes")
@pytest.mark.parametrize("times", [1, 3, 5])
def test_a_saved_card_is_charged_once_however_often_the_write_fails(billing: Billing, times: int) -> None:
    account = billing.open()
    disrupt = billing.backend.disrupt
    disrupt(Operation.DISRUPT_BALANCE_WRITES, account, times)
    billing.backend.charge_saved_card(account, billing.amount(), billing.key())
    billing.becomes(partial(billing.balance, account), billing.amount())
    assert [payment.received for payment in billing.payments(account)] == [billing.amount()]


def test_a_currency_without_decimals_is_charged_and_credited_as_it_is(billing: Billing) -> None:
    account = billing.open("JPY")
    top_up = billing.begin(account)
    assert billing.provider.payment(top_up.payment).amount == top_up.amount == billing.amount("JPY")
    billing.pay(top_up)
    billing.becomes(partial(billing.balance, account), billing.amount("JPY"))


@pytest.mark.schedule("silent")
@pytest.mark.parametrize(("currency", "times"), [("JPY", 1), ("RUB", 2), ("RUB", 0)])
def test_a_payment_that_does_not_fit_is_not_credited(billing: Billing, currency: str, times: int) -> None:
    account = billing.open("RUB")
    top_up = billing.begin(account)
    paid = Money(minor=top_up.amount.minor * times, currency=currency)
    event = billing.webhooks.paid(account, top_up.payment, paid, billing.target.now())
    assert billing.deliver(event.body).outcome is Outcome.OK
    assert billing.outcome_of(event.id) == "dead"
    assert billing.balance(account) == billing.nothing()


def test_a_partial_capture_credits_what_was_captured(billing: Billing) -> None:
    account = billing.open()
    top_up = billing.begin(account)
    billing.pay(top_up, capture_later=True)
    part = Money(minor=top_up.amount.minor - 9, currency=top_up.amount.currency)
    billing.provider.capture(top_up.payment, part)
    billing.becomes(partial(billing.balance, account), part)
    assert billing.backend.ledger_total(account) == part


def test_the_ledger_adds_up_to_the_balance(billing: Billing) -> None:
    account = billing.open()
    billing.fund(account)
    for units in (3, 7, 1):
        assert billing.use(account, units).outcome is Outcome.OK
    left = billing.amount().minor - 11 * billing.target.settings.unit_price
    assert billing.balance(account).minor == left
    assert billing.backend.ledger_total(account).minor == left


@pytest.mark.needs("charge_saved_card")
def test_odd_amounts_do_not_drift(billing: Billing) -> None:
    account = billing.open()
    amounts = [billing.amount() + Money(minor=extra, currency=account.currency) for extra in (0, 1, 28, 29)]
    for amount in amounts:
        billing.backend.charge_saved_card(account, amount, billing.key())
    assert billing.balance(account) == sum(amounts[1:], start=amounts[0])


@pytest.mark.mock_only("no operation charges a card that is declined")
def test_a_saved_card_that_is_declined_tops_nothing_up(billing: Billing) -> None:
    account, key = billing.open(), billing.key()
    body = {"amount": 29, "payment_method": CARD_THAT_FAILS_LATER, "confirm": True}
    answers = [billing.raw(account, "POST", "/topups", body, Idempotency_Key=key) for _ in range(2)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(402, "card_declined")] * 2
    (payment,) = billing.provider.payments_of(account.customer)
    event = billing.event(payment.id, "payment_intent.payment_failed")
    assert billing.deliver(event).outcome is Outcome.OK
    assert billing.outcome_of(json.loads(event)["id"]) == "processed"
    billing.idle()
    assert (billing.balance(account), billing.payments(account)) == (billing.nothing(), ())


@pytest.mark.mock_only("no operation sends half a request")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"currency": "USD"}, "currency_mismatch"),
        ({"currency": 1}, "currency_mismatch"),
        ({"payment_method": "pm_card_visa"}, "invalid_payment_method"),
        ({"confirm": True}, "invalid_payment_method"),
        ({"payment_method": 1, "confirm": True}, "invalid_payment_method"),
    ],
)
def test_a_request_that_contradicts_itself_is_rejected(
    billing: Billing, fields: dict[str, Any], code: str
) -> None:
    account = billing.open()
    answer = billing.raw(account, "POST", "/topups", {"amount": 29, **fields}, Idempotency_Key=billing.key())
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert billing.provider.payments_of(account.customer) == ()


@pytest.mark.mock_only("no operation leaves the key out")
def test_a_top_up_without_a_key_is_rejected_and_a_top_up_can_be_looked_at(billing: Billing) -> None:
    account, other = billing.open(), billing.open()
    assert billing.raw(account, "POST", "/topups", {"amount": 29}).status_code == 400
    top_up = billing.begin(account)
    shown = billing.raw(account, "GET", f"/topups/{top_up.id}").json()
    assert (shown["status"], shown["amount"]) == ("pending", top_up.amount.minor)
    billing.pay(top_up)
    billing.becomes(partial(billing.balance, account), top_up.amount)
    assert billing.raw(account, "GET", f"/topups/{top_up.id}").json()["status"] == "paid"
    assert billing.raw(other, "GET", f"/topups/{top_up.id}").status_code == 404

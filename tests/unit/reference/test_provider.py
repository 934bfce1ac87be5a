"""The provider, driven by the real Stripe SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe


@pytest.fixture
def sdk(bench: Any) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_reference",
        base_addresses={"api": bench.service.provider_url},
        http_client=stripe.RequestsClient(session=bench.session),
        max_network_retries=0,
    )


def intent(sdk: stripe.StripeClient, amount: int = 500, **params: Any) -> stripe.PaymentIntent:
    asked: Any = {"amount": amount, "currency": "RUB", **params}
    return sdk.v1.payment_intents.create(asked)


def test_create_and_confirm(sdk: stripe.StripeClient) -> None:
    made = intent(sdk, metadata={"run_id": "r"}, payment_method_types=["card"])
    paid = sdk.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    again = sdk.v1.payment_intents.retrieve(made.id)
    assert (made.status, made.currency, made.livemode) == ("requires_payment_method", "rub", False)
    assert made.to_dict()["metadata"] == {"run_id": "r"}
    assert (paid.status, paid.amount_received) == ("succeeded", 500)
    assert again.latest_charge == paid.latest_charge
    assert str(paid.latest_charge).startswith("ch_")


def test_a_decline_is_a_card_error_and_can_be_followed_by_a_payment(sdk: stripe.StripeClient) -> None:
    made = intent(sdk)
    with pytest.raises(stripe.CardError) as caught:
        sdk.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"})
    assert (caught.value.code, caught.value.http_status) == ("card_declined", 402)
    assert caught.value.error
    assert caught.value.error.decline_code == "insufficient_funds"
    declined = sdk.v1.payment_intents.retrieve(made.id)
    assert declined.status == "requires_payment_method"
    assert declined.last_payment_error
    assert declined.last_payment_error.code == "card_declined"
    assert sdk.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_manual_capture_takes_a_part(sdk: stripe.StripeClient) -> None:
    made = intent(sdk, payment_method="pm_card_visa", capture_method="manual", confirm=True)
    assert (made.status, made.amount_capturable, made.amount_received) == ("requires_capture", 500, 0)
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.payment_intents.capture(made.id, {"amount_to_capture": 501})
    captured = sdk.v1.payment_intents.capture(made.id, {"amount_to_capture": 200})
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 200, 0)


def test_cancel_and_what_it_forbids(sdk: stripe.StripeClient) -> None:
    made = intent(sdk, payment_method="pm_card_visa")
    assert made.status == "requires_confirmation"
    assert sdk.v1.payment_intents.cancel(made.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sdk.v1.payment_intents.confirm(made.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_an_unconfirmed_intent_can_be_changed(sdk: stripe.StripeClient) -> None:
    made = intent(sdk, metadata={"a": "1"})
    changed = sdk.v1.payment_intents.update(made.id, {"amount": 700, "metadata": {"b": "2"}})
    assert (changed.amount, changed.to_dict()["metadata"]) == (700, {"a": "1", "b": "2"})
    sdk.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.payment_intents.update(made.id, {"amount": 800})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": -1}, "parameter_invalid_integer"),
        ({"amount": "2.5"}, "parameter_invalid_integer"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"currency": "xxx"}, "parameter_invalid"),
        ({"colour": "red"}, "parameter_unknown"),
        ({"customer": "cus_none"}, "resource_missing"),
        ({"payment_method": "pm_none"}, "resource_missing"),
        ({"confirm": True}, "parameter_missing"),
        ({"capture_method": "later"}, "parameter_invalid"),
    ],
)
def test_unsound_parameters_are_refused(sdk: stripe.StripeClient, params: Any, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        intent(sdk, **params)
    assert caught.value.code == code


def test_a_wrong_key_is_401(bench: Any) -> None:
    wrong = stripe.StripeClient("sk_test_wrong", base_addresses={"api": bench.service.provider_url})
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.balance.retrieve()


def test_refunds_never_exceed_what_was_captured(sdk: stripe.StripeClient) -> None:
    paid = intent(sdk, payment_method="pm_card_visa", confirm=True)
    first = sdk.v1.refunds.create({"payment_intent": paid.id, "amount": 200})
    assert (first.amount, first.status, first.payment_intent) == (200, "succeeded", paid.id)
    assert not hasattr(first, "livemode")
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.refunds.create({"payment_intent": paid.id, "amount": 301})
    rest = sdk.v1.refunds.create({"charge": str(paid.latest_charge)})
    assert rest.amount == 300
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sdk.v1.refunds.create({"payment_intent": paid.id})
    assert caught.value.code == "charge_already_refunded"
    assert [refund.id for refund in sdk.v1.refunds.list({"payment_intent": paid.id})] == [rest.id, first.id]
    assert sdk.v1.refunds.retrieve(first.id).amount == 200
    assert sdk.v1.charges.retrieve(str(paid.latest_charge)).amount_refunded == 500


def test_an_unpaid_intent_cannot_be_refunded(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.refunds.create({"payment_intent": intent(sdk).id})


def test_the_balance_is_what_was_taken_less_what_was_given_back(sdk: stripe.StripeClient) -> None:
    paid = intent(sdk, payment_method="pm_card_visa", confirm=True)
    sdk.v1.refunds.create({"payment_intent": paid.id, "amount": 100})
    balance = sdk.v1.balance.retrieve()
    assert balance.livemode is False
    assert [(money.amount, money.currency) for money in balance.available] == [(400, "rub")]


def test_customers_live_and_die(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "a@example.org", "metadata": {"run_id": "r"}})
    changed = sdk.v1.customers.update(customer.id, {"name": "Ann", "metadata": {"more": "1"}})
    assert (changed.name, changed.email) == ("Ann", "a@example.org")
    assert changed.to_dict()["metadata"] == {"run_id": "r", "more": "1"}
    assert [found.id for found in sdk.v1.customers.list({"email": "a@example.org"})] == [customer.id]
    assert sdk.v1.customers.delete(customer.id).deleted is True
    assert list(sdk.v1.customers.list()) == []
    with pytest.raises(stripe.InvalidRequestError):
        intent(sdk, customer=customer.id)


def test_lists_come_in_pages_newest_first(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({}).id
    made = [intent(sdk, amount, customer=customer).id for amount in range(1, 6)]
    intent(sdk)
    first = sdk.v1.payment_intents.list({"customer": customer, "limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:-3:-1], True)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.payment_intents.list({"limit": 0})


def test_events_tell_what_happened(sdk: stripe.StripeClient, bench: Any) -> None:
    customer = sdk.v1.customers.create({}).id
    paid = intent(sdk, customer=customer, payment_method="pm_card_visa", confirm=True)
    bench.advance(60)
    sdk.v1.refunds.create({"payment_intent": paid.id})
    types = [event.type for event in sdk.v1.events.list({"limit": 20})]
    assert types == [
        "charge.refunded",
        "refund.created",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
        "customer.created",
    ]
    (event,) = sdk.v1.events.list({"type": "payment_intent.succeeded"}).data
    assert sdk.v1.events.retrieve(event.id).data.object["id"] == paid.id
    late = sdk.v1.events.list({"created": {"gte": event.created + 30}})
    assert [one.type for one in late] == ["charge.refunded", "refund.created"]


def test_an_event_keeps_the_object_as_it_was(sdk: stripe.StripeClient) -> None:
    made = intent(sdk)
    sdk.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    (created,) = sdk.v1.events.list({"type": "payment_intent.created"}).data
    assert created.data.object["status"] == "requires_payment_method"


def test_test_cards_can_be_looked_up(sdk: stripe.StripeClient) -> None:
    method = sdk.v1.payment_methods.retrieve("pm_card_visa")
    assert method.card
    assert (method.livemode, method.card.brand) == (False, "visa")


def test_a_key_replays_the_first_answer(sdk: stripe.StripeClient) -> None:
    params: Any = {"amount": 500, "currency": "rub"}
    first = sdk.v1.payment_intents.create(params, {"idempotency_key": "k"})
    again = sdk.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert again.id == first.id
    assert again.last_response
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(sdk.v1.payment_intents.list().data) == 1


def test_a_key_with_other_parameters_is_refused(sdk: stripe.StripeClient) -> None:
    sdk.v1.payment_intents.create({"amount": 500, "currency": "rub"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        sdk.v1.payment_intents.create({"amount": 501, "currency": "rub"}, {"idempotency_key": "k"})


def test_a_failed_validation_does_not_use_the_key_up_but_a_decline_does(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.payment_intents.create({"amount": 0, "currency": "rub"}, {"idempotency_key": "k"})
    good: Any = {"amount": 5, "currency": "rub", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            sdk.v1.payment_intents.create(good, {"idempotency_key": "k"})
    assert len(sdk.v1.payment_intents.list().data) == 1


def test_the_sdk_accepts_the_signature_of_a_delivery(bench: Any, sign: Callable[..., str]) -> None:
    body = bench.account().paid_event(5)
    event = stripe.Webhook.construct_event(body, sign(body, int(bench.now())), "whsec_reference")
    assert event.type == "payment_intent.succeeded"

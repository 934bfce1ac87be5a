"""The provider's products, prices, subscriptions and invoices, through the real `stripe` SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

MONTH_S = 32 * 86_400


@pytest.fixture
def client(bench: Any) -> stripe.StripeClient:
    url = bench.service.provider_url
    return stripe.StripeClient("sk_test_reference", base_addresses={"api": url}, max_network_retries=0)


@pytest.fixture
def begin(client: stripe.StripeClient) -> Any:
    """Begins a subscription of a new customer: `begin("pm_card_visa", unit_amount=500)`."""

    def run(card: str = "pm_card_visa", unit_amount: int = 500, **params: Any) -> Any:
        price = client.v1.prices.create(
            {
                "unit_amount": unit_amount,
                "currency": "rub",
                "recurring": {"interval": "month"},
                "product_data": {"name": "Plan"},
            }
        )
        customer = client.v1.customers.create()
        method = client.v1.payment_methods.attach(card, {"customer": customer.id})
        wanted: Any = {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": method.id,
            **params,
        }
        return client.v1.subscriptions.create(wanted)

    return run


def test_products_and_prices_can_be_found_again(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Plan", "metadata": {"a": "b"}})
    assert client.v1.products.retrieve(product.id).name == "Plan"
    assert [each.id for each in client.v1.products.list().data] == [product.id]
    price = client.v1.prices.create(
        {"unit_amount": 7, "currency": "usd", "product": product.id, "lookup_key": "k"}
    )
    other = client.v1.prices.create({"unit_amount": 0, "currency": "usd", "product_data": {"name": "Free"}})
    assert (price.type, price.recurring, other.unit_amount) == ("one_time", None, 0)
    assert [each.id for each in client.v1.prices.list({"lookup_keys": ["k"]}).data] == [price.id]
    assert client.v1.prices.retrieve(other.id).product != product.id


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_amount": -1},
        {"unit_amount": 10**9},
        {"currency": "xyz"},
        {"recurring": {"interval": "fortnight"}},
        {"recurring": {"interval": "month", "interval_count": 0}},
        {"recurring": {"interval": "month", "usage_type": "metered"}},
        {"product_data": {}},
        {"product": "prod_none"},
        {"tiers": []},
    ],
    ids=str,
)
def test_an_impossible_price_is_refused(client: stripe.StripeClient, changes: dict[str, Any]) -> None:
    params = {"unit_amount": 5, "currency": "usd", "product_data": {"name": "Plan"}, **changes}
    if changes == {"tiers": []}:
        params["billing_scheme"] = "tiered"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.prices.create(params)  # type: ignore[arg-type]  # wrong on purpose


def test_a_lookup_key_names_one_price(client: stripe.StripeClient) -> None:
    params: Any = {"unit_amount": 5, "currency": "usd", "product_data": {"name": "P"}, "lookup_key": "k"}
    client.v1.prices.create(params)
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        client.v1.prices.create(params)


def test_a_subscription_is_paid_and_tells_its_period_at_the_item(
    client: stripe.StripeClient, begin: Any
) -> None:
    subscription = begin(expand=["latest_invoice"])
    item = subscription["items"].data[0]
    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status, invoice.amount_paid) == ("active", "paid", 500)
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.lines.data[0].period.end == item.current_period_end
    payment = client.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert (payment.status, payment.amount_received, payment.customer) == (
        "succeeded",
        500,
        subscription.customer,
    )
    assert client.v1.balance.retrieve().available[0].amount == 500
    kinds = [event.type for event in client.v1.events.list({"limit": 100}).data]
    for kind in ("customer.subscription.created", "invoice.finalized", "invoice.paid"):
        assert kinds.count(kind) == 1


def test_an_invoice_over_nothing_is_paid_without_a_payment(client: stripe.StripeClient, begin: Any) -> None:
    subscription = begin("pm_card_chargeCustomerFail", unit_amount=0)
    assert subscription.status == "active"
    assert client.v1.payment_intents.list().data == []


@pytest.mark.parametrize("card", ["pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds"])
def test_a_card_that_is_declined_cannot_be_attached(client: stripe.StripeClient, card: str) -> None:
    customer = client.v1.customers.create()
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(card, {"customer": customer.id})
    assert client.v1.payment_methods.list({"customer": customer.id}).data == []


def test_an_attached_card_belongs_to_its_customer(client: stripe.StripeClient) -> None:
    one, other = client.v1.customers.create(), client.v1.customers.create()
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": one.id})
    again = client.v1.payment_methods.attach(method.id, {"customer": one.id})
    shown = client.v1.payment_methods.retrieve(method.id)
    assert (again.id, shown.customer) == (method.id, one.id)
    assert [each.id for each in client.v1.payment_methods.list({"customer": one.id}).data] == [method.id]
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        client.v1.payment_methods.attach(method.id, {"customer": other.id})


def test_a_first_payment_that_fails_leaves_it_incomplete_until_it_expires(
    bench: Any, client: stripe.StripeClient, begin: Any, eventually: Any
) -> None:
    subscription = begin("pm_card_chargeCustomerFail")
    assert subscription.status == "incomplete"
    assert client.v1.invoices.retrieve(subscription.latest_invoice).status == "open"
    bench.advance(23 * 3600 + 1)
    eventually(lambda: client.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired")
    assert client.v1.invoices.retrieve(subscription.latest_invoice).status == "void"


def test_paying_the_open_invoice_completes_it(client: stripe.StripeClient, begin: Any) -> None:
    subscription = begin("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(subscription.latest_invoice)
    good = client.v1.payment_methods.attach("pm_card_visa", {"customer": subscription.customer})
    client.v1.subscriptions.update(subscription.id, {"default_payment_method": good.id})
    assert client.v1.invoices.pay(subscription.latest_invoice).status == "paid"
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError, match="only an open one"):
        client.v1.invoices.pay(subscription.latest_invoice)


def test_error_if_incomplete_leaves_nothing_behind(client: stripe.StripeClient, begin: Any) -> None:
    with pytest.raises(stripe.CardError):
        begin("pm_card_chargeCustomerFail", payment_behavior="error_if_incomplete")
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []


def test_a_clock_that_jumps_renews_each_period_it_passed(
    bench: Any, client: stripe.StripeClient, begin: Any, eventually: Any
) -> None:
    subscription = begin()
    bench.advance(3 * MONTH_S)
    found = eventually(
        lambda: [
            each
            for each in [client.v1.invoices.list({"subscription": subscription.id}).data]
            if len(each) == 4
        ]
    )[0]
    starts = [invoice.lines.data[0].period.start for invoice in reversed(found)]
    ends = [invoice.lines.data[0].period.end for invoice in reversed(found)]
    assert starts[1:] == ends[:-1]
    assert {invoice.status for invoice in found} == {"paid"}


def test_it_ends_with_its_period_when_it_was_cancelled_and_not_when_that_was_taken_back(
    bench: Any, client: stripe.StripeClient, begin: Any, eventually: Any
) -> None:
    ends, stays = begin(), begin()
    for subscription in (ends, stays):
        changed = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        assert changed.cancel_at == changed["items"].data[0].current_period_end
    client.v1.subscriptions.update(stays.id, {"cancel_at_period_end": False})
    bench.advance(MONTH_S)
    eventually(lambda: client.v1.subscriptions.retrieve(ends.id).status == "canceled")
    assert client.v1.subscriptions.retrieve(stays.id).status == "active"
    assert [each.id for each in client.v1.subscriptions.list().data] == [stays.id]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(ends.id, {"cancel_at_period_end": False})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.cancel(ends.id)


def test_deleting_a_customer_ends_its_subscriptions(client: stripe.StripeClient, begin: Any) -> None:
    subscription = begin()
    client.v1.customers.delete(subscription.customer)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"


@pytest.mark.parametrize(
    "changes",
    [
        {"items": []},
        {"items": [{"price": "price_none"}]},
        {"customer": "cus_none"},
        {"default_payment_method": "pm_none"},
        {"default_payment_method": ""},
        {"payment_behavior": "default_incomplete"},
        {"collection_method": "send_invoice"},
        {"proration_behavior": "create_prorations"},
        {"trial_period_days": 7},
    ],
    ids=str,
)
def test_what_is_not_known_here_is_refused(
    client: stripe.StripeClient, begin: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        begin(**changes)
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_one_key_begins_one_subscription(client: stripe.StripeClient, begin: Any) -> None:
    first = begin()
    params: Any = {
        "customer": first.customer,
        "items": [{"price": first["items"].data[0].price.id, "quantity": 2}],
        "default_payment_method": first.default_payment_method,
    }
    made = {client.v1.subscriptions.create(params, {"idempotency_key": "k"}).id for _ in range(2)}
    assert len(made) == 1
    amounts = [invoice.amount_paid for invoice in client.v1.invoices.list({"customer": first.customer}).data]
    assert amounts == [1000, 500]

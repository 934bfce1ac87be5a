"""Requests to the provider: reads stay reads, and a write is listed, readable and about a proved payment."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.fakes.policies import WRITES, money, writes

from billing_canary.errors import RefusedError
from billing_canary.guard.provider_gate import ProviderGate
from billing_canary.guard.sightings import Sightings
from billing_canary.guard.spend_ledger import Spending

PROVIDER, BACKEND = "https://pay.example.com", "https://billing.example.com"
INTENTS = "/v1/payment_intents"
GOOD = "amount=29&currency=rub"


class Gate:
    """The gate with one test payment and one price that were seen."""

    def __init__(self, provider: str | None = PROVIDER, backend: str | None = BACKEND) -> None:
        self.seen = Sightings()
        self.seen.payments["pi_1"] = money(29)
        self.seen.prices["price_1"] = money(20)
        self.gate = ProviderGate(WRITES, self.seen, provider, backend)

    def write(
        self, path: str = INTENTS, body: object = GOOD, method: str = "POST", **headers: Any
    ) -> Spending | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.gate.spending(method, f"{PROVIDER}{path}", named, body)

    def refused(self, rule: str, *args: Any, **kwargs: Any) -> str:
        with pytest.raises(RefusedError) as caught:
            self.write(*args, **kwargs)
        assert caught.value.rule == rule
        assert not caught.value.ends_run
        return caught.value.reason


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/charges"),
        ("POST", "/v1/payouts"),
        ("POST", "/v1/transfers"),
        ("POST", "/v1/topups"),
        ("POST", "/v1/subscriptions"),
        ("POST", "/v1/invoices/in_1/pay"),
        ("POST", "/v1/setup_intents"),
        ("POST", "/v1/payment_intents/"),
        ("POST", "/V1/payment_intents"),
        ("POST", "/v1/payment%5Fintents"),
        ("POST", "//v1/payment_intents"),
        ("POST", "/v2/payment_intents"),
        ("POST", "/v1/payment_intents/pi_1/confirm/x"),
        ("POST", "/v1/payment_intents/pi-1%2F..%2F/confirm"),
        ("POST", "/v1/payment_intents//confirm"),
        ("POST", "/v1/payment_intents;x=1"),
        ("DELETE", "/v1/payment_intents"),
        ("DELETE", "/v1/customers"),
        ("POST", "/v1/customers/cus_1"),
        ("PUT", "/v1/account"),
        ("PATCH", "/v1/account"),
        ("post", "/v1/payment_intents"),
        ("BREW", "/v1/payment_intents"),
        ("POST", "/"),
    ],
)
def test_a_write_that_is_not_listed_is_refused(method: str, path: str) -> None:
    assert f"{method} {path} is not in [[provider.writes]]" in Gate().refused("endpoints", path, GOOD, method)


@pytest.mark.parametrize(
    "path", ["/v1/./payment_intents", "/v1/x/../payment_intents", "/v1/%2e%2e/v1/payment_intents"]
)
def test_a_write_whose_path_readers_could_take_differently_is_refused(path: str) -> None:
    Gate().refused("endpoints", path)


@pytest.mark.parametrize(
    "name", ["Stripe-Account", "Stripe_Context", "X-HTTP-Method-Override", "X-Original-URL"]
)
def test_a_write_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="into something else"):
        Gate().gate.spending("POST", PROVIDER + INTENTS, {name: "x"}, GOOD)


@pytest.mark.parametrize("path", [INTENTS, f"{INTENTS}/pi_1/confirm", "/v1/refunds"])
@pytest.mark.parametrize("more", ["?amount=100000&currency=rub", "?", "#x", "?x#y"])
def test_a_write_with_a_query_is_refused(path: str, more: str) -> None:
    assert "carries a query" in Gate().refused("endpoints", path + more)


def test_a_write_elsewhere_is_nobody_s() -> None:
    for url in (f"{BACKEND}/v1/charges", "https://other.example.com/v1/payment_intents"):
        with pytest.raises(RefusedError, match="is no operation of its table"):
            Gate().gate.spending("POST", url, {}, GOOD)


def test_without_a_provider_every_undeclared_write_is_refused() -> None:
    with pytest.raises(RefusedError, match="is no operation of its table"):
        Gate(provider=None).gate.spending("POST", PROVIDER + INTENTS, {}, GOOD)


@pytest.mark.parametrize("spelling", ["https://PAY.example.com", "https://pay.example.com:443"])
def test_the_provider_is_known_in_every_spelling(spelling: str) -> None:
    with pytest.raises(RefusedError, match=r"not in \[\[provider.writes\]\]"):
        Gate().gate.spending("POST", f"{spelling}/v1/charges", {}, None)


def test_a_provider_below_a_path_is_known_there() -> None:
    gate = Gate(provider=f"{PROVIDER}/stripe")
    assert gate.write("/stripe/v1/payment_intents") is not None
    assert "POST /v1/charges" in gate.refused("endpoints", "/stripe/v1/charges")
    assert "no operation of its table" in gate.refused("endpoints", "/v1/payment_intents")


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("caps", None),
        ("caps", ""),
        ("caps", b""),
        ("caps", "currency=rub"),
        ("caps", "amount=29"),
        ("caps", "amount=&currency=rub"),
        ("caps", "amount=29&currency="),
        ("endpoints", "amount=29&amount=29&currency=rub"),
        ("endpoints", "amount=29&currency=rub&currency=jpy"),
        ("caps", "amount=29.0&currency=rub"),
        ("caps", "amount=-29&currency=rub"),
        ("caps", "amount=%2B29&currency=rub"),
        ("caps", "amount=+29&currency=rub"),
        ("caps", "amount=2_9&currency=rub"),
        ("caps", "amount=0x1d&currency=rub"),
        ("caps", "amount=1e1&currency=rub"),
        ("caps", "amount=0&currency=rub"),
        ("caps", "amount=%D9%A1&currency=rub"),
        ("caps", "amount=%EF%BC%91&currency=rub"),
        ("caps", "amount=%C2%B2&currency=rub"),
        ("caps", f"amount={'9' * 5000}&currency=rub"),
        ("endpoints", "amount[]=29&currency=rub"),
        ("endpoints", "amount%5B0%5D=29&currency=rub"),
        ("endpoints", "Amount=29&currency=rub"),
        ("endpoints", "amount=29;currency=rub"),
        ("caps", "amount=29&currency=xyz"),
        ("endpoints", '{"amount": 29, "currency": "rub"}'),
        ("endpoints", b"amount=29&currency=rub\xff"),
        ("endpoints", b"\xff\xfeamount=29"),
        ("endpoints", f"{GOOD}&application_fee_amount=5"),
        ("endpoints", f"{GOOD}&transfer_data[destination]=acct_1"),
    ],
)
def test_an_amount_that_cannot_be_read_in_one_way_is_refused(rule: str, body: object) -> None:
    Gate().refused(rule, INTENTS, body)


def test_another_kind_of_body_is_refused() -> None:
    Gate().refused("endpoints", INTENTS, GOOD, Content_Type="application/json")
    Gate().refused("endpoints", INTENTS, GOOD, Content_Encoding="gzip")


def test_a_stated_amount_is_what_moves() -> None:
    body = urlencode({"amount": 29, "currency": "rub", "metadata[amount]": 5000}).encode()
    found = Gate().write(INTENTS, body, Idempotency_Key="k")
    assert found == Spending(what=INTENTS, amount=money(29), key="k", sent_as="k")


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
@pytest.mark.parametrize("value", ["k", b"k"])
def test_the_idempotency_key_is_found_however_it_is_written(name: str, value: str | bytes) -> None:
    found = Gate().gate.spending("POST", PROVIDER + INTENTS, {name: value}, GOOD)
    assert found is not None
    assert (found.key, found.sent_as) == ("k", "k")


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": ""}, {"Idempotency_Key": b""}])
def test_without_a_key_every_copy_is_its_own_movement(headers: dict[str, Any]) -> None:
    gate = Gate()
    found = [gate.write(**headers) for _ in range(3)]
    assert len({each.key for each in found if each}) == 3


@pytest.mark.parametrize("step", ["", "/confirm", "/capture"])
def test_a_payment_that_was_not_fetched_is_not_touched(step: str) -> None:
    reason = Gate().refused("sandbox", f"{INTENTS}/pi_2{step}", "")
    assert reason == "pi_2 was not fetched and found to be a test payment"


@pytest.mark.parametrize(
    ("step", "body"), [("confirm", "payment_method=pm_1"), ("capture", "amount_to_capture=5")]
)
def test_a_fetched_payment_moves_whole_under_its_own_id(step: str, body: str) -> None:
    found = Gate().write(f"{INTENTS}/pi_1/{step}", body, Idempotency_Key="k")
    what = f"{INTENTS}/pi_1/{step}"
    assert found == Spending(what=what, amount=money(29), key="pi_1", payment="pi_1", sent_as="k")


@pytest.mark.parametrize("body", ["amount_to_capture=30", "amount_to_capture=0", "amount_to_capture="])
def test_no_more_than_the_payment_is_captured(body: str) -> None:
    Gate().refused("caps", f"{INTENTS}/pi_1/capture", body)


@pytest.mark.parametrize("body", ["", "payment_intent=pi_2", "payment_intent=", "amount=5"])
def test_only_a_fetched_payment_is_refunded(body: str) -> None:
    assert "was not fetched" in Gate().refused("sandbox", "/v1/refunds", body)


@pytest.mark.parametrize(("body", "moved"), [("", 29), ("&amount=5", 5), ("&amount=29", 29)])
def test_a_refund_moves_its_part_or_the_whole(body: str, moved: int) -> None:
    found = Gate().write("/v1/refunds", f"payment_intent=pi_1{body}", Idempotency_Key="k")
    assert found == Spending(what="/v1/refunds", amount=money(moved), key="k", sent_as="k")


def test_no_more_than_the_payment_is_refunded() -> None:
    Gate().refused("caps", "/v1/refunds", "payment_intent=pi_1&amount=30")


def test_a_refund_by_charge_is_refused() -> None:
    Gate().refused("endpoints", "/v1/refunds", "charge=ch_1&amount=5")


def test_line_items_move_their_sum() -> None:
    body = urlencode({"mode": "payment", "line_items[0][price]": "price_1", "line_items[0][quantity]": 3})
    found = Gate().write("/v1/checkout/sessions", body, Idempotency_Key="k")
    assert found is not None
    assert found.amount == money(60)


def test_a_subscription_is_no_checkout_that_may_be_opened() -> None:
    body = urlencode({"mode": "subscription", "line_items[0][price]": "price_1"})
    Gate().refused("endpoints", "/v1/checkout/sessions", body)


def test_a_price_moves_nothing_but_must_be_readable() -> None:
    gate = Gate()
    assert gate.write("/v1/prices", "unit_amount=5&currency=rub&product=prod_1") is None
    gate.refused("caps", "/v1/prices", "unit_amount=5.5&currency=rub")
    gate.refused("endpoints", "/v1/prices", "unit_amount=5&currency=rub&recurring[interval]=month")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{INTENTS}/pi_9/cancel", "cancellation_reason=duplicate"),
        ("POST", "/v1/customers", "email=a%40b.test"),
        ("POST", "/v1/products", "name=x"),
        ("DELETE", "/v1/customers/cus_1", None),
    ],
)
def test_a_listed_write_that_moves_nothing_moves_nothing(method: str, path: str, body: object) -> None:
    assert Gate().write(path, body, method) is None


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"])
@pytest.mark.parametrize("url", [f"{PROVIDER}/v1/charges", f"{BACKEND}/accounts"])
def test_a_read_that_says_to_be_something_else_is_refused(name: str, url: str) -> None:
    with pytest.raises(RefusedError, match="a header makes a read into something else"):
        Gate().gate.check_read(url, {name: "POST"}, None)


@pytest.mark.parametrize("body", ["a=1", b"a=1", "x"])
def test_a_read_with_a_body_is_refused(body: object) -> None:
    with pytest.raises(RefusedError, match="a read with a body"):
        Gate().gate.check_read(f"{PROVIDER}/v1/charges", {}, body)


@pytest.mark.parametrize("body", [None, "", b""])
@pytest.mark.parametrize(
    "url", [f"{PROVIDER}/v1/charges?limit=3", f"{BACKEND}/accounts", "https://else.example.com/"]
)
def test_reading_is_free(url: str, body: object) -> None:
    Gate().gate.check_read(url, {"Accept": "*/*"}, body)


def test_without_a_provider_reading_is_free_too() -> None:
    Gate(provider=None).gate.check_read(f"{PROVIDER}/v1/charges", {}, None)


@pytest.mark.parametrize("path", ["/v1/charges", "/stripes/v1", "/", "/stripe"])
@pytest.mark.parametrize("backend", [BACKEND, None])
def test_a_read_that_leaves_the_provider_s_own_path_is_refused(path: str, backend: str | None) -> None:
    with pytest.raises(RefusedError, match="leaves the provider's base path") as caught:
        Gate(f"{PROVIDER}/stripe", backend).gate.check_read(PROVIDER + path, {}, None)
    assert caught.value.rule == "hosts"


def test_a_backend_beside_the_provider_may_be_read() -> None:
    gate = Gate(f"{PROVIDER}/stripe", f"{PROVIDER}/billing").gate
    gate.check_read(f"{PROVIDER}/billing/accounts", {}, None)
    gate.check_read(f"{PROVIDER}/stripe/v1/charges", {}, None)


def test_an_operation_of_the_target_never_leads_to_the_provider() -> None:
    gate = Gate(f"{PROVIDER}/stripe", PROVIDER).gate
    gate.check_declared("consume", f"{PROVIDER}/use")
    gate.check_declared("consume", f"{BACKEND}/use")
    with pytest.raises(RefusedError) as caught:
        gate.check_declared("consume", f"{PROVIDER}/stripe/v1/charges")
    assert caught.value.rule == "endpoints"
    assert caught.value.reason.startswith("consume: ")


def test_one_path_may_have_an_entry_for_each_method() -> None:
    both = writes({"path": "/v1/x", "moves": "none"}, {"path": "/v1/x", "method": "DELETE", "moves": "none"})
    gate = ProviderGate(both, Sightings(), PROVIDER, None)
    for method in ("POST", "DELETE"):
        assert gate.spending(method, f"{PROVIDER}/v1/x", {}, None) is None
    with pytest.raises(RefusedError):
        gate.spending("PUT", f"{PROVIDER}/v1/x", {}, None)


def test_a_path_is_read_below_the_base() -> None:
    assert Gate().gate.path_of(f"{PROVIDER}/v1/x?y") == "/v1/x"
    assert Gate(provider=None).gate.path_of(f"{PROVIDER}/v1/x") is None


def test_what_the_gate_knows_of_payments_is_what_was_seen() -> None:
    gate = Gate()
    document = {"id": "pi_7", "object": "payment_intent", "amount": 50, "currency": "jpy", "livemode": False}
    gate.seen.look(f"{INTENTS}/pi_7", json.dumps(document).encode(), whole=False)
    found = gate.write(f"{INTENTS}/pi_7/confirm", "")
    assert found is not None
    assert found.amount == money(50, "JPY")

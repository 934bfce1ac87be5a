"""A backend whose payment provider is another server: older dialects, card tokens, its own address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.reference.conftest import Bench

from billing_canary.reference.backend.payments import read_payment


@pytest.fixture
def outer() -> Iterator[Any]:
    """A second service that has the first one's provider."""
    first = Bench()
    second = Bench(provider_url=first.service.provider_url)
    yield second
    second.close()
    first.close()


def test_the_provider_may_be_another_server(outer: Any) -> None:
    assert outer.call("GET", "/healthz").status_code == 200
    account = outer.account()
    started = outer.call(
        "POST",
        f"/accounts/{account.id}/topups",
        {"amount": 29},
        X_Admin_Key="admin_reference",
        Idempotency_Key="a",
    ).json()
    paid = outer.pay(started["payment_intent"])
    assert paid["status"] == "succeeded"
    body = outer.event(started["payment_intent"])
    assert outer.deliver(body).status_code == 200
    assert outer.settled(body)["effects"] == 1


def test_a_card_token_is_made_a_payment_method(bench: Any) -> None:
    account = bench.account()
    order = {"amount": 29, "payment_method": "tok_visa", "confirm": True}
    headers = {"X_Admin_Key": "admin_reference", "Idempotency_Key": "a"}
    charged = bench.call("POST", f"/accounts/{account.id}/topups", order, **headers)
    assert (charged.status_code, charged.json()["status"]) == (201, "paid")


def test_the_provider_knows_the_tokens_of_its_cards(bench: Any) -> None:
    made = bench.provider(
        "POST", "/v1/payment_methods", {"type": "card", "card[token]": "tok_chargeDeclined"}
    )
    assert made.json()["id"] == "pm_card_chargeDeclined"
    for form in (
        {"type": "card", "card[token]": "tok_none"},
        {"type": "card", "card[token]": "pm_card_visa"},
    ):
        assert (
            bench.provider("POST", "/v1/payment_methods", form).json()["error"]["code"] == "resource_missing"
        )
    refused = bench.provider("POST", "/v1/payment_methods", {"type": "sepa_debit", "card[token]": "tok_visa"})
    assert refused.status_code == 400


def test_a_card_and_a_capture_method_can_be_put_on_a_payment_before_it_is_confirmed(bench: Any) -> None:
    intent = bench.provider("POST", "/v1/payment_intents", {"amount": "29", "currency": "rub"}).json()["id"]
    changed = bench.provider(
        "POST",
        f"/v1/payment_intents/{intent}",
        {"payment_method": "pm_card_visa", "capture_method": "manual"},
    ).json()
    assert (changed["status"], changed["capture_method"]) == ("requires_confirmation", "manual")
    assert (
        bench.provider("POST", f"/v1/payment_intents/{intent}/confirm").json()["status"] == "requires_capture"
    )


@pytest.mark.parametrize(
    ("resource", "received"),
    [
        ({"status": "succeeded", "amount": 29, "amount_received": 14}, 14),
        ({"status": "succeeded", "amount": 29, "amount_received": 0}, 0),
        ({"status": "succeeded", "amount": 29, "amount_received": None}, 0),
        ({"status": "succeeded", "amount": 29}, 29),
        ({"status": "requires_capture", "amount": 29}, 0),
        ({"status": "requires_payment_method", "amount": 29}, 0),
        ({}, 0),
    ],
)
def test_what_was_received_is_taken_from_the_payment(resource: dict[str, Any], received: int) -> None:
    assert read_payment({"id": "pi_1", **resource}).amount_received == received

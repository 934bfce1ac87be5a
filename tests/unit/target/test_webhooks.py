"""Events and signatures in every variant, checked with the provider's own library."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.settings import PaidEvent
from billing_canary.target.webhooks import WebhookEvent, Webhooks

SECRET = "whsec_own"
NOW = 1_795_000_000.75
BODY: dict[str, Any] = {
    "id": "{event}",
    "created": "{created}",
    "livemode": "{livemode}",
    "who": "{account}/{account.customer}",
    "data": {
        "amount": "{amount.minor}",
        "text": "{amount.decimal} {currency} {currency.lower}",
        "pi": "{payment}",
    },
    "run": "{run_id}",
}
ACCOUNT = Account(id="acc_1", currency="RUB", values={"account": "acc_1", "customer": "cus_1"})
AMOUNT = Money(minor=29, currency="RUB")


@pytest.fixture
def webhooks() -> Webhooks:
    return Webhooks(SECRET, PaidEvent(type="payment_intent.succeeded", body=BODY), "run-1")


def paid(webhooks: Webhooks, **kwargs: Any) -> WebhookEvent:
    return webhooks.paid(ACCOUNT, "pi_1", AMOUNT, NOW, **kwargs)


def accepted(body: bytes, signature: str, secret: str = SECRET) -> bool:
    """Whether the provider's own library takes the signature for good, whatever its age."""
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=None)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_the_event_says_what_the_template_asks_in_the_right_types(webhooks: Webhooks) -> None:
    event = paid(webhooks)
    assert json.loads(event.body) == {
        "id": event.id,
        "created": 1_795_000_000,
        "livemode": False,
        "who": "acc_1/cus_1",
        "data": {"amount": 29, "text": "0.29 RUB rub", "pi": "pi_1"},
        "run": "run-1",
    }
    assert webhooks.paid_type == "payment_intent.succeeded"


def test_a_forged_event_may_claim_live_money(webhooks: Webhooks) -> None:
    assert json.loads(paid(webhooks, livemode=True).body)["livemode"] is True


def test_unusual_spacing_says_the_same_in_other_bytes(webhooks: Webhooks) -> None:
    event = paid(webhooks, spaced=True)
    read = json.loads(event.body)
    plain = json.loads(paid(webhooks).body)
    assert {key: value for key, value in read.items() if key not in {"id", "note"}} == {
        key: value for key, value in plain.items() if key != "id"
    }
    assert not event.body.isascii()
    assert json.dumps(read).encode() != event.body
    assert accepted(event.body, webhooks.sign(event.body, NOW))


def test_every_event_has_its_own_id_of_this_run(webhooks: Webhooks) -> None:
    ids = {paid(webhooks).id for _ in range(5)} | {webhooks.unknown_type(NOW).id for _ in range(5)}
    assert len(ids) == 10
    assert all(each.startswith("evt_canary_run-1_") for each in ids)


def test_an_unknown_event_is_no_live_money_and_concerns_nobody(webhooks: Webhooks) -> None:
    body = json.loads(webhooks.unknown_type(NOW).body)
    assert (body["type"], body["livemode"], body["created"]) == ("canary.unknown_type", False, 1_795_000_000)
    assert "acc_1" not in json.dumps(body)


def test_a_good_signature_is_good(webhooks: Webhooks) -> None:
    body = paid(webhooks).body
    signature = webhooks.sign(body, NOW)
    assert signature.startswith("t=1795000000,v1=")
    assert accepted(body, signature)


def test_a_good_signature_is_good_for_these_bytes_and_this_moment_only(webhooks: Webhooks) -> None:
    body = paid(webhooks).body
    signature = webhooks.sign(body, NOW)
    assert not accepted(body + b" ", signature)
    assert not accepted(body, signature.replace("t=1795000000", "t=1795000001"))
    assert not accepted(body, signature, secret="whsec_other")


def test_a_signature_with_another_secret_is_bad(webhooks: Webhooks) -> None:
    body = paid(webhooks).body
    assert not accepted(body, webhooks.sign(body, NOW, secret="whsec_other"))


def test_while_secrets_are_rotated_the_other_signature_comes_first(webhooks: Webhooks) -> None:
    body = paid(webhooks).body
    signature = webhooks.sign(body, NOW, after="whsec_old")
    own = webhooks.sign(body, NOW).removeprefix("t=1795000000,")
    assert signature.count("v1=") == 2
    assert signature.endswith(own)
    assert accepted(body, signature)
    assert accepted(body, signature, secret="whsec_old")


def test_the_secret_is_in_no_signature(webhooks: Webhooks) -> None:
    assert SECRET not in webhooks.sign(b"{}", NOW)


def test_an_event_of_nobody_needs_no_account(webhooks: Webhooks) -> None:
    event = webhooks.of_nobody(AMOUNT, NOW, livemode=True)
    told = json.loads(event.body)
    assert told["who"] == "canary_nobody/canary_nobody"
    assert told["data"]["pi"] == "pi_canary_of_nobody"
    assert told["livemode"] is True
    assert webhooks.of_nobody(AMOUNT, NOW).id != event.id

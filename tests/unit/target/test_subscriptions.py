"""Subscriptions of a backend that is unlike the reference: what is sent, and which answers do not count."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.credit_shop import TARGET
from tests.fakes.server import Call, FakeServer, Reply

from billing_canary.errors import RefusedError
from billing_canary.money import Money
from billing_canary.target.backend import Account
from billing_canary.target.operations import Outcome, UnexpectedAnswerError
from billing_canary.target.subscriptions import Entitlement, PlanOffer, SubscriptionState
from billing_canary.target.target import Target

Connect = Callable[..., tuple[Target, FakeServer]]
ACCOUNT = Account(id="t1", currency="USD", values={"account": "t1", "token": "tok"})
PRICE = Money(minor=500, currency="USD")
SHOP = (
    TARGET
    + """
[backends.credits.operations.read_plan]
method = "GET"
path = "/plan"
[backends.credits.operations.read_plan.extract]
price = { path = "cost", amount = "decimal" }
quota_units = "units"
[backends.credits.operations.create_subscription]
method = "PUT"
path = "/v1/tenants/{account}/abo/{attempt}"
headers = { Authorization = "Token {account.token}" }
form = { price = "{amount.decimal}", ccy = "{currency.lower}", pan = "{card}" }
extract = { subscription = "abo" }
[backends.credits.operations.read_subscription]
method = "GET"
path = "/abo/{subscription}"
extract = { status = "s", period_start = "a", period_end = "z", cancels = "c" }
[backends.credits.operations.cancel_subscription]
method = "DELETE"
path = "/abo/{subscription}"
[backends.credits.operations.change_card]
method = "POST"
path = "/abo/{subscription}/card"
form = { pan = "{card}" }
[backends.credits.operations.pay_subscription]
method = "PUT"
path = "/abo/{subscription}/pay/{attempt}"
form = { price = "{amount.decimal}" }
[backends.credits.operations.read_invoices]
method = "GET"
path = "/abo/{subscription}/bills"
extract = { invoices = "bills" }
[backends.credits.operations.read_entitlement]
method = "GET"
path = "/v1/tenants/{account}/gate"
extract = { allowed = "yes", reason = "why", plan = "plan", quota_left = "left" }
"""
)


@pytest.fixture
def asked(connect: Connect) -> Callable[..., tuple[Target, list[Call]]]:
    """A target whose backend answers one document to everything, and what it was asked."""

    def start(document: Any, status: int = 200) -> tuple[Target, list[Call]]:
        calls: list[Call] = []

        def answer(call: Call) -> Reply:
            calls.append(call)
            return Reply(status=status, body=json.dumps(document).encode())

        return connect(answer, text=SHOP)[0], calls

    return start


def test_what_a_subscription_costs_and_includes(asked: Any) -> None:
    target, _ = asked({"cost": "5.00", "units": 7})
    assert target.backend.plan() == PlanOffer(price=PRICE, quota_units=7)


def test_subscribing_sends_the_price_that_was_reserved(asked: Any) -> None:
    target, calls = asked({"abo": "s1"})
    target.guard.made_by_target("cus_1")
    target.guard.seen.customers.add("cus_1")  # as if the provider had shown it
    answer = target.backend.subscribe(ACCOUNT, PRICE, "pm_1", "k1")
    assert (answer.outcome, answer.values) == (Outcome.OK, {"subscription": "s1"})
    assert (calls[0].path, calls[0].body) == ("/v1/tenants/t1/abo/k1", b"price=5.00&ccy=usd&pan=pm_1")
    assert target.guard.spend().moved == (PRICE,)


@pytest.mark.parametrize("operation", ["subscribe", "pay_subscription"])
def test_nothing_is_charged_before_the_target_is_proved_to_be_a_test_system(
    asked: Any, operation: str
) -> None:
    target, calls = asked({"abo": "s1"})
    words = (ACCOUNT, PRICE, "pm_1", "k1") if operation == "subscribe" else (ACCOUNT, "s1", PRICE, "k1")
    with pytest.raises(RefusedError, match="test mode"):
        getattr(target.backend, operation)(*words)
    assert calls == []


def test_how_a_subscription_stands(asked: Any) -> None:
    target, _ = asked({"s": "active", "a": 1, "z": 2.5, "c": True})
    wanted = SubscriptionState(status="active", period_start=1, period_end=2.5, cancels=True)
    assert target.backend.subscription(ACCOUNT, "s1") == wanted
    target, _ = asked({"s": "past_due", "c": "true"})
    wanted = SubscriptionState(status="past_due", period_start=None, period_end=None, cancels=False)
    assert target.backend.subscription(ACCOUNT, "s1") == wanted


def test_what_moves_nothing_reserves_nothing(asked: Any) -> None:
    target, calls = asked({})
    assert target.backend.cancel_subscription(ACCOUNT, "s1").outcome is Outcome.OK
    assert target.backend.change_card(ACCOUNT, "s1", "pm_2").outcome is Outcome.OK
    assert [(call.method, call.path, call.body) for call in calls] == [
        ("DELETE", "/abo/s1", b""),
        ("POST", "/abo/s1/card", b"pan=pm_2"),
    ]
    assert target.guard.spend().moved == ()


def test_invoices_and_entitlement(asked: Any) -> None:
    bills = [{"id": "i1", "status": "paid"}, {"id": "i2", "status": "open", "more": 1}]
    target, _ = asked({"bills": bills, "yes": True, "why": "ok", "plan": "pro", "left": 3})
    assert target.backend.invoices(ACCOUNT, "s1") == tuple(bills)
    wanted = Entitlement(allowed=True, reason="ok", plan="pro", quota_left=3)
    assert target.backend.entitlement(ACCOUNT) == wanted


@pytest.mark.parametrize(
    ("call", "document"),
    [
        ("plan", {"cost": 5.0, "units": 7}),
        ("plan", {"cost": "5.00", "units": "7"}),
        ("plan", {"cost": "5.00", "units": True}),
        ("plan", {"units": 7}),
        ("subscription", {"s": "active", "z": "tomorrow"}),
        ("subscription", {"s": "active", "a": True}),
        ("subscription", {"a": 1}),
        ("invoices", {"bills": {"id": "i1", "status": "paid"}}),
        ("invoices", {"bills": [{"id": "i1"}]}),
        ("invoices", {"bills": ["i1"]}),
        ("entitlement", {"yes": True, "left": 1.5}),
        ("entitlement", {"why": "ok"}),
    ],
)
def test_an_answer_that_does_not_say_it_is_unexpected(asked: Any, call: str, document: Any) -> None:
    target, _ = asked(document)
    words: dict[str, tuple[Any, ...]] = {"plan": (), "entitlement": (ACCOUNT,)}
    with pytest.raises(UnexpectedAnswerError):
        getattr(target.backend, call)(*words.get(call, (ACCOUNT, "s1")))

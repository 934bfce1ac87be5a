"""Subscriptions and invoices are read in today's dialect of the provider and in the one before."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.reference.backend.agreement import Standing, read_agreement, read_bill
from billing_canary.reference.backend.policies import begins_paid_period, until_it_ends

OWN = {"metadata": {"subscription": "asub_1"}}
PERIOD = {"current_period_start": 10, "current_period_end": 20}
LINES = {"data": [{"period": {"start": 10, "end": 20}}]}


@pytest.mark.parametrize("where", [PERIOD, {"items": {"data": [PERIOD]}}], ids=["before basil", "basil"])
def test_the_period_of_a_subscription(where: dict[str, Any]) -> None:
    found = read_agreement({"id": "sub_1", "status": "active", **where, **OWN})
    assert (found.period_start, found.period_end, found.own_id) == (10, 20, "asub_1")


@pytest.mark.parametrize("resource", [{}, {"items": {"data": []}}, {"items": None, "metadata": None}])
def test_a_subscription_without_a_period(resource: dict[str, Any]) -> None:
    found = read_agreement({"id": "sub_1", **resource})
    assert (found.period_start, found.period_end, found.own_id, found.invoice) == (0, 0, "", "")


@pytest.mark.parametrize("invoice", ["in_1", {"id": "in_1"}])
def test_the_latest_invoice_may_be_expanded(invoice: Any) -> None:
    assert read_agreement({"id": "sub_1", "latest_invoice": invoice}).invoice == "in_1"


@pytest.mark.parametrize(
    "where",
    [
        {"parent": {"subscription_details": {"subscription": "sub_1", **OWN}}},
        {"subscription": "sub_1", "subscription_details": OWN},
    ],
    ids=["basil", "before basil"],
)
def test_the_subscription_of_an_invoice(where: dict[str, Any]) -> None:
    found = read_bill({"id": "in_1", "lines": LINES, "currency": "rub", **where})
    assert (found.subscription, found.own_id, found.currency) == ("sub_1", "asub_1", "RUB")
    assert (found.period_start, found.period_end) == (10, 20)


@pytest.mark.parametrize("resource", [{}, {"parent": None, "lines": None}, {"lines": {"data": [{}]}}])
def test_an_invoice_about_something_else(resource: dict[str, Any]) -> None:
    found = read_bill({"id": "in_1", **resource})
    assert (found.subscription, found.own_id, found.period_end, found.amount_due) == ("", "", 0, 0)


@pytest.mark.parametrize(
    ("status", "reason", "grants"),
    [
        ("paid", "subscription_create", True),
        ("paid", "subscription_cycle", True),
        ("paid", "subscription_update", False),
        ("paid", "manual", False),
        ("open", "subscription_cycle", False),
        ("void", "subscription_cycle", False),
    ],
)
def test_only_a_paid_invoice_that_begins_a_period_grants_quota(
    status: str, reason: str, *, grants: bool
) -> None:
    assert begins_paid_period(read_bill({"id": "i", "status": status, "billing_reason": reason})) is grants


@pytest.mark.parametrize(
    ("status", "cancels", "now", "entitled"),
    [
        ("active", False, 99, True),
        ("past_due", False, 99, True),
        ("active", True, 19.9, True),
        ("active", True, 20, False),
        ("incomplete", False, 0, False),
        ("pending", False, 0, False),
        ("canceled", False, 0, False),
        ("unpaid", False, 0, False),
    ],
)
def test_who_is_entitled(status: str, *, cancels: bool, now: float, entitled: bool) -> None:
    standing = Standing(status=status, cancel_at_period_end=cancels, period_end=20, now=now)
    assert until_it_ends(standing) is entitled

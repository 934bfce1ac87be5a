"""The guard over requests to the provider: reads, writes, reservations, and what answers show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.guards import (
    BACKEND,
    BODY,
    CONFIRM,
    INTENTS,
    PROVIDER,
    ask,
    check_of,
    make_guard,
    refused,
    show,
    statuses,
    top_up,
    write,
)
from tests.fakes.policies import money

from billing_canary.errors import RefusedError
from billing_canary.guard.target_call import CallKind
from billing_canary.model import Status


def test_a_write_that_is_not_listed_is_refused_and_recorded() -> None:
    guard = make_guard()
    assert "/v1/charges" in refused(guard, "endpoints", "/v1/charges").reason
    assert statuses(guard)["endpoints"] is Status.REFUSED


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_at_the_provider_is_free(method: str) -> None:
    guard = make_guard()
    assert write(guard, "/v1/charges?limit=3", None, method) is None
    assert guard.ledger.entries() == ()
    assert statuses(guard)["endpoints"] is Status.SKIP


@pytest.mark.parametrize("url", [f"{BACKEND}/v1/charges", f"{BACKEND}/accounts"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_write_to_the_target_that_no_operation_declared_is_refused(url: str, method: str) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as caught:
        guard.before_request(method, url, {}, "amount=1")
    assert caught.value.rule == "endpoints"
    assert caught.value.reason == f"{method} to the target is no operation of its table"


def test_without_a_provider_an_undeclared_write_is_refused_too() -> None:
    refused(make_guard(provider_url=None), "endpoints")


def test_a_host_that_is_not_allowed_is_refused_before_anything_else_is_looked_at() -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as caught:
        guard.before_request(
            "POST", "https://evil.example.com/", {"Authorization": "sk_live_x"}, b"x", top_up()
        )
    assert caught.value.rule == "hosts"
    assert guard.ledger.entries() == ()


@pytest.mark.parametrize("kind", CallKind)
def test_a_live_key_in_a_declared_call_ends_the_run(kind: CallKind) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as caught:
        ask(guard, top_up(kind=kind), b'{"key": "sk_live_abc"}')
    assert (caught.value.rule, caught.value.ends_run) == ("keys", True)
    refused(guard, "keys")


@given(st.binary(max_size=40))
def test_any_body_is_counted_or_refused(body: bytes) -> None:
    guard = make_guard()
    try:
        write(guard, INTENTS, b"amount=" + body)
    except RefusedError:
        assert guard.ledger.entries() == ()
    else:
        assert guard.spend().moved[0].minor > 0


@pytest.mark.parametrize(
    "body",
    [
        "amount=101&currency=rub",
        "amount=29&currency=usd",
        "amount=0&currency=rub",
        ["amount", 29],
        iter([b"amount=29&currency=rub"]),
    ],
)
def test_an_amount_over_a_cap_or_unreadable_is_refused(body: object) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError):
        write(guard, INTENTS, body)
    assert guard.ledger.entries() == ()


def test_an_amount_is_reserved_before_it_leaves() -> None:
    guard = make_guard()
    row = write(guard)
    assert row is not None
    assert (row.spending.amount, row.spending.what, row.answer) == (money(29), INTENTS, "unanswered")
    assert statuses(guard)["caps"] is Status.PASS


def test_a_retry_with_one_key_counts_once() -> None:
    guard = make_guard()
    for _ in range(3):
        write(guard, Idempotency_Key="k")
    assert guard.spend().moved == (money(29),)
    assert guard.ledger.entries()[0].idempotency_key == "k"


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": ""}])
def test_without_a_key_every_copy_counts(headers: dict[str, str]) -> None:
    guard = make_guard(per_run=87)
    for _ in range(3):
        write(guard, **headers)
    assert guard.spend().moved == (money(87),)
    refused(guard, "caps", **headers)


def test_other_keys_count_apart() -> None:
    guard = make_guard()
    write(guard, Idempotency_Key="a")
    write(guard, Idempotency_Key="b")
    assert guard.spend().moved == (money(58),)


def test_one_key_at_the_target_and_at_the_provider_is_two_movements() -> None:
    guard = make_guard()
    ask(guard, top_up("k"), BODY)
    write(guard, Idempotency_Key="k")
    assert guard.spend().moved == (money(58),)


def test_confirming_what_was_not_fetched_is_refused() -> None:
    guard = make_guard()
    ask(guard, top_up(), BODY)
    guard.ledger.link("create_top_up", "k", "pi_1")
    refused(guard, "sandbox", CONFIRM, "")
    show(guard)
    assert write(guard, CONFIRM, "") is not None
    assert guard.spend().moved == (money(29),)


def test_a_payment_that_the_target_raised_is_over_the_cap() -> None:
    guard = make_guard()
    ask(guard, top_up(), BODY)
    guard.ledger.link("create_top_up", "k", "pi_1")
    show(guard, amount=101)
    refused(guard, "caps", CONFIRM, "")


def test_a_payment_in_another_currency_than_reserved_is_refused() -> None:
    guard = make_guard()
    ask(guard, top_up(), BODY)
    guard.ledger.link("create_top_up", "k", "pi_1")
    show(guard, currency="jpy")
    refused(guard, "caps", CONFIRM, "")


@pytest.mark.parametrize(
    ("changes", "shown"), [({"amount": 30}, "0.30 RUB"), ({"currency": "jpy"}, "29 JPY")]
)
def test_a_payment_that_changes_while_it_is_confirmed_ends_the_run(
    changes: dict[str, Any], shown: str
) -> None:
    guard = make_guard()
    show(guard)
    row = write(guard, CONFIRM, "")
    with pytest.raises(RefusedError) as caught:
        show(guard, CONFIRM, row, **changes)
    assert (caught.value.rule, caught.value.ends_run) == ("caps", True)
    assert caught.value.reason.endswith(f"{shown} was confirmed, 0.29 RUB was reserved")
    refused(guard, "caps", "/v1/customers", "")


def test_a_payment_that_is_made_larger_than_asked_for_ends_the_run() -> None:
    guard = make_guard()
    row = write(guard, Idempotency_Key="k")
    with pytest.raises(RefusedError) as caught:
        show(guard, INTENTS, row, amount=30)
    assert caught.value.ends_run


@pytest.mark.parametrize("changes", [{}, {"amount": 5}, {"livemode": None}, {"id": 7}, {"id": "pi_2"}])
def test_an_answer_that_shows_no_more_than_was_reserved_passes(changes: dict[str, Any]) -> None:
    guard = make_guard()
    show(guard)
    row = write(guard, CONFIRM, "")
    body = {"id": "pi_1", "object": "payment_intent", "amount": 29, "currency": "rub", "livemode": False}
    body |= {"status": "succeeded"} | changes
    guard.after_answer(PROVIDER + CONFIRM, row, 200, json.dumps(body).encode())
    assert guard.ledger.entries()[0].answer == "HTTP 200, succeeded"


@pytest.mark.parametrize(("status", "said"), [(402, "HTTP 402"), (500, "HTTP 500"), (200, "HTTP 200")])
def test_what_came_back_is_recorded(status: int, said: str) -> None:
    guard = make_guard()
    row = write(guard)
    guard.after_answer(PROVIDER + INTENTS, row, status, b"<html>")
    assert guard.ledger.entries()[0].answer == said


def test_what_the_provider_made_is_linked_to_its_key() -> None:
    guard = make_guard()
    row = write(guard, Idempotency_Key="k")
    show(guard, INTENTS, row)
    assert guard.ledger.holds("pi_1")
    write(guard, CONFIRM, "")
    assert guard.spend().moved == (money(29),)


def test_a_provider_that_ignores_the_key_is_counted_again_and_told() -> None:
    guard = make_guard()
    for payment in ("pi_1", "pi_2"):
        row = write(guard, Idempotency_Key="k")
        show(guard, INTENTS, row, id=payment)
    assert guard.spend().moved == (money(58),)
    assert (
        "warning: /v1/payment_intents: the provider ignored the idempotency key"
        in check_of(guard, "caps").detail
    )


def test_a_provider_that_ignores_the_key_over_the_cap_ends_the_run() -> None:
    guard = make_guard(per_run=50)
    show(guard, INTENTS, write(guard, Idempotency_Key="k"))
    row = write(guard, Idempotency_Key="k")
    with pytest.raises(RefusedError, match="over the cap") as caught:
        show(guard, INTENTS, row, id="pi_2")
    assert caught.value.ends_run


def test_a_write_that_moves_nothing_needs_no_amount() -> None:
    guard = make_guard()
    assert write(guard, "/v1/customers", "email=a%40b.test") is None
    assert guard.spend().moved == ()
    assert statuses(guard)["endpoints"] is Status.PASS
    assert statuses(guard)["caps"] is Status.SKIP

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_copies_of_an_event_credit_once_one_after_the_other(bench: Any) -> None:
    account = bench.account()
    body = account.paid_event(500)
    for _ in range(3):
        bench.deliver(body)
        assert bench.settled(body)["state"] == "processed"
    assert bench.settled(body)["deliveries"] == 3
    assert (account.balance, account.ledger_total) == (500, 500)


def test_copies_of_an_event_credit_once_at_the_same_time(bench: Any, eventually: Callable[..., Any]) -> None:
    account = bench.account()
    body = account.paid_event(500)
    answers = bench.together(*[lambda: bench.deliver(body)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    eventually(lambda: bench.settled(body)["attempts"] == 8)
    assert account.balance == 500


def test_two_events_and_the_manual_check_about_one_payment_credit_once(bench: Any) -> None:
    account = bench.account()
    top_up = account.top_up(500).json()
    bench.pay(top_up["payment_intent"])
    account.call("POST", f"/topups/{top_up['id']}/check")
    for body in (bench.event(top_up["payment_intent"]), bench.event(top_up["payment_intent"])):
        bench.deliver(body)
        assert bench.settled(body)["state"] == "processed"
    assert account.balance == 500


def test_a_failed_attempt_is_tried_again(bench: Any) -> None:
    account = bench.account()
    account.disrupt("event_processing", 2)
    body = account.paid_event(500)
    bench.deliver(body)
    shown = bench.settled(body)
    assert (shown["state"], shown["attempts"]) == ("processed", 3)
    assert account.balance == 500
    assert bench.call("GET", "/ops/inbox").json()["failed_attempts"] == 2


def test_after_five_attempts_an_event_is_a_dead_letter_that_can_be_revived(
    bench: Any, eventually: Callable[..., Any]
) -> None:
    account = bench.account()
    account.disrupt("event_processing", 5)
    body = account.paid_event(500)
    event = json.loads(body)["id"]
    bench.deliver(body)

    def dead() -> bool:
        bench.advance(4)
        return bool(bench.call("GET", f"/ops/inbox/{event}").json()["state"] == "dead")

    eventually(dead)
    assert bench.call("GET", f"/ops/inbox/{event}").json()["attempts"] == 5
    assert bench.call("GET", "/ops/inbox").json()["dead"] == 1
    assert account.balance == 0
    assert bench.call("POST", f"/ops/inbox/{event}/retry").status_code == 200
    assert bench.settled(body)["state"] == "processed"
    assert account.balance == 500
    assert bench.call("POST", f"/ops/inbox/{event}/retry").json()["code"] == "not_dead"


def test_a_dead_event_that_comes_again_is_processed(bench: Any) -> None:
    account = bench.account()
    top_up = account.top_up(500).json()
    bench.pay(top_up["payment_intent"])
    wrong = json.loads(bench.event(top_up["payment_intent"], currency="eur"))
    right = {**wrong, "data": {"object": wrong["data"]["object"] | {"currency": "rub"}}}
    first, second = json.dumps(wrong).encode(), json.dumps(right).encode()
    bench.deliver(first)
    assert bench.settled(first)["state"] == "dead"
    bench.deliver(second)
    assert bench.settled(second)["state"] == "processed"
    assert account.balance == 500


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency": "eur"}, "payment mismatch: paid in EUR, asked for RUB"),
        ({"amount_received": 501}, "payment mismatch: received 501, asked for 500"),
        ({"amount_received": 0}, "payment mismatch: received 0, asked for 500"),
    ],
)
def test_a_payment_that_does_not_fit_is_a_dead_letter_at_once(
    bench: Any, changes: dict[str, Any], reason: str
) -> None:
    account = bench.account()
    body = bench.event(account.top_up(500).json()["payment_intent"], **changes)
    bench.deliver(body)
    shown = bench.settled(body)
    assert (shown["state"], shown["attempts"], shown["reason"]) == ("dead", 1, reason)
    assert account.balance == 0


def test_events_that_mean_nothing_here_are_ignored(bench: Any) -> None:
    account = bench.account()
    payment = account.top_up(500).json()["payment_intent"]
    bench.pay(payment)
    unknown = bench.event(payment, "invoice.finalized")
    foreign = bench.event(payment, id="pi_elsewhere", metadata={})
    live = json.dumps(json.loads(bench.event(payment)) | {"livemode": True}).encode()
    assert [bench.deliver(body).status_code for body in (unknown, foreign, live)] == [200] * 3
    shown = [bench.settled(body) for body in (unknown, foreign, live)]
    assert {one["state"] for one in shown} == {"ignored"}
    assert [one["reason"] for one in shown] == ["unhandled_type", "unknown_payment", "wrong_mode"]
    assert account.balance == 0


def test_a_failed_payment_fails_the_top_up_but_not_a_paid_one(bench: Any) -> None:
    account = bench.account()
    top_up = account.top_up(500).json()
    path = f"/topups/{top_up['id']}"
    failed = bench.event(top_up["payment_intent"], "payment_intent.payment_failed")
    bench.deliver(failed)
    bench.settled(failed)
    assert account.call("GET", path).json()["status"] == "failed"
    bench.pay(top_up["payment_intent"])
    paid, late = (
        bench.event(top_up["payment_intent"]),
        bench.event(top_up["payment_intent"], "payment_intent.payment_failed"),
    )
    for body in (paid, late):
        bench.deliver(body)
        bench.settled(body)
    assert account.call("GET", path).json()["status"] == "paid"
    assert account.balance == 500


def test_an_event_that_never_came_is_unknown(bench: Any) -> None:
    assert bench.call("GET", "/ops/inbox/evt_none").status_code == 404
    assert bench.call("POST", "/ops/inbox/evt_none/retry").status_code == 404

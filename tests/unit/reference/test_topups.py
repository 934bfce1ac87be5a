from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_a_top_up_asks_the_provider_for_the_payment(bench: Any) -> None:
    account = bench.account()
    answer = account.top_up(2900)
    top_up = answer.json()
    payment = bench.provider("GET", f"/v1/payment_intents/{top_up['payment_intent']}").json()
    assert (answer.status_code, top_up["status"], top_up["amount"]) == (201, "pending", 2900)
    assert (payment["amount"], payment["currency"], payment["customer"]) == (2900, "rub", account.customer)
    assert payment["metadata"] == {"account": account.id, "top_up": top_up["id"], "run_id": "run-1"}
    assert payment["client_secret"] == top_up["client_secret"]
    assert account.balance == 0


def test_the_manual_check_credits_what_was_paid_once(bench: Any) -> None:
    account = bench.account()
    top_up = account.top_up(500).json()
    path = f"/topups/{top_up['id']}"
    assert account.call("POST", f"{path}/check").json()["status"] == "pending"
    bench.pay(top_up["payment_intent"])
    assert account.call("POST", f"{path}/check").json()["status"] == "paid"
    account.call("POST", f"{path}/check")
    assert account.call("GET", path).json()["status"] == "paid"
    assert (account.balance, account.ledger_total) == (500, 500)


def test_a_partial_capture_credits_what_was_captured(bench: Any) -> None:
    account = bench.account()
    top_up = account.top_up(500).json()
    payment = top_up["payment_intent"]
    bench.pay(payment, capture_method="manual")
    bench.provider("POST", f"/v1/payment_intents/{payment}/capture", {"amount_to_capture": "300"})
    account.call("POST", f"/topups/{top_up['id']}/check")
    assert account.balance == 300


def test_a_saved_card_is_charged_and_credited_at_once(bench: Any) -> None:
    account = bench.account()
    answer = account.charge(700)
    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert (account.balance, account.ledger_total) == (700, 700)


def test_a_declined_card_is_402_and_its_answer_is_kept(bench: Any) -> None:
    account = bench.account()
    answer = account.charge(700, "pm_card_chargeDeclinedInsufficientFunds", key="k")
    again = account.charge(700, "pm_card_chargeDeclinedInsufficientFunds", key="k")
    assert (answer.status_code, answer.json()["code"]) == (402, "card_declined")
    assert answer.json()["decline_code"] == "insufficient_funds"
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (402, "true")
    assert (account.balance, len(account.payments())) == (0, 1)


def test_failing_balance_writes_are_tried_again_without_charging_again(bench: Any) -> None:
    account = bench.account()
    account.disrupt("balance_write", 3)
    assert account.charge(700).json()["status"] == "paid"
    assert (account.balance, account.ledger_total, len(account.payments())) == (700, 700, 1)


def test_when_no_balance_write_succeeds_the_webhook_credits(
    launch: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    bench = launch(schedule="prompt")
    account = bench.account()
    account.disrupt("balance_write", 5)
    assert account.charge(700).json()["status"] == "pending"
    eventually(lambda: account.balance == 700)


@pytest.mark.parametrize(
    "amount", [0, -5, 2.5, 100_000_000, 10**30, True, "100", None, float("nan"), float("inf")]
)
def test_an_amount_that_is_no_sound_integer_is_refused(bench: Any, amount: Any) -> None:
    account = bench.account()
    url = f"{bench.service.backend_url}/accounts/{account.id}/topups"
    data = json.dumps({"amount": amount})  # requests' own json= refuses to send NaN and Infinity
    answer = bench.session.post(url, data=data, headers={**account.headers, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_amount")
    assert account.payments() == []


def test_other_fields_are_checked_too(bench: Any) -> None:
    account = bench.account()
    missing_key = account.call("POST", "/topups", {"amount": 5})
    assert (missing_key.status_code, missing_key.json()["code"]) == (400, "idempotency_key_missing")
    assert account.top_up(5, currency="EUR").json()["code"] == "currency_mismatch"
    assert account.top_up(5, currency="rub").status_code == 201
    assert account.top_up(5, confirm=True).json()["code"] == "invalid_payment_method"


def test_a_top_up_of_another_account_is_not_found(bench: Any) -> None:
    mine, other = bench.account(), bench.account()
    top_up = mine.top_up(5).json()["id"]
    assert other.call("GET", f"/topups/{top_up}").status_code == 404
    assert mine.call("GET", "/topups/top_none").status_code == 404


def test_an_exact_retry_replays_and_other_fields_conflict(bench: Any) -> None:
    account = bench.account()
    first = account.top_up(500, key="k", request_id="one")
    retry = account.top_up(500, key="k", request_id="two")
    other = account.top_up(600, key="k")
    assert "Idempotent-Replayed" not in first.headers
    assert (retry.status_code, retry.headers["Idempotent-Replayed"]) == (201, "true")
    assert retry.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len(account.payments()) == 1


def test_keys_of_two_accounts_do_not_meet(bench: Any) -> None:
    one, two = bench.account(), bench.account()
    assert one.top_up(500, key="k").json()["id"] != two.top_up(500, key="k").json()["id"]


def test_simultaneous_retries_make_one_payment(bench: Any) -> None:
    account = bench.account()
    answers = bench.together(*[lambda: account.top_up(500, key="k")] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(account.payments()) == 1

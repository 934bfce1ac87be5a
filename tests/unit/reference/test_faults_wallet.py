"""Each top-up and wallet fault against the healthy service: the same steps, another outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Launch = Callable[..., Any]


def outcomes(launch: Launch, fault: str, steps: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What `steps` lead to in the healthy and in the faulty service."""
    return steps(launch()), steps(launch(fault))


def test_f22_a_retry_of_a_running_request_pays_again_and_a_later_one_does_not(launch: Launch) -> None:
    def retry_early_and_late(bench: Any) -> tuple[int, int]:
        account = bench.account()
        bench.together(*[lambda: account.top_up(100, key="k")] * 2)
        early = len(account.payments())
        account.top_up(100, key="k")
        assert account.top_up(101, key="k").status_code == 409
        return early, len(account.payments())

    assert outcomes(launch, "F22", retry_early_and_late) == ((1, 1), (2, 2))


def test_f23_another_request_id_is_another_payment(launch: Launch) -> None:
    def retries(bench: Any) -> tuple[int, int]:
        account = bench.account()
        for request_id in ("one", "one"):
            account.top_up(100, key="k", request_id=request_id)
        exact = len(account.payments())
        account.top_up(100, key="k", request_id="two")
        return exact, len(account.payments())

    assert outcomes(launch, "F23", retries) == ((1, 1), (1, 2))


def test_f24_the_same_key_takes_another_amount(launch: Launch) -> None:
    def other_amount(bench: Any) -> list[int]:
        account = bench.account()
        return [account.top_up(amount, key="k").status_code for amount in (100, 200)]

    assert outcomes(launch, "F24", other_amount) == ([201, 409], [201, 201])


def test_f25_identical_requests_pay_twice(launch: Launch) -> None:
    def twice(bench: Any) -> int:
        account = bench.account()
        for _ in range(2):
            account.top_up(100, key="k", request_id="one")
        return len(account.payments())

    assert outcomes(launch, "F25", twice) == (1, 2)


def test_f26_charges_again_for_each_failed_write(launch: Launch) -> None:
    def failing_writes(bench: Any) -> tuple[int, int]:
        account = bench.account()
        account.disrupt("balance_write", 3)
        account.charge(100)
        return len(account.payments()), account.balance

    assert outcomes(launch, "F26", failing_writes) == ((1, 100), (4, 100))


def paid_top_up(bench: Any, currency: str, amount: int) -> tuple[int, int]:
    """What the provider took for a top-up, and what the wallet got by the manual check."""
    account = bench.account(currency)
    top_up = account.top_up(amount).json()
    payment = bench.pay(top_up["payment_intent"])
    account.call("POST", f"/topups/{top_up['id']}/check")
    return payment["amount_received"], account.balance


@pytest.mark.parametrize(
    ("fault", "currency", "faulty"),
    [
        ("F29", "JPY", (50_000, 500)),
        ("F29", "RUB", (500, 500)),
        ("F30", "JPY", (500, 0)),
        ("F30", "RUB", (500, 500)),
    ],
)
def test_f29_and_f30_spoil_currencies_without_decimals(
    launch: Launch, fault: str, currency: str, faulty: tuple[int, int]
) -> None:
    def paid(bench: Any) -> tuple[int, int]:
        return paid_top_up(bench, currency, 500)

    assert outcomes(launch, fault, paid) == ((500, 500), faulty)


def test_f30_reports_a_mismatch(launch: Launch) -> None:
    bench = launch("F30")
    account = bench.account("JPY")
    body = account.paid_event(500)
    bench.deliver(body)
    shown = bench.settled(body)
    assert (shown["state"], shown["reason"]) == ("dead", "payment mismatch: received 5, asked for 500")


def test_f31_credits_another_currency_at_face_value(launch: Launch) -> None:
    def in_euro(bench: Any) -> int:
        account = bench.account()
        body = bench.event(account.top_up(100).json()["payment_intent"], currency="eur", amount_received=100)
        bench.deliver(body)
        bench.settled(body)
        return int(account.balance)

    assert outcomes(launch, "F31", in_euro) == (0, 100)


def test_f32_loses_a_minor_unit_in_credits_and_debits(launch: Launch) -> None:
    def twenty_nine(bench: Any) -> tuple[int, int]:
        account = bench.account()
        account.charge(29)
        account.charge(100)
        credited = account.balance
        account.use(29)
        return credited, credited - account.balance

    assert outcomes(launch, "F32", twenty_nine) == ((129, 29), (128, 28))


def test_f33_credits_what_was_asked_for(launch: Launch) -> None:
    def partial_capture(bench: Any) -> int:
        account = bench.account()
        top_up = account.top_up(500).json()
        bench.pay(top_up["payment_intent"], capture_method="manual")
        path = f"/v1/payment_intents/{top_up['payment_intent']}/capture"
        bench.provider("POST", path, {"amount_to_capture": "300"})
        account.call("POST", f"/topups/{top_up['id']}/check")
        return int(account.balance)

    assert outcomes(launch, "F33", partial_capture) == (300, 500)


def test_f34_leaves_no_ledger_entry_for_a_credit(launch: Launch) -> None:
    def credit_and_debit(bench: Any) -> tuple[int, int]:
        account = bench.account()
        account.charge(100)
        account.use(30)
        return account.balance, account.ledger_total

    assert outcomes(launch, "F34", credit_and_debit) == ((70, 70), (70, -30))


def test_f35_takes_the_money_and_credits_nothing(launch: Launch) -> None:
    def every_path(bench: Any) -> tuple[str, int]:
        account = bench.account()
        top_up = account.top_up(100).json()
        bench.pay(top_up["payment_intent"])
        body = bench.event(top_up["payment_intent"])
        bench.deliver(body)
        state = bench.settled(body)["state"]
        account.call("POST", f"/topups/{top_up['id']}/check")
        account.charge(50)
        return state, account.balance

    assert outcomes(launch, "F35", every_path) == (("processed", 150), ("processed", 0))


@pytest.mark.parametrize("amount", [-5, 0, 2.5, 10**30, float("nan"), float("-inf"), "5", None])
def test_f39_accepts_any_amount(launch: Launch, amount: Any) -> None:
    def ask(bench: Any) -> int:
        account = bench.account()
        url = f"{bench.service.backend_url}/accounts/{account.id}/topups"
        headers = {**account.headers, "Idempotency-Key": "k"}
        answer = bench.session.post(url, data=json.dumps({"amount": amount}), headers=headers)
        return int(answer.status_code)

    assert outcomes(launch, "F39", ask) == (422, 201)


def test_f51_a_debit_that_races_a_top_up_is_lost(launch: Launch) -> None:
    def loses_an_update(bench: Any) -> bool:
        account = bench.account()
        account.fund(100)
        for _ in range(5):  # one race is enough; on a busy machine not each try is one
            bench.together(lambda: account.use(1), lambda: account.charge(10))
        return bool(account.balance != account.ledger_total)

    assert outcomes(launch, "F51", loses_an_update) == (False, True)

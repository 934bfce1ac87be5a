"""The named schedules by which the provider delivers its events."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from billing_canary.reference.provider.schedules import SCHEDULES

PAID = "payment_intent.succeeded"


def deliveries(bench: Any, event_type: str = PAID) -> list[dict[str, Any]]:
    log = bench.provider("GET", "/_mock/deliveries").json()["deliveries"]
    return [sent for sent in log if sent["type"] == event_type]


def paid(bench: Any) -> Any:
    account = bench.account()
    bench.pay(account.top_up(500).json()["payment_intent"])
    return account


@pytest.mark.parametrize(
    ("schedule", "statuses"),
    [
        ("prompt", [200]),
        ("duplicated", [200] * 3),
        ("parallel", [200] * 8),
        ("stale-then-fresh", [400, 200]),
        ("wrong-secret-then-right", [400, 200]),
        ("rotated-secret", [200]),
        ("reversed", [200]),
    ],
)
def test_a_schedule_credits_once(
    launch: Callable[..., Any], eventually: Callable[..., Any], schedule: str, statuses: list[int]
) -> None:
    bench = launch(schedule=schedule)
    account = paid(bench)
    eventually(lambda: len(deliveries(bench)) == len(statuses))
    eventually(lambda: account.balance == 500)
    assert [sent["status"] for sent in deliveries(bench)] == statuses


def test_prompt_leaves_a_head_start(launch: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    bench = launch(schedule="prompt")
    started = time.monotonic()
    account = paid(bench)
    eventually(lambda: account.balance == 500)
    assert time.monotonic() - started >= 0.06


def test_delayed_waits_in_service_time(
    launch: Callable[..., Any], eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCHEDULES, "delayed", replace(SCHEDULES["delayed"], delay_s=3600))
    bench = launch(schedule="delayed")
    account = paid(bench)
    bench.advance(3000)
    assert deliveries(bench) == []
    bench.advance(601)
    eventually(lambda: account.balance == 500)


def test_reversed_sends_the_newest_first(launch: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    bench = launch(schedule="silent")
    account = bench.account()
    set_schedule(bench, "reversed")
    intent = account.top_up(5).json()["payment_intent"]
    bench.pay(intent, payment_method="pm_card_chargeDeclined")
    bench.pay(intent)
    eventually(lambda: len(everything(bench)) == 2)
    assert [sent["type"] for sent in everything(bench)] == [PAID, "payment_intent.payment_failed"]


def everything(bench: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = bench.provider("GET", "/_mock/deliveries").json()["deliveries"]
    return sent


def set_schedule(bench: Any, name: str) -> Any:
    url = f"{bench.service.provider_url}/_mock/schedule"
    headers = {"Authorization": "Bearer sk_test_reference"}
    return bench.session.post(url, json={"name": name}, headers=headers)


def test_only_the_types_that_the_endpoint_asked_for_are_sent(
    launch: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    bench = launch(schedule="prompt")
    account = paid(bench)
    eventually(lambda: account.balance == 500)
    known = {event["type"] for event in bench.provider("GET", "/v1/events").json()["data"]}
    assert {"customer.created", "payment_intent.created", "charge.succeeded", PAID} <= known
    assert {sent["type"] for sent in everything(bench)} == {PAID}


def test_silent_sends_nothing(bench: Any) -> None:
    account = paid(bench)
    bench.advance(3600)
    assert everything(bench) == []
    assert account.balance == 0


def test_schedules_are_listed_and_set_by_name(bench: Any) -> None:
    assert set_schedule(bench, "duplicated").json() == {"current": "duplicated"}
    listed = bench.provider("GET", "/_mock/schedule").json()
    assert listed["current"] == "duplicated"
    assert {"prompt", "reversed", "silent"} <= {schedule["name"] for schedule in listed["schedules"]}
    assert set_schedule(bench, "weekly").status_code == 400


def test_a_refused_delivery_is_sent_again_later(
    launch: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    bench = launch("F06", schedule="prompt")  # answers 500 to payments that it does not know
    stranger = {"amount": 5, "currency": "rub", "payment_method": "pm_card_visa", "confirm": "true"}
    assert bench.provider("POST", "/v1/payment_intents", stranger).status_code == 200

    def attempts() -> list[int]:
        bench.advance(60)
        return [sent["attempt"] for sent in deliveries(bench)]

    eventually(lambda: attempts() == [1, 2, 3, 4, 5, 6])
    assert {sent["status"] for sent in deliveries(bench)} == {500}

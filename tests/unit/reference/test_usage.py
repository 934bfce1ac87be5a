from __future__ import annotations

from typing import Any

import pytest


def test_usage_is_charged_one_minor_unit_a_unit(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    answer = account.use(29)
    assert (answer.status_code, answer.json()) == (200, {"charged": 29, "balance": 71, "units": 29})
    assert (account.balance, account.ledger_total) == (71, 71)


def test_more_than_is_available_is_blocked_and_costs_nothing(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    answer = account.use(101)
    assert (answer.status_code, answer.json()["code"]) == (402, "wallet_exhausted")
    assert account.wallet() == {"currency": "RUB", "balance": 100, "held": 0, "available": 100}
    assert account.use(100).status_code == 200


def test_the_quota_blocks_apart_from_the_wallet(bench: Any) -> None:
    account = bench.account(quota_units=50)
    account.fund(100)
    assert account.use(40).status_code == 200
    answer = account.use(11)
    assert (answer.status_code, answer.json()["code"]) == (402, "quota_exhausted")
    assert account.use(10).status_code == 200


def test_the_same_usage_id_is_charged_once(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    first, again = account.use(30, "u"), account.use(30, "u")
    assert again.json() == first.json()
    assert account.balance == 70
    assert account.use(31, "u").json()["code"] == "usage_id_reused"


def test_failed_work_is_free_and_can_be_repeated(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    failed = account.use(30, "u", upstream="fail")
    assert (failed.status_code, failed.json()["code"]) == (502, "upstream_failed")
    assert account.wallet()["available"] == 100
    assert account.use(30, "u").status_code == 200
    assert account.balance == 70


def test_parallel_usage_never_overspends(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    answers = bench.together(*[lambda: account.use(30)] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [402] * 5
    assert account.wallet() == {"currency": "RUB", "balance": 10, "held": 0, "available": 10}


def test_an_unknown_billing_state_is_503_and_passes(bench: Any) -> None:
    account = bench.account()
    account.fund(100)
    account.disrupt("billing_state", 2)
    assert account.use(1).status_code == 503
    answer = account.call("GET", "/entitlements")
    assert (answer.status_code, answer.json()["code"]) == (503, "billing_state_unknown")
    assert account.use(1).status_code == 200


def test_entitlements_say_why(bench: Any) -> None:
    account = bench.account(quota_units=5)
    empty = account.call("GET", "/entitlements").json()
    account.fund(10)
    funded = account.call("GET", "/entitlements").json()
    account.use(5)
    used = account.call("GET", "/entitlements").json()
    assert empty == {"enforced": True, "allowed": False, "reason": "wallet_exhausted"}
    assert funded == {"enforced": True, "allowed": True, "reason": "ok"}
    assert used == {"enforced": True, "allowed": False, "reason": "quota_exhausted"}


def test_the_kill_switch_stops_blocks_and_leaves_credits_on(bench: Any) -> None:
    account = bench.account(quota_units=1)
    account.fund(30)
    assert bench.call("POST", "/ops/enforcement", {"enabled": False}).json() == {"enabled": False}
    answer = account.use(50)
    assert answer.json() == {"charged": 30, "balance": 0, "units": 50, "waived": 20}
    assert account.call("GET", "/entitlements").json()["reason"] == "enforcement_off"
    body = account.paid_event(40)
    bench.deliver(body)
    assert bench.settled(body)["state"] == "processed"
    assert (account.balance, account.ledger_total) == (40, 40)
    bench.call("POST", "/ops/enforcement", {"enabled": True})
    assert account.use(1).status_code == 402


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 0},
        {"units": -1},
        {"units": 1.5},
        {"units": True},
        {"units": "1"},
        {"units": 1, "id": 7},
        {"units": 1, "upstream": "maybe"},
    ],
)
def test_unsound_usage_is_refused(bench: Any, fields: dict[str, Any]) -> None:
    account = bench.account()
    account.fund(10)
    assert account.call("POST", "/usage", {"id": "u", **fields}).status_code == 422
    assert account.balance == 10

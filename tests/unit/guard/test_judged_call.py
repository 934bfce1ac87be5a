"""What was judged of a call stands for one request that is exactly that call, and for no other."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Thread
from typing import Any

import pytest
from tests.fakes.policies import make_policy, money

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.judged_call import LastCall
from billing_canary.guard.spend_ledger import Spending

URL = "http://127.0.0.1:9000/v1/payment_intents"
BODY = "amount=29&currency=rub"
CALL = {"Authorization": "Bearer sk_test_abcdef", "Content-Type": "application/x-www-form-urlencoded"}
SENT = {name.lower(): value for name, value in CALL.items()}
OF_THE_LIBRARY = {"accept": "*/*", "connection": "keep-alive", "content-length": str(len(BODY))}
MOVED = Spending(what="/v1/payment_intents", amount=money(29), key="k")


def noted(headers: Mapping[str, str] = CALL) -> LastCall:
    last = LastCall()
    last.note("POST", URL, headers, BODY, MOVED)
    return last


def test_the_request_that_carries_a_call_out_is_taken_for_it_once() -> None:
    last = noted()
    assert last.take("POST", URL, SENT | OF_THE_LIBRARY, BODY) == (OF_THE_LIBRARY, MOVED)
    assert last.take("POST", URL, SENT | OF_THE_LIBRARY, BODY) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"url": f"{URL}/pi_1/confirm"},
        {"body": "amount=2900&currency=rub"},
        {"body": BODY.encode()},
        {"headers": SENT | {"content-type": "application/json"}},
        {"headers": SENT | {"authorization": b"Bearer sk_test_abcdef"}},
        {"headers": {"content-type": CALL["Content-Type"]}},
        {"headers": SENT | {"idempotency-key": "k2"}},
        {"headers": SENT | {"x-http-method-override": "DELETE"}},
        {"headers": SENT | {"stripe-account": "acct_1"}},
        {"headers": {"accept": "*/*", "connection": "keep-alive"}},
    ],
)
def test_a_request_that_differs_in_anything_of_weight_is_none_of_it(changed: dict[str, Any]) -> None:
    last = noted()
    asked: dict[str, Any] = {"method": "POST", "url": URL, "headers": SENT, "body": BODY, **changed}
    assert last.take(**asked) is None
    assert last.take("POST", URL, SENT, BODY) is None


def test_a_header_of_the_call_that_is_sent_with_another_value_is_judged_anew() -> None:
    last = noted({**CALL, "User-Agent": "sdk"})
    assert last.take("POST", URL, {**SENT, "user-agent": "other"}, BODY) is None


def test_a_call_with_one_header_in_two_spellings_stands_for_nothing() -> None:
    last = noted({**CALL, "Idempotency-Key": "a", "idempotency-key": "b"})
    assert last.take("POST", URL, {**SENT, "idempotency-key": "b"}, BODY) is None


def test_a_call_stands_for_a_request_of_its_own_thread_alone() -> None:
    last = noted()
    found: list[object] = []
    thread = Thread(target=lambda: found.append(last.take("POST", URL, SENT, BODY)))
    thread.start()
    thread.join()
    assert found == [None]
    assert last.take("POST", URL, SENT, BODY) == ({}, MOVED)


def make_guard() -> Guard:
    return Guard(make_policy("127.0.0.1:9000"), provider_url="http://127.0.0.1:9000")


def test_a_call_is_reserved_as_it_was_judged_and_a_copy_of_its_request_moves_money_again() -> None:
    guard = make_guard()
    guard.check_call("POST", URL, CALL, BODY)
    first = guard.before_request("POST", URL, SENT | OF_THE_LIBRARY, BODY)
    second = guard.before_request("POST", URL, SENT | OF_THE_LIBRARY, BODY)
    assert first is not None
    assert second is not None
    assert (first.counted, second.counted) == (True, True)
    assert second.total == money(58)


@pytest.mark.parametrize(
    ("added", "rule"),
    [({"user-agent": "sk_" + "live_0000000000"}, "keys"), ({"content-length": "5"}, "endpoints")],
)
def test_what_the_library_adds_to_a_call_is_judged(added: dict[str, str], rule: str) -> None:
    guard = make_guard()
    guard.check_call("POST", URL, CALL, BODY)
    with pytest.raises(RefusedError) as caught:
        guard.before_request("POST", URL, SENT | added, BODY)
    assert caught.value.rule == rule
    assert not guard.ledger.entries()


def test_nothing_leaves_when_the_run_ended_after_the_call_was_judged() -> None:
    guard = make_guard()
    guard.check_call("POST", URL, CALL, BODY)
    with pytest.raises(RefusedError):
        guard.prove_sandbox(livemode=True)
    with pytest.raises(RefusedError, match="the run has ended"):
        guard.before_request("POST", URL, SENT, BODY)

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_a_genuine_event_is_stored_and_credits(bench: Any) -> None:
    account = bench.account()
    body = account.paid_event(500)
    answer = bench.deliver(body)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    shown = bench.settled(body)
    assert (shown["state"], shown["attempts"], shown["deliveries"]) == ("processed", 1, 1)
    assert (account.balance, account.ledger_total) == (500, 500)


@pytest.mark.parametrize("signature", ["", "t=1,v0=ab", "v1=ab", "t=x,v1=ab", "t=1,t=2,v1=ab", "junk"])
def test_an_unusable_signature_is_invalid(bench: Any, signature: str) -> None:
    answer = bench.deliver(b"{}", signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_invalid")


def test_a_forged_or_changed_event_is_refused_and_has_no_effect(bench: Any, sign: Callable[..., str]) -> None:
    account = bench.account()
    body, now = account.paid_event(500), int(bench.now())
    forged = bench.deliver(body, signature=sign(body, now, secret="whsec_other"))
    changed = bench.deliver(body + b" ", signature=sign(body, now))
    other_time = bench.deliver(body, signature=sign(body, now).replace(f"t={now}", f"t={now + 1}"))
    assert {answer.json()["code"] for answer in (forged, changed, other_time)} == {"signature_invalid"}
    assert bench.call("GET", "/ops/inbox").json()["processed"] == 0
    assert account.balance == 0


@pytest.mark.parametrize("age_s", [302, 86_400, -302])
def test_a_signature_far_from_the_present_is_stale(bench: Any, age_s: int) -> None:
    answer = bench.deliver(bench.account().paid_event(5), age_s=age_s)
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_stale")


@pytest.mark.parametrize("age_s", [298, -298])
def test_a_signature_within_the_tolerance_is_good(bench: Any, age_s: int) -> None:
    assert bench.deliver(bench.account().paid_event(5), age_s=age_s).status_code == 200


def test_the_tolerance_counts_in_service_time(bench: Any, sign: Callable[..., str]) -> None:
    body, before = bench.account().paid_event(5), int(bench.now())
    bench.advance(400)
    assert bench.deliver(body, signature=sign(body, before)).json()["code"] == "signature_stale"
    assert bench.deliver(body).status_code == 200


def test_one_good_signature_of_several_will_do(bench: Any, sign: Callable[..., str]) -> None:
    body, now = bench.account().paid_event(5), int(bench.now())
    old = sign(body, now, secret="whsec_old").partition("v1=")[2]
    assert bench.deliver(body, signature=sign(body, now).replace("v1=", f"v1={old},v1=")).status_code == 200


def test_odd_spacing_and_unicode_are_signed_as_sent(bench: Any) -> None:
    account = bench.account()
    event = json.loads(account.paid_event(5)) | {"note": "оплата"}
    body = json.dumps(event, ensure_ascii=False, indent=3).encode()
    assert bench.deliver(body).status_code == 200
    assert bench.settled(body)["state"] == "processed"


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b'{"id": "evt_1"}', b'{"id": 1, "type": "x", "data": {"object": {}}}']
)
def test_a_signed_body_that_is_no_event_is_refused(bench: Any, body: bytes) -> None:
    answer = bench.deliver(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_event")

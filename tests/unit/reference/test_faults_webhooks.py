"""Each webhook fault against the healthy service: the same steps, another outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Launch = Callable[..., Any]


def outcomes(launch: Launch, fault: str, steps: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What `steps` lead to in the healthy and in the faulty service."""
    return steps(launch()), steps(launch(fault))


def test_f01_credits_each_delivery_in_sequence(launch: Launch) -> None:
    def replay(bench: Any) -> int:
        account = bench.account()
        body = account.paid_event(100)
        for _ in range(3):
            bench.deliver(body)
            bench.settled(body)
        settle_copies(bench, body, 3)
        return int(account.balance)

    assert outcomes(launch, "F01", replay) == (100, 300)


def test_f02_credits_parallel_copies_but_no_sequential_ones(launch: Launch) -> None:
    def parallel(bench: Any) -> bool:
        account = bench.account()
        body = account.paid_event(100)
        bench.together(*[lambda: bench.deliver(body)] * 8)
        settle_copies(bench, body, bench.settled(body)["deliveries"])
        return bool(account.balance > 100)

    def sequential(bench: Any) -> int:
        account = bench.account()
        body = account.paid_event(100)
        for _ in range(3):
            assert bench.deliver(body).status_code == 200
        bench.settled(body)
        return int(account.balance)

    assert outcomes(launch, "F02", parallel) == (False, True)
    assert outcomes(launch, "F02", sequential) == (100, 100)


def settle_copies(bench: Any, body: bytes, copies: int) -> None:
    while bench.settled(body)["attempts"] < copies or bench.call("GET", "/ops/inbox").json()["pending"]:
        pass


def test_f03_credits_by_webhook_and_by_check(launch: Launch) -> None:
    def both_paths(bench: Any) -> int:
        account = bench.account()
        top_up = account.top_up(100).json()
        bench.pay(top_up["payment_intent"])
        body = bench.event(top_up["payment_intent"])
        for _ in range(2):
            bench.deliver(body)
            bench.settled(body)
        account.call("POST", f"/topups/{top_up['id']}/check")
        account.call("POST", f"/topups/{top_up['id']}/check")
        return int(account.balance)

    assert outcomes(launch, "F03", both_paths) == (100, 200)


def fail_first_then_resend(bench: Any) -> tuple[int, str, int]:
    """The balance and state after a failed first try and its retries, and the balance after a resend."""
    account = bench.account()
    account.disrupt("event_processing")
    body = account.paid_event(100)
    bench.deliver(body)
    state = bench.settled(body)["state"]
    before = account.balance
    bench.deliver(body)
    settle_copies(bench, body, 2)
    return before, state, account.balance


def test_f04_a_failed_first_try_is_never_credited(launch: Launch) -> None:
    healthy, faulty = outcomes(launch, "F04", fail_first_then_resend)
    assert healthy == (100, "processed", 100)
    assert faulty == (0, "processed", 0)


def test_f05_an_error_counts_as_done_until_somebody_sends_again(launch: Launch) -> None:
    healthy, faulty = outcomes(launch, "F05", fail_first_then_resend)
    assert healthy == (100, "processed", 100)
    assert faulty == (0, "processed", 100)


def test_f06_refuses_what_it_does_not_know(launch: Launch) -> None:
    def ignorable(bench: Any) -> list[int]:
        payment = bench.account().top_up(100).json()["payment_intent"]
        unknown = bench.event(payment, "invoice.finalized")
        foreign = bench.event(payment, id="pi_elsewhere")
        known = bench.event(payment)
        return [bench.deliver(body).status_code for body in (unknown, foreign, known, unknown)]

    assert outcomes(launch, "F06", ignorable) == ([200] * 4, [400, 500, 200, 400])


def deliver_with(bench: Any, **how: Any) -> tuple[int, int]:
    """Status of one delivery, and the balance after it was processed, if it was accepted."""
    account = bench.account()
    body = account.paid_event(100)
    answer = bench.deliver(body, **how)
    if answer.status_code == 200:
        bench.settled(body)
    return answer.status_code, account.balance


def test_f09_accepts_a_stale_signature(launch: Launch) -> None:
    def stale(bench: Any) -> tuple[int, int]:
        return deliver_with(bench, age_s=100_000)

    assert outcomes(launch, "F09", stale) == ((400, 0), (200, 100))


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "junk"])
def test_f10_accepts_missing_and_forged_signatures(launch: Launch, signature: str) -> None:
    def forged(bench: Any) -> tuple[int, int]:
        return deliver_with(bench, signature=signature)

    assert outcomes(launch, "F10", forged) == ((400, 0), (200, 100))


def test_f11_looks_at_the_first_signature_only(launch: Launch, sign: Callable[..., str]) -> None:
    def rotated(bench: Any) -> list[int]:
        body, now = bench.account().paid_event(100), int(bench.now())
        good = sign(body, now)
        second = good.replace("v1=", f"v1={'0' * 64},v1=")
        return [bench.deliver(body, signature=header).status_code for header in (good, second)]

    assert outcomes(launch, "F11", rotated) == ([200, 200], [200, 400])


def test_f12_rejects_odd_spacing_and_unicode(launch: Launch) -> None:
    def odd(bench: Any) -> list[int]:
        plain = bench.account().paid_event(100)
        spaced = json.dumps(json.loads(plain), separators=(" , ", " : ")).encode()
        unicode = json.dumps({**json.loads(plain), "note": "счёт"}, ensure_ascii=False).encode()
        return [bench.deliver(body).status_code for body in (plain, spaced, unicode)]

    assert outcomes(launch, "F12", odd) == ([200, 200, 200], [200, 400, 400])


def test_f13_drops_a_genuine_event_that_was_processed_late(launch: Launch) -> None:
    def late(bench: Any) -> tuple[str, int]:
        account = bench.account()
        account.disrupt("event_processing", 3)  # over a second of retries, so that the jump comes first
        body = account.paid_event(100)
        bench.deliver(body)
        bench.advance(310)
        while bench.call("GET", "/ops/inbox").json()["pending"]:
            bench.advance(5)
        return bench.settled(body)["state"], account.balance

    assert outcomes(launch, "F13", late) == (("processed", 100), ("ignored", 0))


def test_f17_credits_an_event_of_the_other_mode(launch: Launch) -> None:
    def live(bench: Any) -> tuple[str, int]:
        account = bench.account()
        body = json.dumps(json.loads(account.paid_event(100)) | {"livemode": True}).encode()
        assert bench.deliver(body).status_code == 200
        return bench.settled(body)["state"], account.balance

    assert outcomes(launch, "F17", live) == (("ignored", 0), ("processed", 100))


def test_f20_acknowledges_and_never_processes(launch: Launch) -> None:
    bench = launch("F20")
    account = bench.account()
    assert bench.deliver(account.paid_event(100)).status_code == 200
    before = bench.call("GET", "/ops/inbox").json()
    bench.advance(500)
    after = bench.call("GET", "/ops/inbox").json()
    assert (before["pending"], after["pending"], account.balance) == (1, 1, 0)
    assert after["oldest_age_s"] - before["oldest_age_s"] >= 500
    assert bench.call("GET", "/healthz").status_code == 200

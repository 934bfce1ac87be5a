"""Each fault of usage, gating and deployment against the healthy service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Launch = Callable[..., Any]


def outcomes(launch: Launch, fault: str, steps: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What `steps` lead to in the healthy and in the faulty service."""
    return steps(launch()), steps(launch(fault))


def test_f49_parallel_debits_overspend(launch: Launch) -> None:
    def overspends(bench: Any) -> bool:
        account = bench.account()
        account.fund(100)
        answers = bench.together(*[lambda: account.use(100)] * 8)
        accepted = sum(answer.status_code == 200 for answer in answers)
        assert account.balance == 100 - 100 * accepted
        return bool(account.balance < 0)

    assert outcomes(launch, "F49", overspends) == (False, True)


def test_f50_a_tiny_balance_buys_a_big_call(launch: Launch) -> None:
    def big(bench: Any) -> tuple[int, int, int]:
        account = bench.account()
        empty = account.use(1).status_code
        account.fund(1)
        return empty, account.use(1000).status_code, account.balance

    assert outcomes(launch, "F50", big) == ((402, 402, 1), (402, 200, -999))


def test_f52_a_failed_call_keeps_its_hold(launch: Launch) -> None:
    def failed(bench: Any) -> tuple[int, int, int]:
        account = bench.account()
        account.fund(100)
        status = account.use(30, upstream="fail").status_code
        wallet = account.wallet()
        return status, wallet["balance"], wallet["available"]

    assert outcomes(launch, "F52", failed) == ((502, 100, 100), (502, 100, 70))


def test_f53_a_failed_call_is_charged(launch: Launch) -> None:
    def failed(bench: Any) -> tuple[int, int]:
        account = bench.account()
        account.fund(100)
        return account.use(30, upstream="fail").status_code, account.balance

    assert outcomes(launch, "F53", failed) == ((502, 100), (502, 70))


def test_f60_a_denial_outlives_the_payment_for_five_minutes(launch: Launch) -> None:
    def pay_after_denial(bench: Any) -> list[int]:
        account = bench.account()
        statuses = [account.use(10).status_code]
        account.fund(100)
        statuses.append(account.use(10).status_code)
        bench.advance(301)
        return [*statuses, account.use(10).status_code]

    assert outcomes(launch, "F60", pay_after_denial) == ([402, 200, 200], [402, 402, 200])


def test_f62_an_unknown_state_looks_like_an_empty_wallet(launch: Launch) -> None:
    def unknown(bench: Any) -> tuple[int, str]:
        account = bench.account()
        account.fund(100)
        account.disrupt("billing_state")
        answer = account.use(1)
        return answer.status_code, answer.json()["code"]

    assert outcomes(launch, "F62", unknown) == ((503, "billing_state_unknown"), (402, "wallet_exhausted"))


def test_f85_the_previous_release_has_another_build_and_no_gate(launch: Launch) -> None:
    def release(bench: Any) -> tuple[str, int]:
        account = bench.account()
        return bench.call("GET", "/version").json()["build_id"], account.use(10).status_code

    assert outcomes(launch, "F85", release) == (("build-1", 402), ("build-1-previous", 200))

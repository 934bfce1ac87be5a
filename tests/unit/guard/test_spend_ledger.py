"""Caps: whatever is tried, no more than the cap is ever reserved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.policies import make_policy, money

from billing_canary.errors import RefusedError
from billing_canary.guard.spend_ledger import CAPS_RULE, SpendLedger, sum_by_currency
from billing_canary.money import Money


@pytest.fixture(autouse=True)
def hurried_threads() -> Iterator[None]:
    """Threads take turns so often that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def ledger(per_run: int = 1000, per_call: int = 100) -> SpendLedger:
    return SpendLedger(make_policy(per_run=per_run, per_call=per_call))


def spent(found: SpendLedger, currency: str = "RUB") -> int:
    return sum(each.minor for each in found.total_of(lambda _: True) if each.currency == currency)


def refused(found: SpendLedger, amount: Money, key: str = "k") -> str:
    before = found.entries()
    with pytest.raises(RefusedError) as caught:
        found.reserve("top up", amount, key)
    assert caught.value.rule == CAPS_RULE
    assert not caught.value.ends_run
    assert found.entries() == before
    return caught.value.reason


@pytest.mark.parametrize("minor", [0, -1, -1000])
def test_only_a_positive_amount_can_be_reserved(minor: int) -> None:
    assert "no positive amount" in refused(ledger(), money(minor))


@pytest.mark.parametrize("currency", ["USD", "EUR", "KWD"])
def test_a_currency_without_a_cap_is_refused(currency: str) -> None:
    assert refused(ledger(), money(1, currency)) == f"top up: {currency} has no cap in gates/money.toml"


def test_a_cap_for_the_run_alone_is_not_enough() -> None:
    policy = make_policy()
    lame = type(policy)(
        per_run=policy.per_run, per_call={}, hosts=policy.hosts, provider_writes=policy.provider_writes
    )
    assert "no cap" in refused(SpendLedger(lame), money(1))


def test_one_call_cannot_pass_its_cap() -> None:
    found = ledger()
    assert "1.01 RUB is over the cap of 1.00 RUB for one call" in refused(found, money(101))
    found.reserve("top up", money(100), "k")
    assert spent(found) == 100


def test_the_run_cannot_pass_its_cap_by_a_single_minor_unit() -> None:
    found = ledger(per_run=250)
    found.reserve("a", money(100), "a")
    found.reserve("b", money(100), "b")
    assert "2.51 RUB in all is over the cap of 2.50 RUB" in refused(found, money(51))
    found.reserve("c", money(50), "c")
    refused(found, money(1))


def test_a_cap_of_nothing_allows_nothing() -> None:
    refused(ledger(per_run=0), money(1))


def test_currencies_are_counted_apart() -> None:
    found = ledger(per_run=100)
    found.reserve("a", money(100), "a")
    found.reserve("b", money(100, "JPY"), "b")
    assert (spent(found), spent(found, "JPY")) == (100, 100)


def test_a_retry_with_the_same_key_counts_once() -> None:
    found = ledger(per_run=100)
    for _ in range(5):
        found.reserve("top up", money(100), "k")
    assert spent(found) == 100
    assert len(found.entries()) == 1


def test_another_amount_under_the_same_key_counts_too() -> None:
    found = ledger(per_run=100)
    found.reserve("top up", money(60), "k")
    refused(found, money(50))
    found.reserve("top up", money(40), "k")
    assert spent(found) == 100


def test_the_same_amount_in_another_currency_under_the_same_key_counts_too() -> None:
    found = ledger()
    found.reserve("top up", money(60), "k")
    found.reserve("top up", money(60, "JPY"), "k")
    assert (spent(found), spent(found, "JPY")) == (60, 60)


def test_an_unanswered_request_stays_counted() -> None:
    found = ledger(per_run=100)
    found.reserve("top up", money(100), "k")
    assert [entry.answer for entry in found.entries()] == ["unanswered"]
    refused(found, money(1), "other")


def test_an_answer_is_recorded_and_gives_nothing_back() -> None:
    found = ledger(per_run=100)
    found.reserve("top up", money(100), "k")
    found.answered("k", "rejected, HTTP 400")
    found.answered("unknown", "ok")
    assert [entry.answer for entry in found.entries()] == ["rejected, HTTP 400"]
    refused(found, money(1), "other")


def test_a_linked_payment_counts_once_with_its_top_up() -> None:
    found = ledger(per_run=100)
    found.reserve("top up", money(100), "k")
    assert not found.holds("pi_1")
    found.link("k", "pi_1")
    assert found.holds("pi_1")
    found.reserve("confirm", money(100), "pi_1")
    assert spent(found) == 100


def test_a_linked_payment_of_another_amount_counts_too() -> None:
    found = ledger(per_run=100)
    found.reserve("top up", money(60), "k")
    found.link("k", "pi_1")
    refused(found, money(61), "pi_1")
    found.reserve("confirm", money(40), "pi_1")
    assert spent(found) == 100


def test_nothing_can_be_linked_to_a_key_that_was_not_reserved() -> None:
    found = ledger()
    found.link("nobody", "pi_1")
    assert not found.holds("pi_1")


def test_a_payment_is_linked_to_its_first_key() -> None:
    found = ledger()
    found.reserve("a", money(1), "a")
    found.reserve("b", money(2), "b")
    found.link("a", "pi_1")
    found.link("b", "pi_1")
    found.answered("pi_1", "succeeded")
    assert [(entry.idempotency_key, entry.answer) for entry in found.entries()] == [
        ("a", "succeeded"),
        ("b", "unanswered"),
    ]


def test_entries_show_running_totals_by_currency_in_order() -> None:
    found = ledger()
    for key, amount in (("a", money(5)), ("b", money(7, "JPY")), ("c", money(3))):
        found.reserve("top up", amount, key)
    assert [(entry.idempotency_key, str(entry.total)) for entry in found.entries()] == [
        ("a", "0.05 RUB"),
        ("b", "7 JPY"),
        ("c", "0.08 RUB"),
    ]


def test_what_one_probe_spent_is_told_by_its_keys() -> None:
    found = ledger()
    found.reserve("a", money(5), "run-wallet-1")
    found.reserve("b", money(7), "run-quota-1")
    found.reserve("c", money(2, "JPY"), "run-wallet-2")
    assert found.total_of(lambda key: key.startswith("run-wallet-")) == (money(2, "JPY"), money(5))
    assert found.total_of(lambda key: key == "nobody") == ()


def race(found: SpendLedger, amounts: list[list[int]]) -> int:
    """Reserve every thread's amounts at once; the sum of those that were let through."""
    barrier = Barrier(len(amounts))
    passed: list[int] = []

    def one(number: int, mine: list[int]) -> None:
        barrier.wait()
        for step, minor in enumerate(mine):
            try:
                found.reserve("race", money(minor), f"{number}-{step}")
            except RefusedError:
                continue
            passed.append(minor)

    threads = [Thread(target=one, args=(number, mine)) for number, mine in enumerate(amounts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(passed)


def test_of_sixteen_threads_that_race_for_the_last_unit_one_gets_it() -> None:
    for _ in range(20):
        found = ledger(per_run=101)
        found.reserve("first", money(100), "first")
        assert race(found, [[1] for _ in range(16)]) == 1
        assert spent(found) == 101


def test_sixteen_threads_with_one_key_count_once() -> None:
    found = ledger()
    barrier = Barrier(16)

    def one() -> None:
        barrier.wait()
        found.reserve("race", money(100), "k")

    threads = [Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spent(found) == 100


@given(st.lists(st.lists(st.integers(-5, 120), max_size=4), min_size=2, max_size=16), st.integers(0, 300))
def test_no_race_passes_the_cap_and_every_unit_is_counted(amounts: list[list[int]], cap: int) -> None:
    found = ledger(per_run=cap)
    passed = race(found, amounts)
    assert passed == spent(found) <= cap
    totals = [entry.total.minor for entry in found.entries()]
    assert totals == sorted(totals)
    assert totals[-1:] in ([], [passed])


def test_sums_are_ordered_by_currency_and_empty_for_nothing() -> None:
    assert sum_by_currency([]) == ()
    amounts = [money(1), money(5, "JPY"), money(2)]
    assert sum_by_currency(amounts) == (money(5, "JPY"), money(3))

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
from billing_canary.guard.spend_ledger import CAPS_RULE, Row, Spending, SpendLedger, sum_by_currency
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


def reserve(
    found: SpendLedger, amount: Money, key: str = "k", what: str = "top up", payment: str = ""
) -> Row:
    return found.reserve(Spending(what=what, amount=amount, key=key, payment=payment))


def confirm(found: SpendLedger, amount: Money, payment: str = "pi_1", what: str = "confirm") -> Row:
    return reserve(found, amount, payment, what, payment)


def refused(
    found: SpendLedger, amount: Money, key: str = "k", what: str = "top up", payment: str = ""
) -> str:
    before = found.entries()
    with pytest.raises(RefusedError) as caught:
        reserve(found, amount, key, what, payment)
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
    reserve(found, money(100), "k")
    assert spent(found) == 100


def test_the_run_cannot_pass_its_cap_by_a_single_minor_unit() -> None:
    found = ledger(per_run=250)
    reserve(found, money(100), "a", "a")
    reserve(found, money(100), "b", "b")
    assert "2.51 RUB in all is over the cap of 2.50 RUB" in refused(found, money(51))
    reserve(found, money(50), "c", "c")
    refused(found, money(1))


def test_a_cap_of_nothing_allows_nothing() -> None:
    refused(ledger(per_run=0), money(1))


def test_currencies_are_counted_apart() -> None:
    found = ledger(per_run=100)
    reserve(found, money(100), "a", "a")
    reserve(found, money(100, "JPY"), "b", "b")
    assert (spent(found), spent(found, "JPY")) == (100, 100)


def test_a_retry_with_the_same_key_counts_once_and_shows_each_time() -> None:
    found = ledger(per_run=100)
    rows = [reserve(found, money(100)) for _ in range(5)]
    assert spent(found) == 100
    assert [row.counted for row in rows] == [True, False, False, False, False]
    assert [entry.counted for entry in found.entries()] == [row.counted for row in rows]
    assert {entry.total for entry in found.entries()} == {money(100)}


def test_one_key_in_two_calls_is_two_movements() -> None:
    found = ledger(per_run=100)
    reserve(found, money(60), "k", "top up")
    refused(found, money(60), "k", "refund")
    reserve(found, money(40), "k", "refund")
    assert spent(found) == 100


def test_another_amount_under_the_same_key_counts_too() -> None:
    found = ledger(per_run=100)
    reserve(found, money(60), "k")
    refused(found, money(50))
    reserve(found, money(40), "k")
    assert spent(found) == 100


def test_the_same_amount_in_another_currency_under_the_same_key_counts_too() -> None:
    found = ledger()
    reserve(found, money(60), "k")
    reserve(found, money(60, "JPY"), "k")
    assert (spent(found), spent(found, "JPY")) == (60, 60)


def test_an_unanswered_request_stays_counted() -> None:
    found = ledger(per_run=100)
    reserve(found, money(100), "k")
    assert [entry.answer for entry in found.entries()] == ["unanswered"]
    refused(found, money(1), "other")


def test_an_answer_is_recorded_and_gives_nothing_back() -> None:
    found = ledger(per_run=100)
    row = reserve(found, money(100))
    found.answered(row, "rejected, HTTP 400")
    assert [entry.answer for entry in found.entries()] == ["rejected, HTTP 400"]
    refused(found, money(1), "other")


def test_each_copy_of_a_request_has_its_own_answer() -> None:
    found = ledger()
    first, second = reserve(found, money(5)), reserve(found, money(5))
    found.answered(second, "HTTP 200")
    assert (first.answer, second.answer) == ("unanswered", "HTTP 200")


def test_a_linked_payment_counts_once_with_its_top_up() -> None:
    found = ledger(per_run=100)
    reserve(found, money(100))
    assert not found.holds("pi_1")
    assert found.link("top up", "k", "pi_1")
    assert found.holds("pi_1")
    assert found.reserved_for("pi_1") == money(100)
    assert not confirm(found, money(100)).counted
    assert not confirm(found, money(30), what="capture").counted
    assert spent(found) == 100


def test_a_payment_that_grew_counts_too() -> None:
    found = ledger(per_run=100)
    reserve(found, money(60))
    found.link("top up", "k", "pi_1")
    refused(found, money(61), "pi_1", "confirm", "pi_1")
    assert not confirm(found, money(60)).counted
    assert spent(found) == 60


def test_a_payment_that_nobody_reserved_is_counted_when_it_is_confirmed_and_once() -> None:
    found = ledger(per_run=100)
    assert confirm(found, money(60)).counted
    assert not confirm(found, money(60), what="capture").counted
    assert found.reserved_for("pi_1") == money(60)
    refused(found, money(41), "pi_2", "confirm", "pi_2")


def test_a_payment_id_used_as_a_key_covers_nothing() -> None:
    found = ledger(per_run=100)
    reserve(found, money(60), "pi_1")
    refused(found, money(60), "pi_1", "confirm", "pi_1")


def test_a_payment_stays_in_the_currency_that_was_reserved_for_it() -> None:
    found = ledger()
    reserve(found, money(60))
    found.link("top up", "k", "pi_1")
    reason = refused(found, money(1, "JPY"), "pi_1", "confirm", "pi_1")
    assert reason == "confirm: 1 JPY, but 0.60 RUB was reserved for pi_1"


def test_of_several_amounts_under_a_key_the_largest_stands_for_its_payment() -> None:
    found = ledger()
    reserve(found, money(5))
    reserve(found, money(60))
    found.link("top up", "k", "pi_1")
    assert found.reserved_for("pi_1") == money(60)


def test_nothing_can_be_linked_to_a_key_that_was_not_reserved() -> None:
    found = ledger()
    assert found.link("top up", "nobody", "pi_1")
    assert not found.holds("pi_1")
    assert found.reserved_for("pi_1") is None


def test_a_key_stands_for_one_payment_only() -> None:
    found = ledger()
    reserve(found, money(5))
    assert found.link("top up", "k", "pi_1")
    assert found.link("top up", "k", "pi_1")
    assert not found.link("top up", "k", "pi_2")
    assert not found.holds("pi_2")


def test_a_payment_keeps_its_first_reservation() -> None:
    found = ledger()
    reserve(found, money(1), "a")
    reserve(found, money(2), "b")
    found.link("top up", "a", "pi_1")
    found.link("top up", "b", "pi_1")
    assert found.reserved_for("pi_1") == money(1)


def test_what_happened_twice_is_counted_twice() -> None:
    found = ledger(per_run=100)
    row = reserve(found, money(50))
    found.count_again(row, "acted twice")
    assert spent(found) == 100
    last = found.entries()[-1]
    assert (last.answer, last.counted, last.total) == ("acted twice", True, money(100))


def test_what_happened_twice_ends_the_run_when_it_is_over_the_cap() -> None:
    found = ledger(per_run=99)
    row = reserve(found, money(50))
    with pytest.raises(RefusedError, match=r"acted twice: 1\.00 RUB in all is over the cap") as caught:
        found.count_again(row, "acted twice")
    assert (caught.value.rule, caught.value.ends_run) == (CAPS_RULE, True)
    assert spent(found) == 100


def test_the_key_that_was_sent_is_shown() -> None:
    found = ledger()
    found.reserve(Spending(what="confirm", amount=money(5), key="pi_1", payment="pi_1", sent_as="sent-1"))
    found.reserve(Spending(what="top up", amount=money(5), key="k"))
    assert [entry.idempotency_key for entry in found.entries()] == ["sent-1", "k"]


def test_entries_show_running_totals_by_currency_in_order() -> None:
    found = ledger()
    for key, amount in (("a", money(5)), ("b", money(7, "JPY")), ("c", money(3))):
        reserve(found, amount, key)
    assert [(entry.idempotency_key, str(entry.total)) for entry in found.entries()] == [
        ("a", "0.05 RUB"),
        ("b", "7 JPY"),
        ("c", "0.08 RUB"),
    ]


def test_what_one_probe_spent_is_told_by_its_keys() -> None:
    found = ledger()
    reserve(found, money(5), "run-wallet-1", "a")
    reserve(found, money(7), "run-quota-1", "b")
    reserve(found, money(2, "JPY"), "run-wallet-2", "c")
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
                reserve(found, money(minor), f"{number}-{step}", "race")
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
        reserve(found, money(100), "first", "first")
        assert race(found, [[1] for _ in range(16)]) == 1
        assert spent(found) == 101


def test_sixteen_threads_with_one_key_count_once() -> None:
    found = ledger()
    barrier = Barrier(16)

    def one() -> None:
        barrier.wait()
        reserve(found, money(100), "k", "race")

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

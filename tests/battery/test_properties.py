"""For any order of calls, answers and faults: what left is within the caps and in the ledger.

The bank of the first machine honours idempotency keys, as the provider does. The second one's does not; there
the caps hold but for repetitions that no answer has told of, and not by a kopeck more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.battery.arena import rub, shipped_policy
from tests.battery.bank import DECLINED, Document
from tests.battery.exchange import Exchange

from billing_canary.errors import RefusedError
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.money import Money

CODES = ("RUB", "JPY", "KWD", "EUR")
RUN, CALL = 200, 100

keys = st.sampled_from(["", "k1", "k2", "k3"])
amounts = st.builds(Money, minor=st.sampled_from([1, 30, 50, 99, 100, 101]), currency=st.sampled_from(CODES))
indexes = st.integers(min_value=0, max_value=30)
cards = st.sampled_from(["pm_card_visa", "pm_card_visa", DECLINED])
parts = st.sampled_from([1, 20, 50, 100])
flags = st.booleans()
accounts = st.sampled_from(["a", "b"])
shown_codes = st.sampled_from([None, "usd", "jpy"])


def policy(run: int = RUN) -> MoneyPolicy:
    """The shipped writes; the same small caps in three currencies, none in the fourth."""
    return replace(
        shipped_policy(),
        hosts=frozenset({"pay.test", "shop.test"}),
        per_run={code: Money(minor=run, currency=code) for code in CODES[:3]},
        per_call={code: Money(minor=CALL, currency=code) for code in CODES[:3]},
    )


class Interleavings(RuleBasedStateMachine):
    """Calls are begun, delivered, delivered again, answered truly or not, and lost, in any order."""

    honours_keys = True

    def __init__(self) -> None:
        super().__init__()
        self.exchange = Exchange(policy(), honours_keys=self.honours_keys)
        self.foreign = [self.exchange.bank.make(rub(minor)).id for minor in (30, 100)]
        self.fresh = 0

    @rule(key=keys, amount=amounts, confirm=flags, manual=flags)
    def create(self, key: str, amount: Money, *, confirm: bool, manual: bool) -> None:
        self.exchange.create(key, amount, confirm=confirm, manual=manual)

    @rule(account=accounts, key=st.sampled_from(["k1", "k2"]), amount=amounts, at_once=flags)
    def top_up(self, account: str, key: str, amount: Money, *, at_once: bool) -> None:
        self.exchange.top_up(account, key, amount, at_once=at_once)

    @rule(index=indexes, card=cards, manual=flags)
    def confirm(self, index: int, card: str, *, manual: bool) -> None:
        self.exchange.confirm(self._payment(index), self._new_key(), card, manual=manual)

    @rule(index=indexes, part=parts)
    def capture(self, index: int, part: int) -> None:
        self.exchange.capture(self._payment(index), self._new_key(), part)

    @rule(index=indexes, key=keys, part=parts)
    def refund(self, index: int, key: str, part: int) -> None:
        self.exchange.refund(self._payment(index), key, part)

    @rule(index=indexes)
    def look(self, index: int) -> None:
        self.exchange.look(self._payment(index))

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes)
    def deliver(self, index: int) -> None:
        self.exchange.deliver(self._on_the_way(index))

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes)
    def deliver_and_answer(self, index: int) -> None:
        number = self._on_the_way(index)
        self.exchange.deliver(number)
        self.exchange.answer(number, dict)

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes)
    def fail(self, index: int) -> None:
        """The other side did it all the same."""
        self.exchange.answer(self._on_the_way(index), lambda _: {"error": {"type": "api_error"}}, status=500)

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes, minor=st.sampled_from([1, 29, 100, 5000]), code=shown_codes)
    def answer_with_another_amount(self, index: int, minor: int, code: str | None) -> None:
        def twist(document: Document) -> Document:
            return document | {"amount": minor} | ({"currency": code} if code else {})

        self.exchange.answer(self._on_the_way(index), twist)

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes, other=indexes)
    def answer_with_another_payment(self, index: int, other: int) -> None:
        """What moved at once at the provider is left out: there its word for the id is all that there is."""
        number = self._on_the_way(index)
        if not self.exchange.on_the_way[number].at_once:
            self.exchange.answer(number, lambda document: document | {"id": self._payment(other)})

    @precondition(lambda self: self.exchange.on_the_way)
    @rule(index=indexes)
    def lose(self, index: int) -> None:
        self.exchange.lose(self._on_the_way(index))

    def _payment(self, index: int) -> str:
        known = list(self.exchange.bank.intents)
        return known[index % len(known)]

    def _on_the_way(self, index: int) -> int:
        return index % len(self.exchange.on_the_way)

    def _new_key(self) -> str:
        self.fresh += 1
        return f"fresh-{self.fresh}"

    @invariant()
    def no_call_moves_more_than_its_cap(self) -> None:
        assert all(amount.minor <= CALL for _, amount in self.exchange.bank.movements)
        assert self.exchange.bank.moved("EUR") == 0

    @invariant()
    def what_left_is_within_the_caps(self) -> None:
        for code in CODES[:3]:
            moved = self.exchange.bank.moved(code)
            assert moved <= RUN
            assert moved <= self.exchange.counted(code), "moved, and not in the ledger"


class IgnoredKeys(Interleavings):
    """The same with a bank and a backend that act on every copy of a request."""

    honours_keys = False

    @invariant()
    def what_left_is_within_the_caps(self) -> None:
        """A repetition is not counted until an answer tells of it; nothing else may exceed the cap."""
        exchange = self.exchange
        for code in CODES[:3]:
            untold = exchange.repeated.get(code, 0) - exchange.told_at_last_fresh.get(code, 0)
            assert exchange.bank.moved(code) <= RUN + max(untold, 0)

    @invariant()
    def over_the_cap_the_run_has_ended(self) -> None:
        if any(self.exchange.counted(code) > RUN for code in CODES[:3]):
            with pytest.raises(RefusedError, match="the run has ended"):
                self.exchange.guard.before_request("GET", "https://pay.test/v1/balance", {}, None)


_SETTINGS = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestInterleavings: Any = Interleavings.TestCase
TestInterleavings.settings = _SETTINGS
TestIgnoredKeys: Any = IgnoredKeys.TestCase
TestIgnoredKeys.settings = _SETTINGS


def test_the_bound_is_reached_by_one_unanswered_repetition() -> None:
    exchange = Exchange(policy(run=100), honours_keys=False)
    for key in ("k1", "k1", "k2"):  # the second is the repetition, and no answer is ever read
        exchange.create(key, rub(50), confirm=True)
        exchange.deliver(0)
        exchange.lose(0)
    assert (exchange.bank.moved(), exchange.counted("RUB")) == (150, 100)


def test_a_repetition_whose_answer_is_read_takes_its_share_of_the_cap() -> None:
    exchange = Exchange(policy(run=100), honours_keys=False)
    for key in ("k1", "k1", "k2"):
        exchange.create(key, rub(50), confirm=True)
        if exchange.on_the_way:
            exchange.deliver(0)
            exchange.answer(0, dict)
    assert (exchange.bank.moved(), exchange.counted("RUB")) == (100, 100)


def test_the_answer_that_shows_too_much_ends_the_run() -> None:
    exchange = Exchange(policy(run=100), honours_keys=False)
    for key in ("k1", "k2", "k1", "k3"):
        exchange.create(key, rub(50), confirm=True)
        if exchange.on_the_way:
            exchange.deliver(0)
            exchange.answer(0, dict)
    assert exchange.bank.moved() == 150
    with pytest.raises(RefusedError, match="the run has ended"):
        exchange.guard.before_request("GET", "https://pay.test/v1/balance", {}, None)

"""Claims: what must come true is waited for, what must stay true is watched to the end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import HandClock

from billing_canary.model import Evidence
from billing_canary.probe.recorder import ClaimFailedError, Recorder
from billing_canary.redact import MASK, Redactor
from billing_canary.target.settings import Patience

PATIENCE = Patience(eventually=2.0, holds=1.0, poll=0.25)


def recorder(clock: HandClock | None = None, *secrets: str) -> Recorder:
    return Recorder(clock or HandClock(), PATIENCE, Redactor(secrets))


def only(found: Recorder) -> Evidence:
    assert len(found.rows) == 1
    return found.rows[0]


class Wallet:
    """A balance that changes at planned times."""

    def __init__(self, clock: HandClock, balance: int = 0) -> None:
        self.balance = balance
        self.looks: list[float] = []
        self._clock = clock

    def at(self, elapsed: float, balance: int) -> None:
        self._clock.at(elapsed, lambda: setattr(self, "balance", balance))

    def look(self) -> int:
        self.looks.append(self._clock.elapsed)
        return self.balance


def test_a_false_claim_is_recorded_and_the_probe_goes_on() -> None:
    found = recorder()
    assert not found.expect("It is one", 2, equals=1, reveals="F01 F02", source="wallet")
    assert only(found) == Evidence(
        claim="It is one", expected="1", observed="2", held=False, source="wallet", reveals=("F01", "F02")
    )


def test_a_true_claim_is_recorded_with_what_was_seen() -> None:
    found = recorder()
    assert found.expect("It is so", observed=True)
    assert only(found) == Evidence(
        claim="It is so", expected="True", observed="True", held=True, source="backend"
    )


@pytest.mark.parametrize("held", [True, False])
def test_where_equality_is_no_test_the_probe_says_whether_it_held(*, held: bool) -> None:
    found = recorder()
    assert found.expect("x", 1, equals="more than nothing", held=held) is held
    assert only(found).held is held


def test_a_required_claim_ends_the_probe_after_it_was_recorded() -> None:
    found = recorder()
    found.require("first", 1, equals=1)
    with pytest.raises(ClaimFailedError, match="second"):
        found.require("second", 2, equals=1)
    assert [row.held for row in found.rows] == [True, False]


def test_secrets_are_masked_before_they_are_stored() -> None:
    found = recorder(None, "hunter22")
    found.expect("claim hunter22", "observed hunter22", equals="expected hunter22")
    row = only(found)
    assert (row.claim, row.expected, row.observed) == (
        f"claim {MASK}",
        f"expected {MASK}",
        f"observed {MASK}",
    )


def test_rows_cannot_be_changed_from_outside() -> None:
    found = recorder()
    assert found.rows == ()
    found.expect("x", observed=True)
    before = found.rows
    found.expect("y", observed=True)
    assert len(before) == 1


def test_threads_record_side_by_side() -> None:
    found = recorder()

    def many() -> None:
        for number in range(200):
            found.expect("x", number, equals=number)

    threads = [Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found.rows) == 1600


def test_what_is_true_at_once_is_not_waited_for() -> None:
    clock = HandClock()
    found = recorder(clock)
    found.eventually("x", lambda: 1, equals=1)
    assert clock.sleeps == []
    assert only(found).held


def test_what_comes_true_late_is_seen_soon_after() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock), recorder(clock)
    wallet.at(1.5, 29)
    found.eventually("credited", wallet.look, equals=29, reveals="F35", source="wallet")
    assert only(found) == Evidence(
        claim="credited", expected="29", observed="29", held=True, source="wallet", reveals=("F35",)
    )
    assert 1.5 <= clock.elapsed <= 1.75


def test_what_never_comes_true_fails_when_patience_ends() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock), recorder(clock)
    with pytest.raises(ClaimFailedError):
        found.eventually("credited", wallet.look, equals=29)
    assert only(found).observed == "0 after 2 s"
    assert 2.0 <= wallet.looks[-1] <= 2.25


def test_what_comes_true_after_patience_ended_is_too_late() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock), recorder(clock)
    wallet.at(2.3, 29)
    with pytest.raises(ClaimFailedError):
        found.eventually("credited", wallet.look, equals=29)


def test_a_claim_may_have_its_own_limit() -> None:
    clock = HandClock()
    with pytest.raises(ClaimFailedError):
        recorder(clock).eventually("x", lambda: 0, equals=1, within=0.0)
    assert clock.sleeps == []


def test_a_claim_may_be_reached_otherwise_than_by_equality() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock), recorder(clock)
    wallet.at(0.5, 58)
    found.eventually("credited", wallet.look, equals="more than nothing", reached=lambda seen: seen > 0)
    row = only(found)
    assert (row.expected, row.observed, row.held) == ("more than nothing", "58", True)


def test_looks_grow_apart_up_to_the_target_s_poll() -> None:
    clock = HandClock()
    with pytest.raises(ClaimFailedError):
        recorder(clock).eventually("x", lambda: 0, equals=1)
    assert clock.sleeps == sorted(clock.sleeps)
    assert clock.sleeps[0] <= 0.1
    assert clock.sleeps[-1] == PATIENCE.poll


def test_what_stays_true_is_watched_to_the_very_end() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock, 29), recorder(clock)
    found.holds("stays", wallet.look, equals=29)
    assert only(found).held
    assert wallet.looks[0] == 0.0
    assert wallet.looks[-1] == pytest.approx(1.0, abs=0.002)
    assert max(after - before for before, after in zip(wallet.looks, wallet.looks[1:], strict=False)) <= 0.25


@pytest.mark.parametrize("instant", [0.1, 0.5, 0.9, 0.999])
def test_a_late_second_credit_is_caught(instant: float) -> None:
    clock = HandClock()
    wallet, found = Wallet(clock, 29), recorder(clock)
    wallet.at(instant, 58)
    with pytest.raises(ClaimFailedError):
        found.holds("credited once", wallet.look, equals=29, reveals="F01", source="wallet")
    row = only(found)
    assert (row.claim, row.expected, row.held, row.reveals) == ("credited once", "29", False, ("F01",))
    assert row.observed.startswith("58 after ")


def test_a_credit_after_the_watch_is_not_seen() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock, 29), recorder(clock)
    wallet.at(1.3, 58)
    found.holds("credited once", wallet.look, equals=29)
    assert only(found).held


def test_what_is_false_from_the_start_is_not_watched() -> None:
    clock = HandClock()
    with pytest.raises(ClaimFailedError):
        recorder(clock).holds("x", lambda: 1, equals=2)
    assert clock.sleeps == []


def test_a_watch_of_no_time_looks_once() -> None:
    clock = HandClock()
    wallet, found = Wallet(clock, 29), recorder(clock)
    found.holds("x", wallet.look, equals=29, during=0.0)
    assert wallet.looks == [0.0]
    assert only(found).held


def broken() -> int:
    raise ConnectionError("gone")


@pytest.mark.parametrize("wait", [Recorder.eventually, Recorder.holds])
def test_a_look_that_breaks_is_no_claim(wait: Callable[..., None]) -> None:
    found = recorder()
    with pytest.raises(ConnectionError):
        wait(found, "x", broken, equals=1)
    assert found.rows == ()


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_change_within_the_watch_is_always_seen_if_it_lasts(instant: float, during: float) -> None:
    clock = HandClock()
    wallet, found = Wallet(clock, 29), recorder(clock)
    wallet.at(instant, 58)
    try:
        found.holds("stays", wallet.look, equals=29, during=during)
    except ClaimFailedError:
        assert instant <= during + 0.01
    else:
        assert instant == 0 or instant >= during

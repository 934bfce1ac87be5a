from __future__ import annotations

import threading
import time

from billing_canary.reference.clock import ServiceClock


def test_advancing_moves_now_by_as_much() -> None:
    clock = ServiceClock()
    before = clock.now()
    assert clock.advance(1000) - before >= 1000
    assert clock.now() - before < 1001


def test_a_wait_ends_at_its_instant() -> None:
    clock = ServiceClock()
    timer, started = clock.timer(), time.monotonic()
    timer.wait(timer.ticket(), clock.now() + 0.02)
    assert 0.015 < time.monotonic() - started < 1


def test_a_wake_between_the_ticket_and_the_wait_is_not_lost() -> None:
    timer = ServiceClock().timer()
    ticket = timer.ticket()
    timer.wake_one()
    timer.wait(ticket, None)  # would hang


def test_advancing_ends_a_long_wait() -> None:
    clock = ServiceClock()
    timer = clock.timer()
    waiter = threading.Thread(target=timer.wait, args=(timer.ticket(), clock.now() + 3600))
    waiter.start()
    clock.advance(3601)
    waiter.join(2)
    assert not waiter.is_alive()

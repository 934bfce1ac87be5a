"""A permit belongs to one probe and to all threads that it starts."""

from __future__ import annotations

from contextvars import copy_context
from threading import Thread

from billing_canary.guard.permit import Permit, current_permit


def test_a_permit_can_be_taken_away_but_not_given_back() -> None:
    permit = Permit()
    assert not permit.revoked
    permit.revoke()
    permit.revoke()
    assert permit.revoked


def test_a_thread_in_the_probe_s_context_sees_its_permit_and_others_see_none() -> None:
    seen: list[Permit | None] = []
    permit = Permit()

    def look() -> None:
        seen.append(current_permit.get())

    def probe() -> None:
        current_permit.set(permit)
        for target in (copy_context().run, lambda each: each()):
            thread = Thread(target=target, args=(look,))
            thread.start()
            thread.join()

    copy_context().run(probe)
    assert seen == [permit, None]
    assert current_permit.get() is None

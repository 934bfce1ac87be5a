"""The safety check about clean-up: what stays is named, and nothing left unnamed passes."""

from __future__ import annotations

from billing_canary.guard.clean_up_check import accounts_check, after_sweep
from billing_canary.model import Status


def test_everything_closed_is_a_pass() -> None:
    check = accounts_check(3, 3, [], possible=True)
    assert (check.id, check.status) == ("clean-up", Status.PASS)
    assert "3 accounts were opened" in check.detail


def test_what_is_left_is_an_error_and_named() -> None:
    check = accounts_check(3, 2, ["acc_1: HTTP 500"], possible=True)
    assert check.status is Status.ERROR
    assert "acc_1: HTTP 500" in check.detail


def test_no_way_to_close_and_nothing_opened_are_no_pass() -> None:
    stays = accounts_check(2, 0, [], possible=False)
    assert (stays.status, "they stay" in stays.detail) == (Status.SKIP, True)
    assert accounts_check(0, 0, [], possible=True).status is Status.SKIP


def test_a_last_look_that_finds_nothing_changes_nothing() -> None:
    check = accounts_check(1, 1, [], possible=True)
    assert after_sweep(check, 0, []) is check


def test_a_last_look_tells_what_it_removed_and_what_it_could_not() -> None:
    check = accounts_check(1, 1, [], possible=True)
    assert after_sweep(check, 2, []).status is Status.PASS
    assert "2 more things" in after_sweep(check, 2, []).detail
    left = after_sweep(check, 1, ["payment pi_1: no answer"])
    assert (left.status, "payment pi_1: no answer" in left.detail) == (Status.ERROR, True)

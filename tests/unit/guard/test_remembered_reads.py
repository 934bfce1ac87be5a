"""Reads that were allowed once are remembered; nothing else is."""

from __future__ import annotations

import pytest
from tests.fakes.policies import make_policy

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard

URL = "http://127.0.0.1:9000/wallet"


def make_guard() -> Guard:
    return Guard(make_policy("127.0.0.1:9000"), backend_url="http://127.0.0.1:9000")


def test_a_read_that_was_allowed_is_allowed_again_and_counted_again() -> None:
    guard = make_guard()
    for _ in range(3):
        guard.before_request("GET", URL, {"accept": "*/*"}, None)
    hosts = {check.id: check.detail for check in guard.safety_checks()}["hosts"]
    assert hosts.startswith("3 checked")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"accept": "sk_" + "live_0000000000"}, None),
        ({"accept": "*/*", "x-http-method-override": "POST"}, None),
        ({"accept": "*/*"}, b"amount=1"),
    ],
)
def test_a_read_that_differs_in_anything_is_judged_anew(headers: dict[str, str], body: bytes | None) -> None:
    guard = make_guard()
    guard.before_request("GET", URL, {"accept": "*/*"}, None)
    with pytest.raises(RefusedError):
        guard.before_request("GET", URL, headers, body)


def test_a_read_that_finds_no_room_is_judged_each_time() -> None:
    guard = make_guard()
    for number in range(4097):
        guard.before_request("GET", f"{URL}/{number}", {}, None)
        assert len(guard._good_reads) == min(number + 1, 4096)
    for _ in range(2):
        guard.before_request("GET", f"{URL}/4096", {}, None)
    with pytest.raises(RefusedError):
        guard.before_request("GET", f"{URL}/4096", {"accept": "sk_" + "live_0000000000"}, None)


def test_a_remembered_read_does_not_outlive_the_run() -> None:
    guard = make_guard()
    guard.before_request("GET", URL, {}, None)
    with pytest.raises(RefusedError):
        guard.prove_sandbox(livemode=True)
    with pytest.raises(RefusedError, match="the run has ended"):
        guard.before_request("GET", URL, {}, None)

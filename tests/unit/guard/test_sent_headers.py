"""Headers may not make another request of the one that was judged."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.errors import RefusedError
from billing_canary.guard.sent_headers import check_framing, check_no_override

URL = "https://Pay.example.com:8443/v1/x"


@pytest.mark.parametrize("body", [iter([b"x"]), ["a", "1"], {"a": 1}, bytearray(b"x"), 7])
def test_a_body_that_is_not_at_hand_as_a_whole_is_refused(body: Any) -> None:
    with pytest.raises(RefusedError, match="the body is a stream") as caught:
        check_framing(URL, {}, body)
    assert caught.value.rule == "endpoints"


@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
@pytest.mark.parametrize(
    "value", ["evil.example.com", "pay.example.com", "pay.example.com:443", "", b"evil.example.com", "a, b"]
)
def test_another_host_than_the_address_s_is_refused(name: str, value: str | bytes) -> None:
    with pytest.raises(RefusedError, match="names another host") as caught:
        check_framing(URL, {name: value}, None)
    assert caught.value.rule == "hosts"


@pytest.mark.parametrize("value", ["pay.example.com:8443", "PAY.example.com:8443", b" pay.example.com:8443 "])
def test_the_address_s_own_host_may_be_named(value: str | bytes) -> None:
    check_framing(URL, {"Host": value}, None)


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("Content-Length", "3", b"amount=29"),
        ("content-length", "0", "amount=29"),
        ("Content_Length", "0", "amount=29"),
        ("Content-Length", "9, 9", b"amount=29"),
        ("Content-Length", "+9", b"amount=29"),
        ("Content-Length", b"1", None),
        ("Content-Length", "1", "\u20bd"),
        ("Transfer-Encoding", "chunked", b"amount=29"),
        ("transfer_encoding", "identity", None),
    ],
)
def test_a_length_that_is_not_the_body_s_own_is_refused(name: str, value: str | bytes, body: Any) -> None:
    with pytest.raises(RefusedError, match="does not fit the body") as caught:
        check_framing(URL, {name: value}, body)
    assert caught.value.rule == "endpoints"


@pytest.mark.parametrize(("value", "body"), [("9", b"amount=29"), (b"3", "\u20bd"), ("0", None), ("0", "")])
def test_the_body_s_own_length_passes(value: str | bytes, body: Any) -> None:
    check_framing(URL, {"Accept": "*/*", "Content-Length": value}, body)


@pytest.mark.parametrize(
    "name",
    [
        *("X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_Method_Override"),
        *("X-Original-URL", "x-rewrite-url", "X-Original-Method", "X-Original-URI"),
        *("Stripe-Account", "stripe-context", "Stripe_Account"),
    ],
)
def test_a_header_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match=f"a header makes a read into something else: {name}") as caught:
        check_no_override({"Accept": "*/*", name: "x"}, "read")
    assert caught.value.rule == "endpoints"


def test_other_headers_lead_nowhere() -> None:
    check_no_override({"Stripe-Version": "2026", "X-Request-Id": "1", "Authorization": "x"}, "write")

"""The guard's rules over what can be seen of a request: hosts, keys, live money."""

from __future__ import annotations

import base64

import pytest
from tests.fakes.policies import make_policy

from billing_canary.errors import RefusedError
from billing_canary.guard.rules import (
    HOSTS_RULE,
    KEYS_RULE,
    LIVE_RULE,
    check_answer,
    check_headers,
    check_provider_key,
    check_url,
    is_loopback,
    origin,
)

POLICY = make_policy("127.0.0.1:8001", "billing.example.com", "api.example.com:8443", "localhost", "[::1]")

REFUSED_URLS = [
    # Look-alikes of an allowed name.
    "https://billing.example.com.evil.test/",
    "https://billing.example.co/",
    "https://xbilling.example.com/",
    "https://billing-example.com/",
    "https://billing.example.com./",
    "https://example.com/",
    "https://b\u0456lling.example.com/",
    "https://billing.example.com%2eevil.test/",
    # User info in front of another host.
    "https://billing.example.com@evil.test/",
    "https://user:word@billing.example.com/",
    "https://@billing.example.com/",
    "https://billing.example.com:443@evil.test/",
    # Other ports.
    "https://api.example.com/",
    "https://api.example.com:443/",
    "https://api.example.com:84430/",
    "http://127.0.0.1:8002/",
    "http://127.0.0.1/",
    "https://127.0.0.1:8001@evil.test:8001/",
    # The loopback address in other spellings is not the one that is allowed.
    "http://2130706433:8001/",
    "http://0x7f000001:8001/",
    "http://017700000001:8001/",
    "http://127.1:8001/",
    "http://127.0.0.2:8001/",
    "http://0.0.0.0:8001/",
    "http://[::ffff:127.0.0.1]:8001/",
    "http://[::1]:8001/",
    # Names may resolve to anything, so plain http needs an address.
    "http://localhost/",
    "http://billing.example.com/",
    "http://billing.example.com:443/",
    # No HTTP at all, or no URL.
    "ftp://billing.example.com/",
    "file:///etc/passwd",
    "ws://127.0.0.1:8001/",
    "billing.example.com",
    "//billing.example.com/",
    "",
    "https://",
    "https:///path",
    "http://127.0.0.1:port/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http://[::1/",
    "http://[nonsense]:8001/",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_url(url, POLICY)
    assert caught.value.rule == HOSTS_RULE
    assert not caught.value.ends_run


def test_a_refusal_does_not_repeat_credentials_of_the_url() -> None:
    with pytest.raises(RefusedError) as caught:
        check_url("https://admin:hunter22@billing.example.com/", POLICY)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/accounts?x=1",
        "https://127.0.0.1:8001/",
        "https://billing.example.com",
        "https://BILLING.example.com/v1",
        "https://billing.example.com:443/",
        "https://billing.example.com:8443/",
        "https://api.example.com:8443/",
        "https://localhost/",
    ],
)
def test_allowed_addresses_pass(url: str) -> None:
    check_url(url, POLICY)


def test_without_a_list_no_address_passes() -> None:
    with pytest.raises(RefusedError, match=r"not in \[hosts\] allow"):
        check_url("http://127.0.0.1:8001/", make_policy())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost", False),
        ("127.1", False),
        ("2130706433", False),
        ("0.0.0.0", False),  # noqa: S104 - compared, nothing listens on it
        ("10.0.0.1", False),
        ("127.0.0.1.evil.test", False),
        ("", False),
    ],
)
def test_only_an_address_is_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:80/a", "http://127.0.0.1/b?c"),
        ("https://EXAMPLE.com/", "https://example.com:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str) -> None:
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    "other", ["https://a.test/", "http://a.test:81/", "http://b.test/", "http://a.test./"]
)
def test_another_scheme_host_or_port_is_another_origin(other: str) -> None:
    assert origin("http://a.test/") != origin(other)


@pytest.mark.parametrize("url", ["http://[", "http://a:b:c/", "http://a:99999/"])
def test_an_unreadable_address_has_no_origin(url: str) -> None:
    with pytest.raises(RefusedError):
        origin(url)


@pytest.mark.parametrize(
    "value",
    [
        "Bearer sk_live_abc",
        "sk_live_abc",
        "Bearer rk_live_abc",
        "key=sk_org_live_abc",
        "x sk_live_",
        b"Bearer sk_live_abc",
        b"\xff sk_live_abc",
    ],
)
@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-Api-Key", "Cookie"])
def test_a_live_key_in_any_header_ends_the_run_unshown(name: str, value: str | bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_headers({"Accept": "*/*", name: value})
    assert caught.value.rule == KEYS_RULE
    assert caught.value.ends_run
    assert name in caught.value.reason
    assert "abc" not in caught.value.reason


@pytest.mark.parametrize(
    "value",
    ["Bearer sk_test_abc", "rk_test_abc", "pk_live_abc", "task_live_abc", "", b"\xff\xfe", "mask_live_x"],
)
def test_other_headers_pass(value: str | bytes) -> None:
    check_headers({"Authorization": value})


@pytest.mark.parametrize(
    "key",
    ["", "abcdef", "sk_live_abcdef", "rk_live_abcdef", "sk_org_abcdef", "pk_test_abcdef", " sk_test_abcdef",
     "SK_TEST_abcdef", "x sk_test_abcdef", "whsec_abcdef", "sk_testabcdef"],
)  # fmt: skip
def test_only_a_test_key_of_the_provider_is_used(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_provider_key(key)
    assert (caught.value.rule, caught.value.ends_run) == (KEYS_RULE, True)
    assert "abcdef" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk_test_abcdef", "rk_test_abcdef"])
def test_a_test_key_passes(key: str) -> None:
    check_provider_key(key)


@pytest.mark.parametrize(
    "body",
    [
        b'{"livemode": true}',
        b'{"livemode":true,"id":"x"}',
        b'{"data":[{"object":{"livemode"\n:\t true}}]}',
        b'prefix {"livemode" : true',
        b'\xff{"livemode":true}',
        b'{"livemode":false,"charges":[{"livemode":true}]}',
    ],
)
def test_an_answer_that_speaks_of_live_money_ends_the_run(body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_answer(body)
    assert caught.value.rule == LIVE_RULE
    assert caught.value.ends_run


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"livemode": false}',
        b'{"livemode": "true"}',
        b'{"livemode": null}',
        b'{"not_livemode": true}',
        b"livemode is true",
        b'{"livemode": trueish}',
        base64.b64encode(b'{"livemode": true}'),
    ],
)
def test_other_answers_pass(body: bytes) -> None:
    check_answer(body)

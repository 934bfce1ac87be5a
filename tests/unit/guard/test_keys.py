"""Live keys: found however they are written, refused before anything leaves, and never repeated."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import RefusedError
from billing_canary.guard.keys import (
    KEYS_RULE,
    check_provider_key,
    check_sent,
    check_used_secret,
    holds_live_key,
    live_variables,
)

URL = "https://pay.example.com/v1/x"

WRITTEN = [
    "sk_live_abcdef",
    "rk_live_abcdef",
    "pk_live_abcdef",
    "sk_org_abcdef",
    "sk_org_live_abcdef",
    "SK_LIVE_abcdef",
    "Sk_Live_abcdef",
    "Bearer sk_live_abcdef",
    "sk_test_abcdef,sk_live_abcdef",
    "sk_test_abcdef sk_live_abcdef",
    " sk_live_abcdef\n",
    "sk_\nlive_abcdef",
    "sk _ live _ abcdef",
    "sk_\u200blive_abcdef",
    "sk _ live _ abcd\u00e9f",
    "\ufeffsk_live_abcdef",
    "sk\u00ad_live_abcdef",
    "sk%5Flive%5Fabcdef",
    "%73k_live_abcdef",
    "[sk_live_abcdef]",
    '{"key": "sk_live_abcdef"}',
    "https://sk_live_abcdef:@pay.example.com/",
    "task_live_abcdef",  # rather a word too many than a key too few
    base64.b64encode(b"sk_live_abcdef:").decode(),
    "Basic " + base64.b64encode(b"sk_live_abcdef:").decode(),
    "Basic " + base64.b64encode(b"sk_live_abcdef:").decode().rstrip("="),
    base64.urlsafe_b64encode(b"?>?>sk_live_abcdef?>").decode(),
    base64.urlsafe_b64encode(b">>>sk_live_abcdef").decode(),
    "thirteen13131 " + base64.b64encode(b"sk_live_abcdef:").decode(),  # no bytes have 13 letters
]
PLAIN = [
    "",
    "sk_test_abcdef",
    "rk_test_abcdef",
    "Bearer sk_test_abcdef",
    "sk-live-abcdef",
    "sklive_abcdef",
    "live_sk_abcdef",
    "user_live_abcdef",
    "Basic " + base64.b64encode(b"sk_test_abcdef:").decode(),
    "Basic " + base64.b64encode(b"\xff\xfe\xfd binary \xff\xfe").decode(),
    "A" * 13,  # no length that base64 has
    "whsec_abcdefabcdef",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_live_key_is_found_however_it_is_written(text: str) -> None:
    assert holds_live_key(text)


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_live_key_is_left_alone(text: str) -> None:
    assert not holds_live_key(text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_stands_around_a_live_key_it_is_found(before: str, after: str) -> None:
    assert holds_live_key(f"{before} sk_live_abcdef {after}")


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_live_key_that_was_quoted_again_and_again_is_found(times: int) -> None:
    text = "sk_live_abcdef"
    for _ in range(times):
        text = text.replace("%", "%25").replace("_", "%5f")
    assert holds_live_key(text)


def test_what_was_quoted_without_end_is_looked_at_all_the_same() -> None:
    text = "a%20b"
    for _ in range(50):
        text = text.replace("%", "%25")
    assert not holds_live_key(text)


@given(st.text(max_size=60))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert holds_live_key(text) in {True, False}


@pytest.mark.parametrize(
    "key",
    ["", "abcdef", "sk_live_abcdef", "rk_live_abcdef", "sk_org_abcdef", "pk_test_abcdef", " sk_test_abcdef",
     "SK_TEST_abcdef", "x sk_test_abcdef", "whsec_abcdef", "sk_testabcdef", "sk_test_abcdef ",
     "sk_test_abcdef\n", "sk_test_abcdef,sk_live_abcdef", "sk_test_x sk_live_abcdef", "sk_test_abcdef:x",
     "sk_test_\u0430bcdef", "sk_test_abcdef\x00", "sk_test_", "sk_test_abc", "sk%5Ftest_abcdef"],
)  # fmt: skip
def test_only_one_plain_test_key_of_the_provider_is_used(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_provider_key(key)
    assert (caught.value.rule, caught.value.ends_run) == (KEYS_RULE, True)
    assert "abcdef" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk_test_abcdef", "rk_test_abcdef", "sk_test_mock0123", "sk_test_51Ab_9"])
def test_a_test_key_passes(key: str) -> None:
    check_provider_key(key)


@pytest.mark.parametrize("value", WRITTEN)
def test_a_secret_that_holds_a_live_key_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_used_secret("ADMIN_KEY", value)
    assert (caught.value.rule, caught.value.ends_run) == (KEYS_RULE, True)
    assert caught.value.reason == "ADMIN_KEY holds a live key"


@pytest.mark.parametrize("value", PLAIN)
def test_another_secret_may_be_used(value: str) -> None:
    check_used_secret("ADMIN_KEY", value)


def test_variables_with_a_live_key_are_named_in_order_unless_they_are_used() -> None:
    environ = {"B": "sk_live_x", "A": "x, rk_live_x", "USED": "sk_live_x", "FINE": "sk_test_x"}
    assert live_variables(environ, {"USED"}) == ("A", "B")
    assert live_variables({"FINE": "sk_test_x"}) == ()


@pytest.mark.parametrize("value", ["Bearer sk_live_abc", "sk_live_abc", "key=sk_org_live_abc", "pk_live_abc",
                                   "x sk_live_", b"Bearer sk_live_abc", b"\xff sk_live_abc"])  # fmt: skip
@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-Api-Key", "Cookie"])
def test_a_live_key_in_any_header_ends_the_run_unshown(name: str, value: str | bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_sent(URL, {"Accept": "*/*", name: value}, None)
    assert (caught.value.rule, caught.value.ends_run) == (KEYS_RULE, True)
    assert name in caught.value.reason
    assert "abc" not in caught.value.reason


def test_basic_credentials_are_read() -> None:
    with pytest.raises(RefusedError, match="header Authorization holds a live key"):
        check_sent(URL, {"Authorization": "Basic " + base64.b64encode(b"sk_live_abc:").decode()}, None)


@pytest.mark.parametrize("key", ["sk_live_abc", "sk%5Flive%5Fabc", "%73%6b_live_abc"])
def test_a_live_key_in_the_address_ends_the_run(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_sent(f"{URL}?key={key}", {}, None)
    assert (caught.value.reason, caught.value.ends_run) == ("the address holds a live key", True)


@pytest.mark.parametrize(
    "body",
    [
        "key=sk_live_abc",
        b"key=sk_live_abc",
        "key=sk%5Flive_abc",
        b'{"key": "sk_live_abc"}',
        b'{"key": "SK_LIVE_abc"}',
        b"\xff\xfe sk_live_abc",
        quote("sk_live_abc", safe="").replace("_", "%5f"),
    ],
)
def test_a_live_key_in_the_body_ends_the_run(body: str | bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_sent(URL, {}, body)
    assert (caught.value.reason, caught.value.ends_run) == ("the body holds a live key", True)


@pytest.mark.parametrize("body", ['{"key": "sk\\u005flive_abc"}', b'{"key": "sk\\u005Flive\\u005fabc"}'])
def test_a_live_key_that_json_spells_out_is_found(body: str | bytes) -> None:
    with pytest.raises(RefusedError, match="the body holds a live key"):
        check_sent(URL, {}, body)


@pytest.mark.parametrize(
    "body", [None, "", b"", "amount=29&currency=rub", b'{"a_b": 1}', "a%20b", b"\xff_", "a\\nb", 7]
)
def test_other_requests_pass(body: object) -> None:
    check_sent(f"{URL}?a_b=%20", {"Authorization": "Bearer sk_test_abc", "X-Bytes": b"\xff\xfe"}, body)

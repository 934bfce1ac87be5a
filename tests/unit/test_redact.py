"""Redaction: no secret gets out in any usual encoding, and ordinary text stays as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.redact import MASK, Redactor

SECRET = 'pa/ss+wörd: "x"=1'
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "query": lambda s: urlencode({"q": s}),
    "path": lambda s: quote(s, safe=""),
    "path with slashes": quote,
    "plus": quote_plus,
    "lower-case escapes": lambda s: quote(s, safe="").lower(),
    "json": json.dumps,
    "json in UTF-8": lambda s: json.dumps(s, ensure_ascii=False),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "urlsafe base64": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "basic": lambda s: f"Basic {base64.b64encode(f'{s}:'.encode()).decode()}",
    "hex": lambda s: s.encode().hex(),
    "capital hex": lambda s: s.encode().hex().upper(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_known_secret_is_masked_in_every_encoding(encode: Callable[[str], str]) -> None:
    written = encode(SECRET)
    masked = Redactor([SECRET])(f"before {written} after")
    assert MASK in masked
    assert written not in masked
    assert SECRET not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_the_two_alphabets_of_base64_are_both_known() -> None:
    secret = "???>>>~~~???"
    usual, urlsafe = (
        encode(secret.encode()).decode() for encode in (base64.b64encode, base64.urlsafe_b64encode)
    )
    assert usual != urlsafe
    assert Redactor([secret])(f"{usual} {urlsafe}") == f"{MASK} {MASK}"


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_the_encodings_are_secrets_only_where_they_are_known(encode: Callable[[str], str]) -> None:
    text = encode("neither a key nor a number")
    if not text.startswith("Basic "):
        assert Redactor([SECRET])(text) == text


@pytest.mark.parametrize("secret", ["", "a", "12345", "RUB", "test"])
def test_a_short_secret_would_mask_ordinary_words_and_is_left(secret: str) -> None:
    text = "a test of 12345 RUB"
    assert Redactor([secret])(text) == text


def test_a_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    assert Redactor(["abcdef", "abcdef-ghijkl"])("<abcdef-ghijkl>") == f"<{MASK}>"


def test_characters_with_a_meaning_in_patterns_are_taken_literally() -> None:
    redact = Redactor(["a.c*e+(g"])
    assert redact("a.c*e+(g") == MASK
    assert redact("abcce(g a.c*e+g") == "abcce(g a.c*e+g"


@pytest.mark.parametrize(
    "secret",
    [
        *("sk_live_abcd1234", "sk_test_51AbCdEf", "rk_live_x1y2z3", "rk_test_0000", "pk_live_1234"),
        *("pk_test_abcd", "sk_org_live_abcd", "whsec_abcd1234", "whsec_MfKQ9r8GKYqrTwjU/+=="),
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "key={}&x", '{{"key": "{}"}}', "[{}]", "\n{}\n", "Authorization: Bearer {}"]
)
def test_provider_keys_are_masked_by_their_shape(secret: str, around: str) -> None:
    assert Redactor()(around.format(secret)) == around.format(MASK)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer eyJhbGciOi.J9.x-y_z~", f"Authorization: Bearer {MASK}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {MASK}"),
        ("two: sk_test_aaaa sk_test_bbbb", f"two: {MASK} {MASK}"),
    ],
)
def test_credentials_in_headers_are_masked(text: str, masked: str) -> None:
    assert Redactor()(text) == masked


@pytest.mark.parametrize(
    "number",
    [
        *("4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "5555555555554444"),
        *("378282246310005", "3782 822463 10005", "6011111111111117", "3056930009020004", "2223003122003222"),
        *("4222222222222", "6205500000000000004", "4000000000000002", "2200 0000 0000 0053"),
    ],
)
def test_card_numbers_are_masked(number: str) -> None:
    assert Redactor()(f"card {number}, thanks") == f"card {MASK}, thanks"
    assert Redactor()(f'{{"number":"{number}"}}') == f'{{"number":"{MASK}"}}'


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails Luhn
        "424242424242",  # too short
        "42424242424242424242",  # too long
        "4242\n4242\n4242\n4242",  # no card is written over four lines
        "20261121-104455 20261121-104456 20261121-104457 20261121-104458 20261121-104459",
        "1763721234560 1763721234561 1763721234562 1763721234563 1763721234564 1763721234565 1763721234566",
        "1763721234567 1763721234568 1763721234569",
    ],
)
def test_other_numbers_are_left(text: str) -> None:
    assert Redactor()(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "balance: expected 0.29 RUB, observed 0.58 RUB", "10.00 RUB", "-12345678901.23 RUB"),
        *("20261121T103716.123Z-4f2a", "2026-11-21T10:37:17.000Z", "run-20261121T103716.123Z-4f2a-wallet-3"),
        *("http://127.0.0.1:43817/accounts/acc_12", "pi_3Nabcdef", "evt_canary_run-1_7", "pm_card_visa"),
        *(
            "b0a1f2e3d4c5b6a7988796a5b4c3d2e1f0a1b2c3d4e5f60718293a4b5c6d7e8f",
            "sk_",
            "whsec_",
            "the task_tests ran",
        ),
        *("HTTP 402 (insufficient_funds)", "a basic test of the bearer", "оплачено ✓"),
    ],
)
def test_ordinary_text_is_left(text: str) -> None:
    assert Redactor(["sk_test_environment", "admin_environment"])(text) == text


@given(st.from_regex(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{4}", fullmatch=True))
def test_run_ids_are_never_masked(run_id: str) -> None:
    assert Redactor()(run_id) == run_id


@given(st.integers(-(10**11), 10**11))
def test_amounts_are_never_masked(minor: int) -> None:
    text = f"{minor} minor units, {minor / 100:.2f} RUB"
    assert Redactor()(text) == text


@given(st.text(min_size=6, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor([secret])(f"{before}{secret}{after}").replace(MASK, "\0")


def test_a_tree_is_masked_in_values_and_keys_and_keeps_its_shape() -> None:
    redact = Redactor(["hunter22"])
    tree = {"a": ["hunter22", 1, None, True, 2.5], "hunter22": {"deep": ("x", "is hunter22.")}, 7: "seven"}
    assert redact.tree(tree) == {
        "a": [MASK, 1, None, True, 2.5],
        MASK: {"deep": ["x", f"is {MASK}."]},
        "7": "seven",
    }


def test_what_is_no_tree_stays() -> None:
    assert Redactor().tree(None) is None
    assert Redactor().tree(29) == 29


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242 200",
        "GET 300 4242-4242-4242-4242 12",
        "x4242424242424242y",
        "4242 4242 4242 4242 4000 0566 5566 5556",
    ],
)
def test_a_card_number_beside_other_numbers_is_masked(text: str) -> None:
    masked = Redactor()(text)

    assert MASK in masked
    assert "4242" not in masked
    assert "5556" not in masked


PIECES = (
    *("4242 4242 4242 4242", "42", "6", "1", " ", "-", "\n", "é", "İ", "\ud800", "٤", "plain words\n"),
    *("Bearer abcdefgh", "Basic dXNlcjpwYXNz", "sk_test_", "abcd", "whsec_AAAA", "hunter22", "HUNTER22"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_a_text_is_masked_as_each_of_its_lines_alone(text: str) -> None:
    redact = Redactor(["hunter22"])

    assert redact(text).split("\n") == [redact(line) for line in text.split("\n")]


def test_a_letter_that_grows_when_it_is_made_small_moves_no_mask() -> None:
    assert Redactor(["hunter22"])("İİİİ\nsay HUNTER22\nend") == f"İİİİ\nsay {MASK}\nend"


def test_every_line_that_needs_it_is_masked_and_the_others_stay() -> None:
    lines = [
        "first",
        "key sk_test_abcdef",
        "",
        "card 4242424242424242",
        "plain",
        "Bearer abcdefgh hunter22",
        "",
    ]
    masked = ["first", f"key {MASK}", "", f"card {MASK}", "plain", f"Bearer {MASK} {MASK}", ""]

    assert Redactor(["hunter22"])("\n".join(lines)) == "\n".join(masked)

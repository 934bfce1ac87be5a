"""Answers that speak of live money end the run, however they write it."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import RefusedError
from billing_canary.guard.live_answers import LIVE_RULE, check_answer

LIVE = [
    b'{"livemode": true}',
    b'{"livemode":true,"id":"x"}',
    b'{"data":[{"object":{"livemode"\n:\t true}}]}',
    b'prefix {"livemode" : true',
    b'\xff{"livemode":true}',
    b'{"livemode":false,"charges":[{"livemode":true}]}',
    b'{"livemode": false, "livemode": true}',
    b'{"livemode": "true"}',
    b'{"livemode": 1}',
    b'{"livemode": "live"}',
    b'{"livemode": "yes"}',
    b'{"LiveMode": True}',
    b'{"live_mode": true}',
    b'{"live-mode": true}',
    b"{'livemode': True}",
    b"livemode=true&id=x",
    b"livemode: true",
    b'{"body": "{\\"livemode\\": true}"}',
    b'{"body": "{\\\\\\"livemode\\\\\\":true}"}',
    b'{"\\u006civemode": true}',
    b'{"live\\u006D\\u006Fde": true}',
    b'{"livemode": \\u0074rue}',
    b'{"is_livemode": true}',
    '{"livemode": true}'.encode("utf-16"),
    '{"livemode": true}'.encode("utf-16-be"),
    '{"livemode": true}'.encode("utf-32"),
]


@pytest.mark.parametrize("body", LIVE)
def test_an_answer_that_speaks_of_live_money_ends_the_run(body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        check_answer(body)
    assert (caught.value.rule, caught.value.ends_run) == (LIVE_RULE, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"livemode": false}',
        b'{"livemode": "false"}',
        b'{"livemode": 0}',
        b'{"livemode": null}',
        b"livemode is true",
        b'{"livemode": trueish}',
        b'{"livemode": 12}',
        b'{"mode": "live"}',
        b'{"alive": true, "mode": "x"}',
        b"\\u0041\\u0000",
        base64.b64encode(b'{"livemode": true}'),
    ],
)
def test_other_answers_pass(body: bytes) -> None:
    check_answer(body)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(body: bytes) -> None:
    with suppress(RefusedError):
        check_answer(body)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(around=JSON, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_live_money_anywhere_in_a_document_is_seen(
    *, around: object, ascii_only: bool, indent: int | None
) -> None:
    document = {"first": around, "list": [around, {"livemode": True, "more": around}]}
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    with pytest.raises(RefusedError):
        check_answer(text.encode("utf-8", "surrogatepass"))

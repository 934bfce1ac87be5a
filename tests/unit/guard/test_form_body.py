"""Form bodies: what two readers could take differently is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import RefusedError
from billing_canary.guard.form_body import ENDPOINTS_RULE, form_fields

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def refused(headers: dict[str, str | bytes], body: object) -> str:
    with pytest.raises(RefusedError) as caught:
        form_fields("/v1/x", headers, body)
    assert caught.value.rule == ENDPOINTS_RULE
    assert caught.value.reason.startswith("/v1/x: ")
    return caught.value.reason


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {}),
        ("", {}),
        (b"", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&b=", {"a": "1", "b": ""}),
        ("a%5B0%5D=x+y%2Bz", {"a[0]": "x y+z"}),
        ("a=1%3Bb", {"a": "1;b"}),
        ("a=%D1%8E", {"a": "\u044e"}),
    ],
)
def test_each_field_is_read_once(body: object, fields: dict[str, str]) -> None:
    assert form_fields("/v1/x", FORM, body) == fields


@pytest.mark.parametrize("body", ["a=1&a=1", "a=1&b=2&a=3", "a=1&%61=2", "a[]=1&a%5B%5D=2"])
def test_a_field_that_stands_twice_is_refused(body: str) -> None:
    assert "stands twice" in refused({}, body)


@pytest.mark.parametrize(
    "body",
    [
        b"a=\xff",
        "a=%FF",
        "a=%C3%28",
        b"\xff\xfea=1",
        "a=1;b=2",
        "metadata[x]=1;amount=100000",
        "&".join(f"f{number}=1" for number in range(201)),
    ],
)
def test_what_readers_could_take_differently_is_refused(body: object) -> None:
    assert "no readable form" in refused({}, body)


def test_as_many_fields_as_a_call_may_need_are_read() -> None:
    assert len(form_fields("/v1/x", {}, "&".join(f"f{number}=1" for number in range(200)))) == 200


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        b"application/json",
        "Application",
    ],
)
@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_another_kind_of_body_is_refused(name: str, kind: str | bytes) -> None:
    assert "not a form" in refused({name: kind}, "amount=29&currency=rub")


@pytest.mark.parametrize(
    "kind", [b"application/x-www-form-urlencoded", f"{FORM['Content-Type']}; charset=utf-8"]
)
def test_a_form_s_type_may_be_bytes_and_name_its_characters(kind: str | bytes) -> None:
    assert form_fields("/v1/x", {"Content-Type": kind}, "a=1") == {"a": "1"}


@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding"])
def test_an_encoded_body_is_refused(name: str) -> None:
    assert "cannot be read" in refused({**FORM, name: "gzip"}, b"a=1")


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        fields = form_fields("/v1/x", {}, body)
    except RefusedError:
        return
    assert all(isinstance(value, str) for value in fields.values())

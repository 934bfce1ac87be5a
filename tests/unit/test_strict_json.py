from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import EvidenceError
from billing_canary.strict_json import parse

REJECTED = {
    b'{"a": NaN}': r"\$\.a NaN is no JSON number",
    b'{"a": [1, -Infinity]}': r"\$\.a\[1\] -Infinity is no JSON number",
    b'{"a": {"b": 1e999}}': r"\$\.a\.b 1e999 is beyond every number",
    b'{"a": {"b": 1, "c": 2, "b": 3}}': r"\$\.a\.b stands there twice",
    b'{"a": 9007199254740992}': r"\$\.a is an integer that not every reader can hold",
    b'{"a": -' + b"9" * 5000 + b"}": r"\$\.a is an integer that not every reader can hold",
    b'{"a": "\\ud800"}': r"\$\.a holds half of a surrogate pair",
    b'{"\\udc00": 1}': r"\$ \(key\) holds half of a surrogate pair",
    b"\xef\xbb\xbf{}": "starts with a byte order mark",
    b'{"a": "\xff"}': "is not UTF-8 at byte 7",
    '{"a": 1}'.encode("utf-16"): "is not UTF-8",
    b"[" * 101 + b"]" * 101: "nested deeper than 100 levels",
    b"[" * 100_000: "nested deeper than 100 levels",
    b'{"a":' * 100_000: "nested deeper than 100 levels",
    b"": "is no JSON",
    b"{'a': 1}": "is no JSON",
    b'{"a": 1} {"a": 2}': "is no JSON",
    b'{"a": 01}': "is no JSON",
    b'{"a": "\x00"}': "is no JSON",
}


@pytest.mark.parametrize(("data", "complaint"), REJECTED.items(), ids=range(len(REJECTED)))
def test_what_readers_could_take_differently_is_rejected_with_its_path(data: bytes, complaint: str) -> None:
    with pytest.raises(EvidenceError, match=rf"^report\.json: .*{complaint}"):
        parse(data, "report.json")


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(EvidenceError, match=r"\$\.a NaN .*; \$\.b NaN"):
        parse(b'{"a": NaN, "b": NaN}', "report.json")


def test_the_largest_integer_and_the_deepest_nesting_are_read() -> None:
    assert parse(b"[9007199254740991, -9007199254740991, 0.29]", "x") == [2**53 - 1, 1 - 2**53, 0.29]
    assert parse(b"[" * 100 + b"]" * 100, "x")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
)


@given(plain)
def test_plain_json_is_read_as_the_standard_parser_reads_it(value: object) -> None:
    data = json.dumps(value).encode()

    assert parse(data, "x") == json.loads(data) == value


@given(st.binary(max_size=60) | st.text('{}[]":,019.eE-NaInfity \\u', max_size=40).map(str.encode))
def test_garbage_is_read_or_refused_but_never_a_traceback(data: bytes) -> None:
    try:
        parse(data, "x")
    except EvidenceError as error:
        assert str(error).startswith("x: ")  # noqa: PT017 - most garbage is refused, some of it is JSON

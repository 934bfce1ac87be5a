from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from billing_canary.artifact import log_file
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.capped_log import LOG_LIMIT, CappedLog


def capped(pieces: list[bytes], limit: int) -> tuple[bytes, int, str]:
    sink = io.BytesIO()
    log = CappedLog(sink, limit)
    for piece in pieces:
        log.write(piece)
    size = log.close()
    return sink.getvalue(), size.true_bytes, size.true_sha256


def test_a_short_log_is_kept_as_it_is() -> None:
    kept, size, _ = capped([b"12345", b"67890"], limit=10)

    assert (kept, size) == (b"1234567890", 10)


def test_a_long_log_keeps_its_head_and_tail_and_says_what_is_gone() -> None:
    kept, size, _ = capped([b"head!", b"middle " * 100, b"tail!"], limit=10)

    assert kept == b"head!\n[... 700 bytes left out ...]\ntail!"
    assert size == 710


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(2, 50).map(lambda half: half * 2))
def test_size_and_hash_are_those_of_the_whole_log(pieces: list[bytes], limit: int) -> None:
    whole = b"".join(pieces)

    kept, size, digest = capped(pieces, limit)

    assert (size, digest) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert kept.startswith(whole[: limit // 2])
    assert kept.endswith(whole[-limit // 2 :])
    if len(whole) <= limit:
        assert kept == whole


def test_an_endless_log_without_a_line_end_does_not_fill_memory() -> None:
    sink = io.BytesIO()
    log = CappedLog(sink, 1_000)
    for _ in range(1_000):
        log.write(b"x" * 10_000)

    assert sum(map(len, log._tail)) <= 10_500
    assert log.close().true_bytes == 10_000_000


def test_the_index_tells_the_true_size_of_a_shortened_log(claim: Callable[..., BundleWriter]) -> None:
    writer = claim()
    line = "x" * 99 + "\n"

    file = writer.write_text("logs/suite.log", line * 250_000, kind="log")

    declared = writer._declared["logs/suite.log"]
    assert declared.size is not None
    assert declared.size.true_bytes == 25_000_000
    assert LOG_LIMIT < file.stat().st_size < LOG_LIMIT + 100


def test_a_log_file_is_capped_while_it_is_written(claim: Callable[..., BundleWriter]) -> None:
    writer = claim()
    log = log_file.LogFile(writer.folder / "small.log", writer._redact, limit=100)
    for number in range(100):
        log.write(f"line {number}\n")

    size = log.close()

    text = (writer.folder / "small.log").read_text()
    assert size.true_bytes == 790
    assert text.startswith("line 0\n")
    assert text.endswith("line 99\n")
    assert "690 bytes left out" in text
    assert log.close() == size

"""A suite's log: capped with true size and hash, masked where it is kept, whatever the pieces are."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from billing_canary.artifact.masking import MaskedBytes
from billing_canary.artifact.output_log import OutputLog
from billing_canary.errors import EvidenceError
from billing_canary.redact import MASK, Redactor

SECRET = "hush-hush-1234567"
REDACT = Redactor([SECRET])


def logged(folder: Path, data: bytes, *, piece: int, limit: int = 20_000) -> tuple[bytes, OutputLog]:
    log = OutputLog(folder / "logs/x.log", REDACT, limit)
    for start in range(0, len(data), piece):
        log.write(data[start : start + piece])
    log.close()
    return (folder / "logs/x.log").read_bytes(), log


@pytest.mark.parametrize("piece", [1, 7, 4096, 1_000_000])
def test_a_short_log_is_kept_whole(tmp_path: Path, piece: int) -> None:
    data = b"one\r\ntwo \xff\xfe three\n" * 300 + b"no end"
    kept, log = logged(tmp_path, data, piece=piece)
    assert kept == data
    assert log.close().true_bytes == len(data)
    assert log.close().true_sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("piece", [999, 4096, 1_000_000])
def test_a_long_log_keeps_its_ends_and_tells_its_true_size(tmp_path: Path, piece: int) -> None:
    data = b"".join(b"line %d\n" % number for number in range(20_000))
    kept, log = logged(tmp_path, data, piece=piece)
    assert kept.startswith(b"line 0\nline 1\n")
    assert kept.endswith(b"line 19998\nline 19999\n")
    assert b"bytes left out ...]" in kept
    assert len(kept) <= 20_100
    assert log.close().true_bytes == len(data)
    assert log.close().true_sha256 == hashlib.sha256(data).hexdigest()


def test_one_long_line_is_capped_as_well(tmp_path: Path) -> None:
    kept, log = logged(tmp_path, b"x" * 500_000, piece=65_536)
    assert 1_000 < len(kept) <= 20_100
    assert log.close().true_bytes == 500_000


def test_lines_are_on_disk_before_the_log_is_closed(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "x.log", REDACT)
    log.write(b"first\nsec")
    assert (tmp_path / "x.log").read_bytes() == b"first\n"
    log.close()


def test_a_secret_is_masked_wherever_the_pieces_are_cut(tmp_path: Path) -> None:
    data = f"before {SECRET} after\n".encode() * 3 + SECRET.encode()
    for piece in range(1, 40):
        folder = tmp_path / str(piece)
        kept, _ = logged(folder, data, piece=piece)
        assert kept.decode() == f"before {MASK} after\n" * 3 + MASK


def test_no_half_of_a_secret_stays_where_a_log_is_cut(tmp_path: Path) -> None:
    """The cut falls on every place of the secret: with and without ends of lines around it."""
    for shift in range(0, 60, 3):
        for around in (b"\n", b" "):
            text = (b"-" * 30 + around + SECRET.encode() + around) * 2_000
            kept, _ = logged(tmp_path / f"{shift}{around!r}", b"x" * shift + text, piece=4096)
            assert b"hush" not in kept
            assert b"1234567" not in kept


def test_random_pieces_give_the_same_file(tmp_path: Path) -> None:
    moments = random.Random(7)  # noqa: S311 - sizes, no secrets
    data = b"".join(f"{number} {SECRET}\n".encode() for number in range(300))
    whole, _ = logged(tmp_path / "whole", data, piece=len(data))
    log = OutputLog(tmp_path / "pieces.log", REDACT, 20_000)
    while data:
        size = moments.randrange(1, 2_000)
        log.write(data[:size])
        data = data[size:]
    log.close()
    assert (tmp_path / "pieces.log").read_bytes() == whole


def test_a_failure_to_write_is_told_at_the_end(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "x.log", REDACT)
    os.close(log._stream.fileno())
    log.write(b"a line\n")
    with pytest.raises(EvidenceError, match=r"x\.log cannot be written"):
        log.close()


def test_a_log_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "x.log").touch()
    with pytest.raises(EvidenceError, match="cannot be written"):
        OutputLog(tmp_path / "x.log", REDACT)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_secrets_are_masked_in_every_encoding_of_a_report(encoding: str) -> None:
    masked = MaskedBytes(REDACT)
    data = f"é {SECRET}\n".encode(encoding)
    out = b"".join(masked.feed(data[at : at + 5]) for at in range(0, len(data), 5)) + masked.finish()
    assert out.decode(encoding) == f"é {MASK}\n"
